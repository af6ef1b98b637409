#include "agent/sources/windows/tcp_stack.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "agent/sources/windows/win32_status.h"
#include "common/status.h"
#include "tests/support/manual_clock.h"
#include "tests/support/row_fields.h"
#include "tests/support/windows_tcp_fake.h"
#include "tests/support/windows_tcp_rows.h"

namespace farstat::sources::windows {
namespace {

// Each member with a value of its own.
TcpStats2 DistinctStats(uint32_t base) {
  return {base + 1, base + 2,  base + 3,  base + 4,  base + 5,  base + 6,  base + 7, base + 8,
          base + 9, base + 10, base + 11, base + 12, base + 13, base + 14, base + 15};
}

class WindowsTcpStackTest : public ::testing::Test {
 protected:
  WindowsTcpStackTest() {
    windows_.stats[kAddressFamilyInet] = DistinctStats(100);
    windows_.stats[kAddressFamilyInet6] = DistinctStats(200);
  }
  v1::TcpStack Read() {
    clock_.Advance(absl::Seconds(1));
    reading_ = {clock_.Steady(), clock_.Wall()};
    uint64_t calls = 0;
    status_ = stack_.Read(reading_, calls);
    RowWriter row;
    TcpStateCounts states = {};
    states[v1::TCP_STATE_LISTEN] = 3;
    stack_.Write(states, row);
    v1::TcpStack stack;
    EXPECT_TRUE(stack.ParseFromString(std::string(row.bytes())));
    testing::ExpectOnlyWindowsTcpFields(stack);
    return stack;
  }

  testing::FakeTcpWindows windows_;
  testing::ManualClock clock_;
  TcpStackTotals stack_{windows_.api};
  CounterReading reading_ = {};
  absl::Status status_;
};

std::map<std::string, uint64_t> StatsOf(const v1::TcpStack& stack) {
  std::map<std::string, uint64_t> values;
  ForEachValue(stack, [&](const google::protobuf::Message& message,
                          const google::protobuf::FieldDescriptor& field) {
    const std::string member = WindowsSourceOf(field);
    if (member.rfind("MIB_TCPSTATS2.", 0) == 0) values[member.substr(14)] = ValueOf(message, field);
  });
  return values;
}

// The two protocols are added up, except what they have in common.
const std::map<std::string, uint64_t> kBoth = {
    {"RtoAlgorithm", 101},   {"dwRtoMin", 102},      {"dwRtoMax", 103},
    {"dwMaxConn", 104},      {"dwActiveOpens", 310}, {"dwPassiveOpens", 312},
    {"dwAttemptFails", 314}, {"dwEstabResets", 316}, {"dwCurrEstab", 318},
    {"dw64InSegs", 320},     {"dw64OutSegs", 322},   {"dwRetransSegs", 324},
    {"dwInErrs", 326},       {"dwOutRsts", 328},     {"dwNumConns", 330}};

TEST_F(WindowsTcpStackTest, EachFieldHasTheMemberThatItsAnnotationNames) {
  const v1::TcpStack stack = Read();
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(StatsOf(stack), kBoth);
  ASSERT_EQ(stack.states_size(), 1);
  EXPECT_EQ(stack.states(0).state(), v1::TCP_STATE_LISTEN);
  EXPECT_EQ(stack.states(0).count(), 3u);
  EXPECT_EQ(FromProto(stack.accumulation().since()), clock_.Wall());
}

TEST_F(WindowsTcpStackTest, FallsBackToTheOlderFunction) {
  windows_.api.get_tcp_statistics_ex2 = nullptr;
  EXPECT_EQ(StatsOf(Read()), kBoth);
  EXPECT_EQ(windows_.calls["GetTcpStatisticsEx"], 2);
  EXPECT_LT(reading_.revisit_within, absl::Seconds(43)) << "segments are in 32 bits now";
  windows_.api.get_tcp_statistics_ex = nullptr;
  EXPECT_TRUE(StatsOf(Read()).empty());
  EXPECT_EQ(status_.code(), absl::StatusCode::kUnimplemented);
}

TEST_F(WindowsTcpStackTest, FallsBackWhereTheNewerIsRefused) {
  for (const uint32_t family : {kAddressFamilyInet, kAddressFamilyInet6}) {
    windows_.stats2_codes[family] = kErrorNotSupported;
  }
  EXPECT_EQ(StatsOf(Read()), kBoth);
}

TEST_F(WindowsTcpStackTest, NoFixedLimitIsAbsent) {
  windows_.stats[kAddressFamilyInet].max_conn = 0xffffffff;
  EXPECT_FALSE(Read().has_max_connections());
}

// Pitfall 12.
TEST_F(WindowsTcpStackTest, CountersGoOnThroughAWrap) {
  windows_.api.get_tcp_statistics_ex2 = nullptr;
  TcpStats2& stats = windows_.stats[kAddressFamilyInet6];
  windows_.stats[kAddressFamilyInet] = {};
  stats.in_segs = stats.retrans_segs = 0xfffffff0;
  Read();
  stats.in_segs = 0x10;
  stats.retrans_segs = 0x20;
  const v1::TcpStack stack = Read();
  EXPECT_EQ(stack.segments_in(), 0x100000010u);
  EXPECT_EQ(stack.segments_retransmitted(), 0x100000020u);
  EXPECT_EQ(stack.accumulation().wraps(), 2u);
}

TEST_F(WindowsTcpStackTest, SegmentsOf64BitsAreTakenAsTheyAre) {
  windows_.stats[kAddressFamilyInet].in_segs = uint64_t{1} << 40;
  EXPECT_EQ(Read().segments_in(), (uint64_t{1} << 40) + 210);
}

TEST_F(WindowsTcpStackTest, AWindowsWithoutIpv6IsNoFault) {
  windows_.stats2_codes[kAddressFamilyInet6] = windows_.stats_codes[kAddressFamilyInet6] =
      kErrorNotSupported;
  EXPECT_EQ(Read().active_opens(), 105u);
  EXPECT_TRUE(status_.ok());
  windows_.stats2_codes[kAddressFamilyInet] = windows_.stats_codes[kAddressFamilyInet] =
      kErrorNotSupported;
  EXPECT_FALSE(Read().has_active_opens());
  EXPECT_FALSE(status_.ok()) << "but one without both is";
}

// A total that lacks one of the protocols would fall, and rise again.
TEST_F(WindowsTcpStackTest, HalfATotalIsNone) {
  windows_.stats2_codes[kAddressFamilyInet6] = 87;
  const v1::TcpStack stack = Read();
  EXPECT_EQ(Win32CodeOf(status_), 87u);
  EXPECT_TRUE(StatsOf(stack).empty());
  EXPECT_FALSE(stack.has_accumulation());
  EXPECT_EQ(stack.states_size(), 1) << "what was counted is told";
  windows_.stats2_codes.clear();
  EXPECT_EQ(StatsOf(Read()), kBoth);
}

}  // namespace
}  // namespace farstat::sources::windows
