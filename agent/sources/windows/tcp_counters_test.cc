#include "agent/sources/windows/tcp_counters.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "tests/support/manual_clock.h"

namespace farstat::sources::windows {
namespace {

constexpr uint64_t kRound = uint64_t{1} << 32;

class WindowsTcpCountersTest : public ::testing::Test {
 protected:
  // Reads the path after so long.
  void Read(absl::Duration after = absl::Seconds(1)) {
    clock_.Advance(after);
    reading_ = {clock_.Steady(), clock_.Wall()};
    path_.Read(values_, reading_);
  }
  // The total of a member of PathGroup.
  uint64_t Total(int field) const {
    size_t index = 0;
    for (const Member& member : PathGroup::kMembers) {
      if (member.field == field) return path_.narrow()[index].total();
      index += member.kind == MemberKind::kCounter32 ? 1 : 0;
    }
    ADD_FAILURE() << field;
    return 0;
  }
  uint64_t BytesRetrans() const { return Total(v1::TcpPath::kBytesRetransFieldNumber); }
  uint64_t SumRtt() const { return Total(v1::TcpPath::kSumRttMsFieldNumber); }
  uint64_t DupAcks() const { return Total(v1::TcpPath::kDupAcksInFieldNumber); }

  testing::ManualClock clock_;
  CounterReading reading_ = {};
  EstatsPathRod values_ = {};
  GroupCounters<PathGroup> path_;
};

TEST_F(WindowsTcpCountersTest, TheFirstReadingIsTakenAsItIs) {
  values_.dup_acks_in = 70;
  Read();
  EXPECT_EQ(DupAcks(), 70u);
  EXPECT_EQ(path_.history().since, clock_.Wall());
  EXPECT_EQ(path_.history().resets, 0u);
}

// Pitfall 12.
TEST_F(WindowsTcpCountersTest, SumsGoOnThroughWraps) {
  values_.max_rtt = 200;
  for (int round = 0; round < 50; ++round) {
    Read();
    values_.sum_rtt += 400'000'000;
    values_.count_rtt += 2'000'000;
    values_.pre_cong_sum_cwnd += 1'000'000'000;
    values_.cong_signals += 1000;
  }
  EXPECT_EQ(SumRtt(), uint64_t{49} * 400'000'000);
  EXPECT_EQ(Total(v1::TcpPath::kPreCongSumCwndBytesFieldNumber), uint64_t{49} * 1'000'000'000);
  EXPECT_EQ(path_.history().wraps, 4u + 11u);
  EXPECT_EQ(path_.history().resets, 0u);
  EXPECT_FALSE(path_.history().uncertain);
}

// Somebody switched the group off and on between two readings: no count can have wrapped in that
// time, so the sums did not either.
// Pitfall 6.
TEST_F(WindowsTcpCountersTest, AnUnseenResetIsNoWrap) {
  values_.bytes_retrans = 3'900'000'000;
  values_.pkts_retrans = 2'700'000;
  values_.dup_acks_in = 1000;
  Read();
  values_ = {};
  values_.bytes_retrans = 1400;
  values_.pkts_retrans = 1;
  Read();
  EXPECT_EQ(BytesRetrans(), 3'900'001'400u);
  EXPECT_EQ(DupAcks(), 1000u);
  EXPECT_EQ(path_.history().resets, 1u);
  EXPECT_EQ(path_.history().wraps, 0u);
  EXPECT_TRUE(path_.history().uncertain);
}

// A sum that fell by less than its events explain was cleared, also where its rate alone would
// explain a wrap.
TEST_F(WindowsTcpCountersTest, EventsBoundTheirSum) {
  values_.bytes_retrans = 3'900'000'000;
  Read(absl::Seconds(1));
  values_.bytes_retrans = 100'000'000;  // 495 MB on in 1 s, but without a retransmission.
  Read(absl::Seconds(1));
  EXPECT_EQ(BytesRetrans(), 4'000'000'000u);
  EXPECT_EQ(path_.history().resets, 1u);
}

// The same fall, with the segments that it takes.
TEST_F(WindowsTcpCountersTest, EventsAllowForAWrap) {
  values_.bytes_retrans = 3'900'000'000;
  Read(absl::Seconds(1));
  values_.bytes_retrans = 100'000'000;
  values_.pkts_retrans = 400'000;
  Read(absl::Seconds(1));
  EXPECT_EQ(BytesRetrans(), kRound + 100'000'000);
  EXPECT_EQ(path_.history().wraps, 1u);
  EXPECT_EQ(path_.history().resets, 0u);
}

TEST_F(WindowsTcpCountersTest, LongGapsAreUncertainOnlyWhereARoundMayBeMissing) {
  values_.max_rtt = 100;
  Read();
  values_.bytes_retrans = 60'000;
  values_.pkts_retrans = 50;
  values_.sum_rtt = 40'000;
  values_.count_rtt = 1000;
  Read(absl::Minutes(5));
  EXPECT_FALSE(path_.history().uncertain) << "so few events do not add up to a round";
  values_.bytes_retrans += 1000;
  values_.pkts_retrans += 100'000;
  Read(absl::Minutes(5));
  EXPECT_TRUE(path_.history().uncertain) << "so many can";
}

TEST_F(WindowsTcpCountersTest, CountersThatStandStillStayCertain) {
  values_.dup_acks_in = 5;
  Read();
  Read(absl::Hours(24));
  EXPECT_FALSE(path_.history().uncertain);
  values_.dup_acks_in = 6;
  Read(absl::Hours(24));
  EXPECT_TRUE(path_.history().uncertain);
  EXPECT_EQ(DupAcks(), 6u);
}

// After a gap in which both may have happened, only what was counted for sure is counted.
TEST_F(WindowsTcpCountersTest, AFallAfterALongGapIsNotTakenForAWrap) {
  values_.dup_acks_in = 5;
  Read();
  values_.dup_acks_in = 3;
  Read(absl::Hours(24));
  EXPECT_EQ(DupAcks(), 8u);
  EXPECT_TRUE(path_.history().uncertain);
}

// Pitfall 5.
TEST_F(WindowsTcpCountersTest, SwitchedOffAndOnWithoutAReset) {
  values_.dup_acks_in = 5;
  Read();
  path_.SeenOff();
  values_.dup_acks_in = 9;  // Since Windows 10 1709.
  Read();
  EXPECT_EQ(DupAcks(), 9u);
  EXPECT_EQ(path_.history().resets, 1u) << "something is missing nevertheless";
  EXPECT_FALSE(path_.history().uncertain);
  values_.dup_acks_in = 12;
  Read();
  EXPECT_EQ(path_.history().resets, 1u);
}

// A counter of 64 bits that falls tells that all were cleared.
TEST_F(WindowsTcpCountersTest, WideCountersGoOnAndTellOfResets) {
  GroupCounters<DataGroup> data;
  EstatsDataRod values = {};
  values.data_bytes_out = 5000;
  values.soft_errors = 7;
  CounterReading reading = {clock_.Steady(), clock_.Wall()};
  data.Read(values, reading);
  values.data_bytes_out = 100;
  values.soft_errors = 1;
  reading.steady += std::chrono::hours(24);
  data.Read(values, reading);
  EXPECT_EQ(data.wide()[0].total(), 5100u);
  EXPECT_EQ(data.narrow()[0].total(), 8u);
  EXPECT_EQ(data.history().resets, 1u);
  EXPECT_TRUE(data.history().uncertain);
}

TEST_F(WindowsTcpCountersTest, HistoriesOfGroupsAreMerged) {
  TcpEstats estats;
  estats.delivered = GroupBit(v1::TCP_GROUP_DATA) | GroupBit(v1::TCP_GROUP_PATH);
  estats.data = {};
  estats.path = {};
  TcpCounters counters;
  const auto read = [&] {
    clock_.Advance(absl::Seconds(1));
    reading_ = {clock_.Steady(), clock_.Wall()};
    counters.Read(estats, reading_);
  };
  read();
  const absl::Time first = clock_.Wall();
  estats.delivered |= GroupBit(v1::TCP_GROUP_RECEIVE);
  estats.receive = {};
  read();
  EXPECT_EQ(counters.History(GroupBit(v1::TCP_GROUP_PATH)).since, first);
  EXPECT_EQ(counters.History(kCountedGroups).since, clock_.Wall()) << "complete is what all are";
  EXPECT_EQ(counters.send_congestion, nullptr);
  estats.off = GroupBit(v1::TCP_GROUP_PATH);
  estats.delivered &= ~estats.off;
  read();
  estats.delivered |= estats.off;
  estats.off = 0;
  read();
  EXPECT_EQ(counters.History(kCountedGroups).resets, 1u);
  EXPECT_EQ(counters.History(GroupBit(v1::TCP_GROUP_DATA)).resets, 0u);
}

// Against ideal counters of 64 bits, read at random times.
TEST_F(WindowsTcpCountersTest, TotalsAreThoseOfIdealCounters) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    path_ = {};
    values_ = {};
    values_.max_rtt = 300;
    // They begin with anything that 32 bits hold.
    uint64_t bytes = random();
    uint64_t segments = random();
    uint64_t rtts = random();
    uint64_t samples = random();
    for (int step = 0; step < 300; ++step) {
      const double gap = std::uniform_real_distribution<>(0.01, 3.4)(random);
      const auto more = static_cast<uint64_t>(
          std::uniform_real_distribution<>(0, 0.05 * kSegmentsPerSecond * gap)(random));
      segments += more;
      bytes += more * (random() % 1461);
      samples += more;
      rtts += more * (random() % 301);
      values_.bytes_retrans = static_cast<uint32_t>(bytes);
      values_.pkts_retrans = static_cast<uint32_t>(segments);
      values_.sum_rtt = static_cast<uint32_t>(rtts);
      values_.count_rtt = static_cast<uint32_t>(samples);
      if (step == 0) {
        bytes %= kRound;
        segments %= kRound;
        rtts %= kRound;
        samples %= kRound;
      }
      Read(absl::Seconds(gap));
      ASSERT_EQ(BytesRetrans(), bytes) << seed << " " << step;
      ASSERT_EQ(SumRtt(), rtts) << seed << " " << step;
    }
    EXPECT_GT(path_.history().wraps, 10u);
    EXPECT_EQ(path_.history().resets, 0u);
    EXPECT_FALSE(path_.history().uncertain);
  }
}

}  // namespace
}  // namespace farstat::sources::windows
