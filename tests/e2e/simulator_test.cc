// The simulator's binary as its user meets it, and the CLI over simulated Windows hosts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "tests/support/process.h"
#include "tests/support/running_simulator.h"
#include "tests/support/test_certificates.h"

namespace farstat::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Finished Farstat(const std::vector<std::string>& arguments) {
  return RunToEnd(Binary("farstat"), arguments);
}

TEST(SimulatorTest, EndsInTimeWhileEverythingHangs) {
  const TestFolder folder;
  const std::string scenario = folder.Write("hangs.textproto", R"(
      ras { connections { name: "Work" connected_for_s: 60 } }
      faults { function: "RasConnectionNotificationW" hang: true }
      faults { function: "RasEnumConnectionsW" hang: true }
      faults { function: "GetExtendedTcpTable" hang: true }
      faults { function: "FwpmEngineOpen0" hang: true })");
  RunningSimulator simulator(1, {"--scenario", scenario});
  ASSERT_EQ(simulator.addresses().size(), 1u);
  Process watch(Binary("farstat"), {"watch", "tcp", "-t", simulator.addresses()[0]});
  const Finished got = Farstat({"get", "ras", "-t", simulator.addresses()[0], "--timeout", "2s"});
  EXPECT_THAT(got.err + got.out, HasSubstr("has not answered")) << "told before its time was up";
  const absl::Time start = absl::Now();
  simulator.process().Signal(SIGTERM);
  EXPECT_EQ(simulator.process().Wait().exit_code, 0);
  const absl::Duration took = absl::Now() - start;
  EXPECT_LT(took, absl::Seconds(5));
  std::cout << "everything hangs: ended in " << took << "\n";
}

TEST(SimulatorTest, EveryFamilyIsSeenOnTheCommandLine) {
  RunningSimulator simulator(1);
  ASSERT_EQ(simulator.addresses().size(), 1u);
  const std::string address = simulator.addresses()[0];
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"ras", "WAN Miniport \\(IKEv2\\)"},
      {"tcp", "extended statistics are off on"},
      {"ipsec", "TRANSPORT +ESP_AUTH"},
      {"ike", "AUTHIP .* KERBEROS"},
      {"host", "Headquarters"}};
  for (const auto& [family, expected] : cases) {
    const Finished got = Farstat({"get", family, "-t", address});
    EXPECT_EQ(got.exit_code, 0) << got.err;
    EXPECT_THAT(got.out, ::testing::ContainsRegex(expected)) << family;
    const Finished wide = Farstat({"get", family, "-t", address, "-o", "wide"});
    EXPECT_EQ(wide.exit_code, 0) << wide.err;
    const Finished watched =
        Farstat({"watch", family, "-t", address, "--interval", "100ms", "--count", "2"});
    EXPECT_EQ(watched.exit_code, 0) << family << ": " << watched.err;
    EXPECT_THAT(watched.out, ::testing::ContainsRegex(expected)) << family;
  }
  for (const std::string family : {"ras", "tcp", "ipsec", "ike"}) {
    const Finished all = Farstat({"get", family, "-t", address, "--columns", "all"});
    EXPECT_EQ(all.exit_code, 0) << all.err;
    const Finished rows = Farstat({"get", family, "-t", address, "-o", "jsonl"});
    EXPECT_THAT(rows.out, HasSubstr("\"kind\":\"row\"")) << family;
  }
}

TEST(SimulatorTest, SaysThatItIsOne) {
  RunningSimulator simulator(1, {"--scenario", "older_windows"});
  const Finished info = Farstat({"agent", "info", "-t", simulator.addresses().at(0)});
  EXPECT_THAT(info.out, AllOf(HasSubstr("sim-0001"), HasSubstr("Windows Server 2008 (simulated)"),
                              HasSubstr("SIMULATED"), HasSubstr("RasGetProjectionInfoEx")));
}

TEST(SimulatorTest, AFleetIsAskedAsOne) {
  RunningSimulator simulator(20, {"--scenario", "flapping_vpn"});
  ASSERT_EQ(simulator.addresses().size(), 20u);
  std::vector<std::string> arguments = {"get", "ras"};
  for (const std::string& address : simulator.addresses()) {
    arguments.insert(arguments.end(), {"-t", address});
  }
  const Finished got = Farstat(arguments);
  EXPECT_EQ(got.exit_code, 0) << got.err;
  for (const std::string& address : simulator.addresses()) {
    EXPECT_THAT(got.out, HasSubstr(address));
  }
}

TEST(SimulatorTest, FamilyThatIsRefusedLeavesTheOthers) {
  RunningSimulator simulator(1, {"--scenario", "locked_down"});
  const Finished host = Farstat({"get", "host", "-t", simulator.addresses().at(0)});
  EXPECT_EQ(host.exit_code, 0) << host.err;
  EXPECT_THAT(host.out, AllOf(HasSubstr("Headquarters"), HasSubstr("ERROR_ACCESS_DENIED"),
                              HasSubstr("elevated administrator")));
}

TEST(SimulatorTest, SameSeedIsTheSameHost) {
  const auto rows = [](const std::string& seed) {
    RunningSimulator simulator(1, {"--seed", seed});
    return Farstat({"get", "tcp", "-t", simulator.addresses().at(0), "--state", "established",
                    "--columns", "local,remote"})
        .out;
  };
  const auto connections = [&](const std::string& seed) {
    std::vector<std::string> lines = absl::StrSplit(rows(seed), '\n');
    return std::string(lines.size() > 4 ? lines[4] : "");
  };
  EXPECT_EQ(connections("7"), connections("7"));
  EXPECT_NE(connections("7"), connections("8"));
}

TEST(SimulatorTest, EndsOrderlyAndCanBeStartedAgain) {
  RunningSimulator simulator(3);
  const std::string address = simulator.addresses().at(0);
  Process watch(Binary("farstat"),
                {"watch", "ras", "-t", address, "-o", "jsonl", "--interval", "100ms"});
  watch.WaitForOutput("\"kind\":\"row\"");
  const absl::Time start = absl::Now();
  simulator.process().Signal(SIGINT);
  EXPECT_EQ(simulator.process().Wait().exit_code, 0);
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  watch.WaitForOutput("disconnected");
  Process again(Binary("farstat-simulator"), {"--listen", address});
  again.WaitForOutput("sim-0001");
  watch.WaitForOutput("\"resumed\":false");
  again.Signal(SIGTERM);
  EXPECT_EQ(again.Wait().exit_code, 0);
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait().exit_code, 130);
}

TEST(SimulatorTest, WhatCannotBeIsSaidClearly) {
  RunningSimulator simulator(1);
  const std::string taken = simulator.addresses().at(0);
  const TestFolder folder;
  const std::string bad = folder.Write("bad.textproto", "\n\nras { conections {} }\n");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--listen", taken}, "in use"},
      {{"--listen", "nonsense"}, "HOST:PORT"},
      {{"--listen", "0.0.0.0:0"}, "mutual TLS"},
      {{"--listen", "127.0.0.1:65000", "--hosts", "1000"}, "the first can be 64536 at most"},
      {{"--hosts", "0"}, "not within 1 to"},
      {{"--scenario", "helthy"}, "healthy_office"},
      {{"--scenario", bad}, "bad.textproto:3:"},
      {{"--hots", "1"}, "--hots"}};
  for (const auto& [arguments, expected] : cases) {
    const Finished refused = RunToEnd(Binary("farstat-simulator"), arguments);
    EXPECT_EQ(refused.exit_code, 1) << expected;
    EXPECT_THAT(refused.err, HasSubstr(expected));
    EXPECT_EQ(refused.out, "");
  }
}

TEST(SimulatorTest, ScenariosAreListed) {
  const Finished listed = RunToEnd(Binary("farstat-simulator"), {"--list-scenarios"});
  EXPECT_EQ(listed.exit_code, 0);
  EXPECT_THAT(listed.out, AllOf(HasSubstr("busy_vpn_gateway"), HasSubstr("10,000")));
}

}  // namespace
}  // namespace farstat::testing
