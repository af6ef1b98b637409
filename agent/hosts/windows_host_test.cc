#include "agent/hosts/windows_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/sources/simulated/host.h"
#include "common/mutex.h"
#include "common/status.h"
#include "google/protobuf/text_format.h"
#include "tests/support/manual_clock.h"
#include "tests/support/test_certificates.h"

namespace farstat::hosts {
namespace {

using families::Family;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kBusy[] = R"(
  ras { connections { name: "Work" connected_for_s: 60 } }
  tcp {
    processes { name: "app.exe" }
    connections { name: "web" count: 5 processes: "app.exe" peers: "203.0.113.0/24" port: 443 }
  }
  filter_engine { peers { count: 2 } dos_protection { state: STATE_ACTIVE packets_per_s: 10 } }
)";

// The host of a simulated Windows.
class WindowsHostTest : public ::testing::Test {
 protected:
  // `clock`: of the simulated Windows.
  Host& Start(const std::string& scenario_text, const Clock& clock = SystemClock(),
              const std::string& state_directory = "") {
    sources::simulated::Scenario scenario;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(scenario_text, &scenario));
    EXPECT_TRUE(CheckScenario(scenario).ok()) << CheckScenario(scenario);
    host_ = Host();
    windows_ = std::make_shared<sources::simulated::Host>(scenario, 1, clock);
    host_ = WindowsHost(std::shared_ptr<const sources::windows::Api>(windows_, &windows_->api()),
                        SystemClock(), state_directory);
    return host_;
  }
  Host& StartWithout(const std::string& function) {
    return Start("absent_functions: \"" + function + "\"");
  }
  // What the newest rows of a family are like after a collection of everything.
  feed::Snapshot Collected(const Family& family) {
    Mutex mutex;
    ConditionVariable changed;
    bool done = false;
    family.feed->Refresh(~feed::PartMask{0}, absl::ZeroDuration(), [&](const absl::Status& status) {
      MutexLock lock(mutex);
      EXPECT_TRUE(status.ok()) << status;
      done = true;
      changed.notify_all();
    });
    MutexLock lock(mutex);
    while (!done) changed.wait(mutex);
    return *family.feed->table().TakeSnapshot({});
  }

  // Ends the host, which must not wait for its calls that hang, then lets them return and waits for
  // the threads that were left behind.
  void EndWhileCallsHang() {
    const std::shared_ptr<sources::simulated::Host> kept = std::exchange(windows_, nullptr);
    const auto start = std::chrono::steady_clock::now();
    for (const auto& family : host_.families) family->feed->Stop(absl::Milliseconds(50));
    host_ = Host();
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
    EXPECT_GT(kept.use_count(), 1) << "nothing hangs";
    kept->ReleaseCalls();
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (kept.use_count() > 1 && std::chrono::steady_clock::now() < limit) {
      std::this_thread::yield();
    }
    EXPECT_EQ(kept.use_count(), 1) << "threads were left behind for ever";
  }

  std::shared_ptr<sources::simulated::Host> windows_;
  Host host_;
};

std::string Limitations(const Host& host) {
  std::vector<std::string> all;
  for (const auto& family : host.families) {
    all.insert(all.end(), family->limitations.begin(), family->limitations.end());
  }
  return absl::StrJoin(all, "; ");
}

TEST_F(WindowsHostTest, WholeWindowsDeliversEveryFamily) {
  const Host& host = Start(kBusy);
  ASSERT_THAT(host.families, SizeIs(4));
  for (size_t i = 0; i < host.families.size(); ++i) {
    const Family& family = *host.families[i];
    EXPECT_EQ(family.id, static_cast<v1::Family>(i + 1)) << "in the order of the enumeration";
    EXPECT_THAT(family.limitations, IsEmpty());
    ASSERT_NE(family.feed, nullptr);
    const feed::Snapshot snapshot = Collected(family);
    EXPECT_TRUE(snapshot.condition.status.ok()) << snapshot.condition.status;
    EXPECT_GE(snapshot.rows.size(), 1u) << family.service;
  }
  EXPECT_EQ(host.families[1]->service, "farstat.v1.TcpService");
  EXPECT_THAT(host.families[1]->tcp_groups, SizeIs(9));
  EXPECT_TRUE(host.operations.set_estats);
  EXPECT_TRUE(host.operations.end_estats_lease);
  EXPECT_TRUE(host.operations.estats_leases);
  ASSERT_TRUE(host.operations.clear_ras);
  const auto cleared = host.operations.clear_ras({});
  ASSERT_TRUE(cleared.ok()) << cleared.status();
  EXPECT_EQ(cleared->matched_connections, 1u);
}

TEST_F(WindowsHostTest, FamilyWithoutItsMainFunctionIsUnavailable) {
  const std::vector<std::pair<std::string, std::vector<v1::Family>>> cases = {
      {"RasEnumConnectionsW", {v1::FAMILY_RAS}},
      {"GetExtendedTcpTable", {v1::FAMILY_TCP}},
      {"FwpmEngineOpen0", {v1::FAMILY_IPSEC, v1::FAMILY_IKE}}};
  for (const auto& [function, gone] : cases) {
    const Host& host = StartWithout(function);
    for (const auto& family : host.families) {
      const bool lost = std::find(gone.begin(), gone.end(), family->id) != gone.end();
      EXPECT_EQ(family->feed == nullptr, lost) << function << " " << family->service;
      EXPECT_NE(family->service, "");
      if (!lost) continue;
      EXPECT_EQ(ErrorInfoOf(family->unavailable).reason(), kNotSupportedHere);
      EXPECT_THAT(std::string(family->unavailable.message()), HasSubstr(function));
    }
  }
}

TEST_F(WindowsHostTest, OtherAbsentFunctionsAreLimitations) {
  for (const std::string function :
       {"RasGetConnectStatusW", "RasGetConnectionStatistics", "RasGetLinkStatistics",
        "RasGetProjectionInfoEx", "RasConnectionNotificationW", "RasClearConnectionStatistics",
        "GetTcpStatisticsEx2", "GetPerTcpConnectionEStats", "GetPerTcp6ConnectionEStats",
        "SetPerTcpConnectionEStats", "SetPerTcp6ConnectionEStats", "IPsecGetStatistics1",
        "IPsecDospGetStatistics0", "IPsecSaContextEnum1", "IkeextGetStatistics1"}) {
    EXPECT_THAT(Limitations(StartWithout(function)), HasSubstr("this Windows has no " + function));
  }
}

TEST_F(WindowsHostTest, WhatAnotherFunctionReplacesIsNoLimitation) {
  for (const std::string function : {"GetTcpStatisticsEx", "IPsecGetStatistics0",
                                     "IkeextGetStatistics0", "IkeextSaEnum1", "IkeextSaEnum2"}) {
    EXPECT_EQ(Limitations(StartWithout(function)), "") << function;
  }
  EXPECT_THAT(
      Limitations(Start(R"(absent_functions: "IkeextSaEnum1" absent_functions: "IkeextSaEnum2")")),
      HasSubstr("security associations are not listed"));
}

TEST_F(WindowsHostTest, WithoutEstatsThereAreNoGroups) {
  const Host& host = Start(R"(absent_functions: "GetPerTcpConnectionEStats"
                              absent_functions: "GetPerTcp6ConnectionEStats"
                              absent_functions: "SetPerTcpConnectionEStats")");
  EXPECT_THAT(host.families[1]->tcp_groups, IsEmpty());
  EXPECT_NE(host.families[1]->feed, nullptr) << "connections are listed all the same";
  EXPECT_FALSE(host.operations.set_estats);
  EXPECT_EQ(ErrorInfoOf(host.operations.estats_unavailable).reason(), kNotSupportedHere);
}

TEST_F(WindowsHostTest, RasConnectionThatDropsIsSeenBeforeTheNextTick) {
  const Host& host =
      Start(R"(ras { connections { name: "Work" connected_for_s: 60 up_s: 0.3 down_s: 0.3
                                                  dial_s: 0.1 closing_s: 0.1 } })");
  Mutex mutex;
  ConditionVariable ticked;
  int ticks = 0;
  const auto subscription =
      host.families[0]->feed->Subscribe(~feed::PartMask{0}, absl::Hours(1), [&] {
        MutexLock lock(mutex);
        ++ticks;
        ticked.notify_all();
      });
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  MutexLock lock(mutex);
  while (ticks < 3 && ticked.wait_until(mutex, limit) != std::cv_status::timeout) {
  }
  EXPECT_GE(ticks, 3) << "the interval is an hour";
}

// Calls of RAS hang, and with them the lock that all calls of RAS share.
TEST_F(WindowsHostTest, EndsWhileItsCallsHang) {
  Start(R"(
    ras { connections { name: "Work" connected_for_s: 60 } }
    faults { function: "RasConnectionNotificationW" hang: true }
    faults { function: "RasEnumConnectionsW" hang: true }
    faults { function: "GetExtendedTcpTable" hang: true }
    faults { function: "FwpmEngineOpen0" hang: true })");
  std::atomic<int> told{0};
  for (const auto& family : host_.families) {
    family->feed->Refresh(~feed::PartMask{0}, absl::ZeroDuration(),
                          [&](const absl::Status& status) {
                            EXPECT_FALSE(status.ok());
                            ++told;
                          });
  }
  std::thread clearing([clear = host_.operations.clear_ras] { clear({}).IgnoreError(); });
  EndWhileCallsHang();
  EXPECT_EQ(told, 4);
  clearing.join();
}

TEST_F(WindowsHostTest, EndsWhileTheEndOfItsLeasesHangs) {
  const TestFolder folder;
  farstat::testing::ManualClock clock;
  Start(absl::StrCat(kBusy, R"(
            faults { function: "SetPerTcpConnectionEStats" after_s: 10 hang: true }
            faults { function: "GetExtendedTcpTable" after_s: 10 hang: true })"),
        clock, folder.Path("."));
  sources::EstatsRequest request;
  request.enable = sources::EstatsSwitchOf(v1::TCP_GROUP_PATH);
  request.ttl = absl::InfiniteDuration();
  request.undo = true;
  const auto result = host_.operations.set_estats(request);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GT(result->succeeded, 0u);
  clock.Advance(absl::Seconds(20));
  EndWhileCallsHang();
}

}  // namespace
}  // namespace farstat::hosts
