#include "agent/sources/windows/tcp_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/sources/tcp_rows.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"
#include "tests/support/manual_clock.h"
#include "tests/support/windows_tcp_fake.h"
#include "tests/support/windows_tcp_rows.h"

namespace farstat::sources::windows {
namespace {

using testing::FakeTcp;
using testing::FakeTcpWindows;
using ::testing::IsEmpty;
using testing::ManualClock;
using testing::WindowsTcpRow;
using testing::WindowsTcpRows;

constexpr PartMask kRows = PartBit(0) | PartBit(kTcpConnectionsPart);
constexpr PartMask kPath = kRows | GroupBit(v1::TCP_GROUP_PATH);
constexpr PartMask kAllGroups = kRows | kEstatsGroups;
constexpr PartMask kStack = PartBit(kTcpStackPart);

class WindowsTcpSourceTest : public ::testing::Test {
 protected:
  WindowsTcpRows Collect(PartMask parts) {
    WindowsTcpRows rows;
    clock_.Advance(absl::Seconds(1));
    outcome_ = source_.Collect(parts, rows);
    EXPECT_TRUE(outcome_.status.ok()) << outcome_.status;
    return rows;
  }
  // The path of the only row.
  v1::TcpConnection CollectPath() { return Collect(kPath).connection(); }
  int EstatsCalls() const {
    int sum = 0;
    for (const int calls : windows_.estats_calls) sum += calls;
    return sum;
  }

  FakeTcpWindows windows_;
  ManualClock clock_;
  TcpSource source_{windows_.api, clock_};
  Outcome outcome_;
};

std::string Missing(const v1::TcpConnection& connection) {
  std::string text;
  for (const v1::TcpMissingGroup& missing : connection.missing_groups()) {
    text += absl::StrCat(missing.group(), ":", missing.absence(), ":", missing.win32_code(), " ");
  }
  return text;
}

TEST_F(WindowsTcpSourceTest, PutsRowsOfBothProtocols) {
  windows_.AddIpv4(50000, 1234);
  windows_.AddIpv6(50001, 1235);
  const WindowsTcpRows rows = Collect(kRows);
  ASSERT_EQ(rows.rows().size(), 2u);
  const v1::TcpConnection& first = rows.rows()[0].connection;
  EXPECT_EQ(first.key().remote_address(), "198.51.100.2");
  EXPECT_EQ(first.key().incarnation(), 1234u);
  EXPECT_EQ(first.state(), v1::TCP_STATE_ESTABLISHED);
  EXPECT_EQ(first.offload_state(), v1::TCP_OFFLOAD_STATE_IN_HOST);
  EXPECT_FALSE(first.has_owner());
  EXPECT_FALSE(first.has_accumulation());
  const v1::TcpConnection& second = rows.rows()[1].connection;
  EXPECT_EQ(second.key().local_address(), "fe80::1");
  EXPECT_EQ(second.key().local_scope_id(), 7u);
  EXPECT_EQ(second.key().remote_scope_id(), 9u);
  EXPECT_EQ(rows.rows()[1].facts.remote_port, 50001);
  EXPECT_EQ(EstatsCalls(), 0) << "nobody asked for groups";
  EXPECT_TRUE(outcome_.partial.ok());
  EXPECT_EQ(outcome_.revisit_within, absl::InfiniteDuration());
  EXPECT_EQ(rows.totals(), 0);
}

// Success without data: what is read while a group is off is undefined.
// Pitfall 1.
TEST_F(WindowsTcpSourceTest, GroupsThatAreOffAreAbsentAndListed) {
  windows_.AddIpv4(1, 1);
  const WindowsTcpRows rows = Collect(kAllGroups);
  const v1::TcpConnection& row = rows.connection();
  EXPECT_TRUE(row.has_syn_options()) << "always on";
  EXPECT_FALSE(row.has_data() || row.has_send_congestion() || row.has_path() ||
               row.has_send_buffer() || row.has_receive() || row.has_observed_receive() ||
               row.has_bandwidth() || row.has_fine_rtt());
  EXPECT_EQ(Missing(row), "2:1:0 3:1:0 4:1:0 5:1:0 6:1:0 7:1:0 8:1:0 9:1:0 ");
  EXPECT_FALSE(row.has_accumulation());
  EXPECT_TRUE(outcome_.partial.ok()) << "that they are off is no failure";
  // Whoever selected another group is not told.
  EXPECT_EQ(Missing(rows.rows()[0].Part(v1::TCP_GROUP_PATH)), "4:1:0 ");
  EXPECT_EQ(Missing(rows.rows()[0].Part(0)), "");
}

TEST_F(WindowsTcpSourceTest, GroupsThatAreOnAreRead) {
  windows_.AddIpv4(1, 1).SwitchAll(true);
  windows_.AddIpv6(2, 1).SwitchAll(true);
  const WindowsTcpRows rows = Collect(kAllGroups);
  ASSERT_EQ(rows.rows().size(), 2u);
  for (const WindowsTcpRow& row : rows.rows()) {
    EXPECT_EQ(Missing(row.connection), "");
    EXPECT_TRUE(row.connection.has_accumulation());
    for (int group = v1::TCP_GROUP_SYN_OPTIONS; group <= v1::TCP_GROUP_FINE_RTT; ++group) {
      EXPECT_GT(row.part_ends[group], row.part_ends[group - 1]) << group;
    }
  }
  EXPECT_EQ(EstatsCalls(), 18);
  EXPECT_EQ(outcome_.native_calls, 18u + 4u);
}

TEST_F(WindowsTcpSourceTest, AsksOnlyForWhatIsWantedAndOnlyOfOpenConnections) {
  windows_.AddIpv4(1, 1).SwitchAll(true);
  for (uint32_t state = kTcpStateClosed; state <= kTcpStateDeleteTcb; ++state) {
    if (state != kTcpStateEstablished) windows_.AddIpv4(2, 1).row.state = state;
  }
  const WindowsTcpRows rows = Collect(kPath);
  EXPECT_EQ(rows.rows().size(), 12u);
  EXPECT_EQ(EstatsCalls(), 1);
  EXPECT_EQ(windows_.estats_calls[kEstatsPath], 1);
  for (size_t i = 1; i < rows.rows().size(); ++i) {
    EXPECT_EQ(Missing(rows.rows()[i].connection), "") << "only open connections have groups";
  }
}

// A sink that wants groups of the connections to one remote port only.
class RowsOfPort : public WindowsTcpRows {
 public:
  explicit RowsOfPort(uint16_t port) : port_(port) {}
  PartMask PartsOf(absl::string_view bytes) const override {
    TcpFacts facts;
    std::memcpy(&facts, bytes.data(), sizeof(facts));
    process_ = std::string(bytes.substr(sizeof(facts)));
    return facts.remote_port == port_ ? ~PartMask{0} : kRows;
  }
  const std::string& newest_process() const { return process_; }

 private:
  const uint16_t port_;
  mutable std::string process_;
};

TEST_F(WindowsTcpSourceTest, ReadsGroupsOnlyOfConnectionsOfWhichSomebodyWantsThem) {
  for (uint16_t port = 1; port <= 100; ++port) windows_.AddIpv4(port, port).SwitchAll(true);
  RowsOfPort rows(17);
  EXPECT_TRUE(source_.Collect(kAllGroups, rows).status.ok());
  ASSERT_EQ(rows.rows().size(), 100u) << "all are listed";
  EXPECT_EQ(EstatsCalls(), 9) << "of one connection";
  for (const WindowsTcpRow& row : rows.rows()) {
    EXPECT_EQ(row.connection.has_path(), row.facts.remote_port == 17);
  }
}

TEST_F(WindowsTcpSourceTest, IsAskedAboutTheOwnersProcessToo) {
  windows_.AddIpv4(1, 1);
  RowsOfPort rows(1);
  EXPECT_TRUE(source_.Collect(kPath | PartBit(kTcpOwnerPart), rows).status.ok());
  EXPECT_EQ(rows.newest_process(), rows.rows()[0].process);
}

// The switches of Bandwidth are two, and neither is called EnableCollection.
// Pitfall 3.
TEST_F(WindowsTcpSourceTest, DirectionsOfBandwidthAreSwitchedApart) {
  FakeTcp& connection = windows_.AddIpv4(1, 1);
  connection.bandwidth = {1000, 2000, 10, 20, 1, 1};
  const PartMask parts = kRows | GroupBit(v1::TCP_GROUP_BANDWIDTH);
  connection.bandwidth_switches = {kEstatsSwitchOn, kEstatsSwitchOff};
  v1::TcpConnection row = Collect(parts).connection();
  EXPECT_EQ(row.bandwidth().outbound_bandwidth_bits_per_second(), 1000u);
  EXPECT_EQ(row.bandwidth().outbound_instability_bits_per_second(), 10u);
  EXPECT_TRUE(row.bandwidth().outbound_bandwidth_peaked());
  EXPECT_FALSE(row.bandwidth().has_inbound_bandwidth_bits_per_second());
  EXPECT_FALSE(row.bandwidth().has_inbound_instability_bits_per_second());
  EXPECT_FALSE(row.bandwidth().has_inbound_bandwidth_peaked());
  connection.bandwidth_switches = {kEstatsSwitchOff, kEstatsSwitchOn};
  row = Collect(parts).connection();
  EXPECT_FALSE(row.bandwidth().has_outbound_bandwidth_bits_per_second());
  EXPECT_EQ(row.bandwidth().inbound_bandwidth_bits_per_second(), 2000u);
  EXPECT_EQ(row.bandwidth().inbound_instability_bits_per_second(), 20u);
  connection.bandwidth_switches = {kEstatsSwitchOff, kEstatsSwitchOff};
  EXPECT_EQ(Missing(Collect(parts).connection()), "8:1:0 ");
}

// An estimate of 0 is none yet, and what belongs to it means nothing.
// Pitfall 2.
TEST_F(WindowsTcpSourceTest, BandwidthWithoutAnEstimateIsAbsent) {
  FakeTcp& connection = windows_.AddIpv4(1, 1);
  connection.bandwidth_switches = {kEstatsSwitchOn, kEstatsSwitchOn};
  connection.bandwidth = {0, ~uint64_t{0}, 5, 5, 1, 1};
  const v1::TcpConnection row = Collect(kRows | GroupBit(v1::TCP_GROUP_BANDWIDTH)).connection();
  EXPECT_EQ(Missing(row), "") << "it is on";
  EXPECT_TRUE(row.has_bandwidth());
  EXPECT_EQ(row.bandwidth().ByteSizeLong(), 0u);
}

// Connections vanish between the table and the call.
// Pitfall 6.
TEST_F(WindowsTcpSourceTest, VanishedConnectionsAreCounted) {
  windows_.AddIpv4(1, 1).Fail(kErrorNotFound);
  windows_.AddIpv6(2, 1).Fail(kErrorNotFound);
  FakeTcp& vanishes_late = windows_.AddIpv4(3, 1);
  vanishes_late.SwitchAll(true);
  vanishes_late.codes[kEstatsFineRtt] = kErrorNotFound;
  windows_.AddIpv4(4, 1);
  const WindowsTcpRows rows = Collect(kAllGroups);
  ASSERT_EQ(rows.rows().size(), 1u);
  EXPECT_EQ(rows.rows()[0].facts.remote_port, 4);
  EXPECT_EQ(outcome_.vanished_rows, 3u);
  EXPECT_TRUE(outcome_.partial.ok()) << "it is normal";
}

// Pitfall 4.
TEST_F(WindowsTcpSourceTest, DeniedGroupsAreListedAndToldOnce) {
  for (uint16_t port : {1, 2, 3}) {
    FakeTcp& connection = windows_.AddIpv4(port, 1);
    connection.SwitchAll(true);
    connection.codes[kEstatsPath] = kErrorAccessDenied;
    connection.data.segs_in = 7;
  }
  const WindowsTcpRows rows = Collect(kPath | GroupBit(v1::TCP_GROUP_DATA));
  ASSERT_EQ(rows.rows().size(), 3u);
  for (const WindowsTcpRow& row : rows.rows()) {
    EXPECT_EQ(Missing(row.connection), "4:2:5 ");
    EXPECT_EQ(row.connection.data().segments_in(), 7u) << "the other groups are unharmed";
  }
  EXPECT_EQ(ErrorInfoOf(outcome_.partial).reason(), kAgentLacksPrivilege);
  EXPECT_EQ(ErrorInfoOf(outcome_.partial).metadata().at("api"), "GetPerTcpConnectionEStats");
}

// Calls that the agent built wrongly are not the caller's fault.
TEST_F(WindowsTcpSourceTest, RefusedBuffersAreNotBlamedOnTheCaller) {
  FakeTcp& connection = windows_.AddIpv4(1, 1);
  for (const uint32_t code : {50u, 87u, 122u, 1784u, 31u}) {
    connection.Fail(code);
    EXPECT_EQ(Missing(Collect(kPath).connection()), absl::StrCat("4:2:", code, " "));
    EXPECT_FALSE(outcome_.partial.ok());
    EXPECT_NE(outcome_.partial.code(), absl::StatusCode::kInvalidArgument) << code;
    EXPECT_NE(ErrorInfoOf(outcome_.partial).reason(), kInvalidArgument) << code;
  }
}

TEST_F(WindowsTcpSourceTest, WithoutTheFunctionsThereAreNoGroups) {
  EXPECT_EQ(DeliverableTcpGroups(windows_.api).size(), 9u);
  windows_.AddIpv4(1, 1).SwitchAll(true);
  windows_.AddIpv6(2, 1).SwitchAll(true);
  windows_.api.get_per_tcp6_connection_estats = nullptr;
  EXPECT_EQ(DeliverableTcpGroups(windows_.api).size(), 9u);
  WindowsTcpRows rows = Collect(kPath);
  EXPECT_TRUE(rows.rows()[0].connection.has_path());
  EXPECT_EQ(Missing(rows.rows()[1].connection), "4:2:0 ");
  EXPECT_EQ(outcome_.partial.code(), absl::StatusCode::kUnimplemented);

  windows_.api.get_per_tcp_connection_estats = nullptr;
  EXPECT_THAT(DeliverableTcpGroups(windows_.api), IsEmpty());
  rows = Collect(kPath);
  ASSERT_EQ(rows.rows().size(), 2u);
  EXPECT_EQ(Missing(rows.rows()[0].connection), "") << "told once, not in every row";
  EXPECT_EQ(outcome_.partial.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ErrorInfoOf(outcome_.partial).metadata().at("api"), "GetPerTcpConnectionEStats");
}

// A success that fills nothing shows nothing, not what was read of the connection before.
TEST_F(WindowsTcpSourceTest, FakeSuccessIsNotBelieved) {
  windows_.AddIpv4(1, 1).SwitchAll(true);
  Collect(kAllGroups);
  windows_.api.get_per_tcp_connection_estats = [](const TcpRow*, uint32_t, uint8_t*, uint32_t,
                                                  uint32_t, uint8_t*, uint32_t, uint32_t, uint8_t*,
                                                  uint32_t, uint32_t) { return kSuccess; };
  EXPECT_EQ(Missing(Collect(kAllGroups).connection()),
            "1:2:0 2:1:0 3:1:0 4:1:0 5:1:0 6:1:0 7:1:0 8:1:0 9:1:0 ");
  EXPECT_EQ(outcome_.partial.code(), absl::StatusCode::kUnimplemented);
}

// Pitfall 12.
TEST_F(WindowsTcpSourceTest, CountersGoOnThroughAWrap) {
  FakeTcp& connection = windows_.AddIpv4(1, 1);
  connection.SwitchAll(true);
  connection.path.bytes_retrans = 0xfffffff0;
  EXPECT_EQ(CollectPath().path().bytes_retrans(), 0xfffffff0u);
  connection.path.bytes_retrans = 0x10;
  connection.path.pkts_retrans = 1;
  const v1::TcpConnection row = CollectPath();
  EXPECT_EQ(row.path().bytes_retrans(), 0x100000010u);
  EXPECT_EQ(row.accumulation().wraps(), 1u);
  EXPECT_EQ(row.accumulation().resets(), 0u);
  EXPECT_FALSE(row.accumulation().uncertain());
  EXPECT_EQ(FromProto(row.accumulation().since()), clock_.Wall() - absl::Seconds(1));
}

// A group that is switched off and on again begins anew, in part.
// Pitfall 5.
TEST_F(WindowsTcpSourceTest, SwitchingOffAndOnIsBridged) {
  FakeTcp& connection = windows_.AddIpv4(1, 1);
  connection.SwitchAll(true);
  connection.path.timeouts = 10;
  connection.path.count_rtt = 100;
  CollectPath();
  connection.SwitchAll(false);
  EXPECT_FALSE(CollectPath().has_path());
  connection.SwitchAll(true);
  connection.path.timeouts = 2;
  connection.path.count_rtt = 130;  // Since Windows 10 1709 some go on.
  const v1::TcpConnection row = CollectPath();
  EXPECT_EQ(row.path().timeouts(), 12u);
  EXPECT_EQ(row.path().count_rtt(), 130u);
  EXPECT_EQ(row.accumulation().resets(), 1u);
  EXPECT_FALSE(row.accumulation().uncertain());
}

// The end points are used again: another connection, which counts from its own beginning.
// Pitfall 6.
TEST_F(WindowsTcpSourceTest, ReusedEndPointsAreAnotherRow) {
  FakeTcp& connection = windows_.AddIpv4(1, 1000);
  connection.SwitchAll(true);
  connection.path.timeouts = 10;
  const v1::TcpConnection first = CollectPath();
  connection.row.create_timestamp = 2000;
  connection.path.timeouts = 3;
  const v1::TcpConnection second = CollectPath();
  EXPECT_NE(first.key().SerializeAsString(), second.key().SerializeAsString());
  EXPECT_EQ(second.path().timeouts(), 3u);
  EXPECT_EQ(second.accumulation().resets(), 0u);
  EXPECT_GT(FromProto(second.accumulation().since()), FromProto(first.accumulation().since()));
}

TEST_F(WindowsTcpSourceTest, WhatIsKeptGoesWithTheRow) {
  FakeTcp& connection = windows_.AddIpv4(1, 1000);
  connection.SwitchAll(true);
  connection.path.timeouts = 10;
  CollectPath();
  const FakeTcp copy = connection;
  windows_.connections.clear();
  Collect(kPath);
  windows_.connections.push_back(copy);
  windows_.connections[0].path.timeouts = 3;
  const v1::TcpConnection row = CollectPath();
  EXPECT_EQ(row.path().timeouts(), 3u) << "begun anew";
  // Not while others are served: a reader who wants no groups, one who wants the stack only, and
  // one for whom listing fails.
  windows_.connections[0].path.timeouts = 5;
  Collect(kRows);
  Collect(kStack);
  windows_.extended_codes[{kTcpTableOwnerModuleAll, kAddressFamilyInet}] = 8;
  WindowsTcpRows none;
  EXPECT_FALSE(source_.Collect(kPath, none).status.ok());
  windows_.extended_codes.clear();
  windows_.connections[0].row.state = kTcpStateCloseWait;
  Collect(kPath);
  windows_.connections[0].row.state = kTcpStateEstablished;
  EXPECT_EQ(FromProto(CollectPath().accumulation().since()), FromProto(row.accumulation().since()));
}

TEST_F(WindowsTcpSourceTest, TheSameStateIsEncodedTheSameWay) {
  windows_.AddIpv4(1, 1).SwitchAll(true);
  const std::string bytes = Collect(kAllGroups).rows()[0].bytes;
  EXPECT_EQ(Collect(kAllGroups).rows()[0].bytes, bytes);
}

TEST_F(WindowsTcpSourceTest, RevisitsSoonerWhenACounterRuns) {
  FakeTcp& connection = windows_.AddIpv4(1, 1);
  connection.SwitchAll(true);
  CollectPath();
  EXPECT_EQ(outcome_.revisit_within, absl::Minutes(5));
  connection.path.pkts_retrans += 1000;
  connection.path.bytes_retrans += 20'000'000;
  CollectPath();
  // 2^32 at 160 MB/s.
  EXPECT_NEAR(absl::ToDoubleSeconds(outcome_.revisit_within), 26.8, 0.1);
  connection.path.pkts_retrans += 1'000'000;
  connection.path.bytes_retrans += 1'000'000'000;
  CollectPath();
  EXPECT_NEAR(absl::ToDoubleSeconds(outcome_.revisit_within), 3.4, 0.1);
  Collect(kRows | GroupBit(v1::TCP_GROUP_FINE_RTT));
  EXPECT_EQ(outcome_.revisit_within, absl::InfiniteDuration()) << "nothing that could wrap";
}

TEST_F(WindowsTcpSourceTest, WithoutATableTheRowsAreVoid) {
  windows_.extended_codes[{kTcpTableOwnerModuleAll, kAddressFamilyInet6}] = 8;
  windows_.AddIpv4(1, 1);
  WindowsTcpRows rows;
  outcome_ = source_.Collect(kRows | kStack, rows);
  EXPECT_EQ(Win32CodeOf(outcome_.status), 8u);
  EXPECT_THAT(rows.rows(), IsEmpty());
  // But the totals of the stack do not depend on it.
  windows_.stats[kAddressFamilyInet].active_opens = 5;
  rows = Collect(kStack);
  EXPECT_EQ(rows.stack().active_opens(), 5u);
  EXPECT_THAT(rows.stack().states(), IsEmpty());
  EXPECT_EQ(Win32CodeOf(outcome_.partial), 8u);
  EXPECT_FALSE(outcome_.rows_listed);
}

// Whole-stack totals include loopback, so the connections are listed beside them, one by one.
// Pitfall 13.
TEST_F(WindowsTcpSourceTest, CountsConnectionsByState) {
  windows_.AddIpv4(1, 1).row.local_addr = 0x0100007f;
  windows_.AddIpv4(2, 1);
  windows_.AddIpv6(3, 1).row6.state = kTcpStateTimeWait;
  const WindowsTcpRows rows = Collect(kRows | kStack);
  EXPECT_EQ(rows.rows()[0].connection.key().local_address(), "127.0.0.1");
  ASSERT_EQ(rows.stack().states_size(), 2);
  EXPECT_EQ(rows.stack().states(0).state(), v1::TCP_STATE_ESTABLISHED);
  EXPECT_EQ(rows.stack().states(0).count(), 2u);
  EXPECT_EQ(rows.stack().states(1).state(), v1::TCP_STATE_TIME_WAIT);
  EXPECT_EQ(rows.totals(), 1);
}

TEST_F(WindowsTcpSourceTest, OwnersAreThereIfWanted) {
  windows_.process_names[100] = "svchost.exe";
  FakeTcp& connection = windows_.AddIpv4(1, 1);
  connection.module = u"RpcSs";
  const WindowsTcpRows rows = Collect(kRows | PartBit(kTcpOwnerPart));
  EXPECT_EQ(rows.connection().owner().pid(), 100u);
  EXPECT_EQ(rows.connection().owner().process(), "svchost.exe");
  EXPECT_EQ(rows.connection().owner().service(), "RpcSs");
  EXPECT_EQ(rows.rows()[0].process, "svchost.exe");
  EXPECT_EQ(rows.rows()[0].facts.pid, 100u);
  EXPECT_FALSE(rows.rows()[0].Part(0).has_owner());
  Collect(kRows);
  EXPECT_EQ(windows_.calls["process_name"], 1);
}

TEST_F(WindowsTcpSourceTest, ConnectionsOfNoProcessHaveNoOwner) {
  FakeTcp& connection = windows_.AddIpv4(1, 1);
  connection.row.state = kTcpStateTimeWait;
  connection.row.owning_pid = 0;
  EXPECT_FALSE(Collect(kRows | PartBit(kTcpOwnerPart)).connection().has_owner());
  EXPECT_TRUE(outcome_.partial.ok());
}

}  // namespace
}  // namespace farstat::sources::windows
