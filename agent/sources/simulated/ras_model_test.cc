#include "agent/sources/simulated/ras_model.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "agent/sources/simulated/ras_line.h"
#include "agent/sources/windows/win32_status.h"
#include "tests/support/ras_host.h"

namespace farstat::sources::simulated {
namespace {

using windows::Handle;

constexpr char kFlapping[] = R"(ras {
  connections { name: "Flap" count: 4 up_s: 10 down_s: 3 dial_s: 2 }
  connections { name: "Bundle" kind: RAS_KIND_ISDN links: 4 link_up_s: 12 link_down_s: 5 }
  connections { name: "Roaming" dormant_every_s: 30 dormant_s: 6 }
})";

TEST(RasModelTest, LookingOftenChangesNothing) {
  RasHost often(kFlapping, 7);
  RasHost seldom(kFlapping, 7);
  for (int i = 0; i < 20; ++i) {
    for (int k = 0; k < 50; ++k) {
      often.clock().Advance(absl::Milliseconds(100));
      often.Collect(PartBit(0));
    }
    seldom.clock().Advance(absl::Seconds(5));
    const CollectedRasRows rows = often.Collect(PartBit(0));
    const CollectedRasRows same = seldom.Collect(PartBit(0));
    ASSERT_EQ(rows.size(), same.size());
    for (const auto& [name, row] : rows.rows()) {
      ASSERT_EQ(same.Find(name).bytes, row.bytes);
      const Handle handle = row.message.key().handle();
      ASSERT_EQ(often.model().TrafficOf(handle, 0), seldom.model().TrafficOf(handle, 0));
    }
  }
}

TEST(RasModelTest, SeedsDiffer) {
  RasHost one(kFlapping, 1);
  RasHost two(kFlapping, 2);
  EXPECT_NE(one.Collect(PartBit(0)).Find("Bundle").key, two.Collect(PartBit(0)).Find("Bundle").key);
}

TEST(RasModelTest, TrafficOfBundlesNeverFalls) {
  RasHost host(kFlapping);
  RasTraffic last = {};
  for (int i = 0; i < 1000; ++i) {
    host.clock().Advance(absl::Milliseconds(137));
    const Handle handle = host.Collect(PartBit(0)).Get("Bundle").key().handle();
    const RasTraffic now = *host.model().TrafficOf(handle, 0);
    for (size_t k = 0; k < now.size(); ++k) ASSERT_GE(now[k], last[k]);
    last = now;
  }
  EXPECT_GT(last[0], 1'000'000u);
}

TEST(RasModelTest, DiallingGoesThroughStates) {
  RasHost host(R"(ras { connections { name: "VPN" connected_for_s: 0 dial_s: 10 } })");
  // What RasDial would return.
  constexpr Handle kFirst = 1 << 24 | 1 << 8;
  std::vector<uint32_t> states;
  bool listed = false;
  for (int i = 0; i < 200 && !listed; ++i) {
    windows::RasConnectionStatus status = {};
    status.size = sizeof(status);
    ASSERT_EQ(host.api().ras_get_connect_status(kFirst, &status), 0u);
    if (states.empty() || states.back() != status.state) states.push_back(status.state);
    listed = host.Collect(PartBit(0)).Has("VPN");
    EXPECT_EQ(listed, status.state == windows::kRasStateConnected);
    windows::RasProjectionInfo info = {};
    info.version = windows::kRasApiVersion601;
    uint32_t bytes = 0;
    const uint32_t code = host.api().ras_get_projection_info_ex(kFirst, &info, &bytes);
    const bool projected =
        status.state == windows::kRasStateProjected || status.state == windows::kRasStateConnected;
    EXPECT_EQ(code,
              projected ? windows::kErrorBufferTooSmall : windows::kErrorProjectionNotComplete);
    host.clock().Advance(absl::Milliseconds(100));
  }
  EXPECT_GT(states.size(), 10u);
  EXPECT_EQ(states.front(), windows::kRasStateOpenPort);
  EXPECT_EQ(states.back(), windows::kRasStateConnected);
  EXPECT_EQ(host.Collect(PartBit(0)).Get("VPN").key().handle(), kFirst);
}

TEST(RasModelTest, HandlesEndWithTheirConnections) {
  RasHost host(R"(ras { connections { name: "VPN" up_s: 10 down_s: 5 } })");
  const Handle handle = host.Collect(PartBit(0)).Get("VPN").key().handle();
  host.clock().Advance(absl::Seconds(60));
  windows::RasStats stats = {};
  stats.size = sizeof(stats);
  EXPECT_EQ(host.api().ras_get_connection_statistics(handle, &stats), 6u);
  EXPECT_EQ(host.api().ras_clear_connection_statistics(handle), 6u);
  EXPECT_EQ(host.api().ras_get_connection_statistics(0, &stats), windows::kErrorInvalidArgument);
  EXPECT_EQ(host.api().ras_get_link_statistics(handle, 0, &stats), windows::kErrorInvalidArgument);
  for (const Handle junk : {Handle{5}, ~Handle{0}, Handle{1} << 24}) {
    EXPECT_EQ(host.api().ras_get_connection_statistics(junk, &stats), 6u);
  }
}

TEST(RasModelTest, StoppedServiceRefusesCalls) {
  RasHost host(R"(ras { connections { name: "VPN" } }
                  service_outages { service: "RasMan" after_s: 5 })");
  const Handle handle = host.Collect(PartBit(0)).Get("VPN").key().handle();
  host.clock().Advance(absl::Seconds(6));
  uint32_t bytes = 0;
  uint32_t count = 0;
  EXPECT_EQ(host.api().ras_enum_connections(nullptr, &bytes, &count), 711u);
  windows::RasStats stats = {};
  stats.size = sizeof(stats);
  EXPECT_EQ(host.api().ras_get_connection_statistics(handle, &stats), 834u);
  EXPECT_EQ(host.api().ras_connection_notification(windows::kInvalidHandle, 1, 1), 711u);
}

TEST(RasModelTest, ServiceMayBeStoppedFromTheBeginning) {
  RasHost host(R"(ras { connections { name: "VPN" dial_s: 1 } }
                  service_outages { service: "RasMan" duration_s: 5 })");
  uint32_t bytes = 0;
  uint32_t count = 0;
  EXPECT_EQ(host.api().ras_enum_connections(nullptr, &bytes, &count), 711u);
  host.clock().Advance(absl::Seconds(10));
  EXPECT_EQ(host.api().ras_enum_connections(nullptr, &bytes, &count),
            windows::kErrorBufferTooSmall);
}

TEST(RasModelTest, SizeCanBeAskedForWithoutABuffer) {
  RasHost host(R"(ras { connections { name: "VPN" count: 3 } })");
  uint32_t bytes = 0;
  uint32_t count = 0;
  EXPECT_EQ(host.api().ras_enum_connections(nullptr, &bytes, &count),
            windows::kErrorBufferTooSmall);
  EXPECT_EQ(bytes, 3 * sizeof(windows::RasConnection));
  RasHost empty("");
  EXPECT_EQ(empty.api().ras_enum_connections(nullptr, &bytes, &count), windows::kSuccess);
  EXPECT_EQ(count, 0u);
}

TEST(RasModelTest, BundlesNotifyThoseWhoWatchThem) {
  RasHost host(kFlapping);
  const Handle bundle = host.Collect(PartBit(0)).Get("Bundle").key().handle();
  const uint32_t flags[] = {windows::kRasNotifyBandwidthAdded, windows::kRasNotifyBandwidthRemoved,
                            windows::kRasNotifyConnection};
  for (const uint32_t flag : flags) {
    Handle event = 0;
    ASSERT_EQ(host.api().create_event(&event), 0u);
    ASSERT_EQ(host.api().ras_connection_notification(bundle, event, flag), 0u);
    host.clock().Advance(absl::Minutes(2));
    uint32_t signalled = 0;
    EXPECT_EQ(host.api().wait_for_events(&event, 1, 0, &signalled),
              flag == windows::kRasNotifyConnection ? windows::kWaitTimeout : windows::kSuccess);
  }
}

TEST(RasModelTest, MobilityIsNotified) {
  RasHost host(kFlapping);
  for (const uint32_t flag : {windows::kRasNotifyDormant, windows::kRasNotifyReconnection}) {
    Handle event = 0;
    ASSERT_EQ(host.api().create_event(&event), 0u);
    ASSERT_EQ(host.api().ras_connection_notification(windows::kInvalidHandle, event, flag), 0u);
    host.clock().Advance(absl::Seconds(90));
    uint32_t signalled = 0;
    EXPECT_EQ(host.api().wait_for_events(&event, 1, 0, &signalled), windows::kSuccess);
  }
}

TEST(RasModelTest, ErrorsHaveSentences) {
  RasHost host("");
  char16_t text[200] = {};
  EXPECT_EQ(host.api().ras_get_error_string(691, text, 200), 0u);
  EXPECT_NE(text[0], 0);
  EXPECT_EQ(host.api().ras_get_error_string(691, text, 5), windows::kErrorInsufficientBuffer);
  EXPECT_EQ(host.api().ras_get_error_string(4'000'000, text, 200), windows::kErrorInvalidParameter);
}

TEST(RasModelTest, ScenariosAreChecked) {
  RasScenario scenario;
  EXPECT_EQ(CheckRasScenario(scenario), absl::OkStatus());
  RasConnections& connections = *scenario.add_connections();
  connections.set_count(70'000);
  connections.set_out_kbps(3e6);
  connections.set_swing(2);
  connections.set_links(17);
  connections.set_dormant_s(1);
  connections.set_up_s(-1);
  scenario.mutable_layouts()->set_connection_size(1000);
  const std::string problems(CheckRasScenario(scenario).message());
  for (const char* field :
       {"connections[0].name:", "connections[0].out_kbps:", "connections[0].swing:",
        "connections[0].links:", "connections[0].dormant_s:", "connections[0].*_s:",
        "layouts.connection_size:", "connections: there are more"}) {
    EXPECT_TRUE(absl::StrContains(problems, field)) << field << " in\n" << problems;
  }
}

TEST(RasModelTest, TenThousandConnections) {
  RasHost host(R"(ras { connections { name: "Branch" count: 10000 up_s: 600 } })");
  for (int i = 0; i < 5; ++i) {
    host.clock().Advance(absl::Seconds(1));
    const size_t listed = host.Collect(kRasStatus | kRasStatistics).size();
    EXPECT_EQ(host.outcome().status, absl::OkStatus());
    EXPECT_GT(listed, 9'500u);
  }
}

}  // namespace
}  // namespace farstat::sources::simulated
