// What the agent says of a Windows that lacks something: plain Wine, DLLs with few functions or
// none, an account without rights, services that are stopped. It always starts.

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/windows/office.h"
#include "tests/windows/wine_agent.h"

namespace farstat::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class HonestyTest : public WineAgentTest {
 protected:
  // Asked for alone, the family is a failure, which says both.
  void ExpectRefused(const std::string& family, const std::string& failure,
                     const std::string& more) const {
    const Finished got = Farstat({"get", family});
    EXPECT_EQ(got.exit_code, 3) << family << ": " << got.out;
    EXPECT_THAT(got.err, AllOf(HasSubstr(failure), HasSubstr(more))) << family;
  }
  // What the CLI says in one line, however it was broken.
  std::string Text(std::vector<std::string> arguments) const {
    const Finished got = Farstat(std::move(arguments));
    EXPECT_EQ(got.exit_code, 0) << got.err;
    std::string text;
    for (const char c : got.out) {
      const bool is_space = c == ' ' || c == '\n';
      if (!is_space || (!text.empty() && text.back() != ' ')) text += is_space ? ' ' : c;
    }
    return text;
  }
};

// Pitfall 35.
TEST_F(HonestyTest, PlainWineHasNoFilterEngineAndNoEstats) {
  StartAgent(Windows());
  ExpectRefused("ipsec", "UNSUPPORTED", "FwpmEngineOpen0 failed with 1764 RPC_S_CANNOT_SUPPORT");
  ExpectRefused("ike", "UNSUPPORTED", "FwpmEngineOpen0 failed with 1764 RPC_S_CANNOT_SUPPORT");
  // Wine's RAS says that there are no connections.
  EXPECT_THAT(Text({"get", "ras"}), HasSubstr("RAS 0 connections"));
  const Finished set = Farstat({"estats", "enable", "--groups", "data", "--all"});
  EXPECT_EQ(set.exit_code, 3);
  EXPECT_THAT(set.err, HasSubstr("does not have the function GetPerTcpConnectionEStats"));
  EXPECT_THAT(Text({"get", "host"}),
              AllOf(HasSubstr("RAS 0 connections"), ContainsRegex("TCP [0-9]+ connections"),
                    HasSubstr("IPsec not supported here"), HasSubstr("IKE not supported here")));
  // Those that raise an exception in Wine, and those that it does not export.
  EXPECT_THAT(Text({"agent", "info"}),
              AllOf(HasSubstr("this Windows has no RasClearConnectionStatistics"),
                    HasSubstr("this Windows has no IPsecGetStatistics0"),
                    HasSubstr("this Windows has no IkeextGetStatistics0"),
                    HasSubstr("this Windows has no RasGetProjectionInfoEx"),
                    HasSubstr("this Windows has no GetPerTcpConnectionEStats")));
}

TEST_F(HonestyTest, FunctionsThatAreMissingAreNamed) {
  Windows windows = SimulatedWindows(kOffice);
  windows.rasapi32 = windows.fwpuclnt = "few";
  StartAgent(windows);
  ExpectRefused("ras", "UNSUPPORTED", "does not have the function RasEnumConnectionsW");
  EXPECT_THAT(Text({"agent", "info"}),
              AllOf(HasSubstr("totals are those of Windows Vista, because this Windows has no "
                              "IPsecGetStatistics1"),
                    HasSubstr("there are no statistics of IKEv2, because this Windows has no "
                              "IkeextGetStatistics1"),
                    HasSubstr("this Windows has no IPsecSaContextEnum1"),
                    HasSubstr("this Windows has no IkeextSaEnum1")));
  // What is there is read.
  EXPECT_THAT(Text({"get", "ipsec"}), AllOf(HasSubstr("IPsec 0 SAs"), HasSubstr("active sas 8")));
  EXPECT_THAT(Text({"get", "ike"}), HasSubstr("AuthIP over IPv4: main modes 3 now"));
}

TEST_F(HonestyTest, ALibraryThatIsMissingIsAFamilyThatIsMissing) {
  Windows windows = SimulatedWindows(kOffice);
  windows.rasapi32 = kNoDll;
  StartAgent(windows);
  ExpectRefused("ras", "UNSUPPORTED", "does not have the function RasEnumConnectionsW");
  EXPECT_THAT(Text({"get", "host"}), HasSubstr("TCP 12 connections"));
}

TEST_F(HonestyTest, AccessDeniedEverywhereIsSaidOfEveryFamily) {
  StartAgent(SimulatedWindows(absl::StrCat(kOffice, "faults { code: 5 }")));
  for (const std::string family : {"ras", "tcp", "ipsec", "ike"}) {
    ExpectRefused(family, "ERROR_ACCESS_DENIED", "failed with 5");
  }
  const Finished host = Farstat({"get", "host"});
  EXPECT_EQ(host.exit_code, 3);
  EXPECT_THAT(host.err, HasSubstr("ERROR_ACCESS_DENIED"));
  EXPECT_THAT(Text({"agent", "info"}), ContainsRegex("RAS not available.*TCP not available.*IPsec "
                                                     "not available.*IKE not available"));
}

TEST_F(HonestyTest, WithoutAdministratorRightsTheRestIsDelivered) {
  StartAgent(SimulatedWindows(absl::StrCat(kOffice, "not_administrator: true")));
  EXPECT_THAT(Text({"get", "host"}),
              AllOf(HasSubstr("Headquarters"), HasSubstr("TCP 12 connections"),
                    HasSubstr("ERROR_ACCESS_DENIED"), HasSubstr("elevated administrator")));
}

TEST_F(HonestyTest, AStoppedServiceIsNamed) {
  StartAgent(SimulatedWindows(absl::StrCat(
      kOffice, "service_outages { service: \"BFE\" } service_outages { service: \"RasMan\" }")));
  ExpectRefused("ipsec", "FwpmEngineOpen0 failed with 1753", "start the service if it is wanted");
  ExpectRefused("ike", "FwpmEngineOpen0 failed with 1753", "start the service if it is wanted");
  ExpectRefused("ras", "RasEnumConnectionsW failed with 711", "RasMan");
  EXPECT_THAT(Text({"get", "host"}),
              AllOf(HasSubstr("TCP 12 connections"), Not(HasSubstr("Headquarters"))));
}

TEST_F(HonestyTest, ACallThatHangsIsToldAndDoesNotHoldUpTheEnd) {
  StartAgent(SimulatedWindows(
      absl::StrCat(kOffice, "faults { function: \"RasEnumConnectionsW\" hang: true }")));
  // Told before the caller's time is up.
  EXPECT_THAT(
      Text({"get", "host", "--timeout", "4s"}),
      AllOf(HasSubstr("RAS unavailable"), HasSubstr("has not answered"),
            HasSubstr("TCP 12 connections"), HasSubstr("IPsec 8 SAs"), HasSubstr("IKE 4 SAs")));
  const absl::Time start = absl::Now();
  StopAgent();
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

}  // namespace
}  // namespace farstat::testing
