#include "agent/sources/simulated/tcp_flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace farstat::sources::simulated {
namespace {

constexpr TcpTime kSecond = 1'000'000;

// Connections of all kinds, drawn.
TcpFlowSettings DrawSettings(TcpChance& chance) {
  TcpFlowSettings settings;
  settings.rtt = 0.0002 * std::pow(1000, chance.Share());
  settings.jitter = settings.rtt * chance.Between(0, 0.5);
  settings.up = 1e5 * std::pow(10000, chance.Share());
  settings.down = 1e5 * std::pow(10000, chance.Share());
  settings.queue = chance.Between(0.0005, 0.2);
  settings.loss = chance.Happens(0.5) ? 0 : 1e-5 * std::pow(3000, chance.Share());
  settings.burst_share = chance.Happens(0.5) ? 0 : 0.3;
  settings.reordering = chance.Happens(0.5) ? 0 : 0.001;
  settings.damage = chance.Happens(0.5) ? 0 : 0.0001;
  settings.stalls_per_second = chance.Happens(0.5) ? 0 : 0.01;
  settings.ecn = chance.Happens(0.3);
  settings.mss = chance.Happens(0.3) ? 1360 : 1460;
  settings.out_rate = chance.Happens(0.3) ? 0 : 100 * std::pow(100000, chance.Share());
  settings.in_rate = chance.Happens(0.3) ? 0 : 100 * std::pow(100000, chance.Share());
  settings.out_unlimited = chance.Happens(0.3);
  settings.in_unlimited = chance.Happens(0.3);
  settings.busy_share = chance.Happens(0.5) ? 1 : chance.Between(0.01, 0.9);
  settings.burst = chance.Between(0.05, 20);
  settings.message_bytes = chance.Happens(0.7) ? 0 : 200;
  settings.read_rate = chance.Happens(0.8) ? 0 : 50'000;
  settings.peer_window = 4096 * std::pow(1000, chance.Share());
  settings.own_window = 4096 * std::pow(1000, chance.Share());
  settings.stuck_share = 0.2;
  return settings;
}

uint64_t At(const TcpFlow& flow, int counter) {
  return flow.Counter(static_cast<TcpCounter>(counter));
}

uint64_t SumOfLimits(const TcpFlow& flow, int first) {
  return At(flow, first + kLimitRwin) + At(flow, first + kLimitCwnd) + At(flow, first + kLimitSnd);
}

double Share(const TcpFlow& flow, TcpLimit limit) {
  return static_cast<double>(At(flow, kSndLimTime + limit)) /
         static_cast<double>(SumOfLimits(flow, kSndLimTime));
}

// What holds at every moment. Between the ends of a phase numbers are rounded down on their own,
// so that sums may be a few off.
void ExpectConserved(const TcpFlow& flow, TcpTime elapsed) {
  EXPECT_LE(At(flow, kThruBytesAcked), At(flow, kBytesSent));
  EXPECT_LE(At(flow, kBytesSent), At(flow, kBytesWritten) + 1);
  EXPECT_LE(At(flow, kBytesRead), At(flow, kThruBytesReceived) + 1);
  EXPECT_LE(At(flow, kThruBytesReceived), At(flow, kDataBytesIn));
  EXPECT_NEAR(static_cast<double>(At(flow, kDataBytesOut)),
              static_cast<double>(At(flow, kBytesSent) + At(flow, kBytesRetrans)), 2);
  EXPECT_NEAR(static_cast<double>(SumOfLimits(flow, kSndLimBytes)),
              static_cast<double>(At(flow, kDataBytesOut)), 4);
  EXPECT_NEAR(static_cast<double>(SumOfLimits(flow, kSndLimTime)), static_cast<double>(elapsed), 4);
  EXPECT_NEAR(flow.Gauge(kRetxQueue),
              static_cast<double>(At(flow, kBytesSent) - At(flow, kThruBytesAcked)), 2);
  EXPECT_NEAR(
      flow.Gauge(kAppWQueue),
      static_cast<double>(At(flow, kBytesWritten)) - static_cast<double>(At(flow, kBytesSent)), 2);
  EXPECT_LE(At(flow, kDataSegsOut), At(flow, kSegsOut));
  EXPECT_LE(At(flow, kDataSegsIn), At(flow, kSegsIn));
  EXPECT_LE(At(flow, kSubsequentTimeouts), At(flow, kTimeouts) * 6);
  EXPECT_LE(At(flow, kSacksRcvd), At(flow, kSackBlocksRcvd));
  EXPECT_GE(At(flow, kCongSignals), At(flow, kFastRetran) + At(flow, kTimeouts));
}

void ExpectInRange(const TcpFlow& flow, TcpGauge gauge, TcpRange range) {
  const TcpExtremes extremes = flow.Range(range);
  EXPECT_GE(flow.Gauge(gauge), 0) << gauge;
  EXPECT_LE(extremes.low, flow.Gauge(gauge)) << gauge;
  EXPECT_GE(extremes.high, flow.Gauge(gauge)) << gauge;
}

TEST(TcpFlow, ConservesBytesAndNeverCountsBackwards) {
  TcpChance chance(7);
  for (int i = 0; i < 150; ++i) {
    SCOPED_TRACE(i);
    TcpFlow flow(DrawSettings(chance), chance.Bits(), 0);
    std::array<uint64_t, kTcpCounterCount> before = {};
    for (TcpTime now = 0; now < 120 * kSecond; now += 1 + chance.Index(3 * kSecond)) {
      flow.AdvanceTo(now);
      for (int c = 0; c < kTcpCounterCount; ++c) {
        ASSERT_GE(At(flow, c), before[c]) << c;
        before[c] = At(flow, c);
      }
      ExpectConserved(flow, now);
      ExpectInRange(flow, kSampleRtt, kRttRange);
      ExpectInRange(flow, kRetxQueue, kRetxQueueRange);
      ExpectInRange(flow, kAppWQueue, kAppWQueueRange);
      ExpectInRange(flow, kRwinSent, kRwinSentRange);
      ExpectInRange(flow, kRwinRcvd, kRwinRcvdRange);
      ExpectInRange(flow, kAppRQueue, kAppRQueueRange);
      ExpectInRange(flow, kReasmQueue, kReasmQueueRange);
      ExpectInRange(flow, kCwnd, flow.condition().slow_start ? kSsCwndRange : kCaCwndRange);
      ASSERT_FALSE(HasFailure());
    }
  }
}

// The state is a matter of time alone: one look after a while, and looks all the time, see the
// same.
TEST(TcpFlow, DoesNotDependOnWhoLooked) {
  TcpChance chance(11);
  for (int i = 0; i < 50; ++i) {
    const TcpFlowSettings settings = DrawSettings(chance);
    const uint64_t seed = chance.Bits();
    TcpFlow often(settings, seed, 0);
    TcpFlow once(settings, seed, 0);
    for (TcpTime now = 0; now < 300 * kSecond; now += 1 + chance.Index(kSecond)) {
      often.AdvanceTo(now);
      often.Range(kRtoRange);
    }
    often.AdvanceTo(300 * kSecond);
    once.AdvanceTo(300 * kSecond);
    for (int c = 0; c < kTcpCounterCount; ++c) EXPECT_EQ(At(often, c), At(once, c)) << c;
    for (int r = 0; r < kTcpRangeCount; ++r) {
      const auto range = static_cast<TcpRange>(r);
      EXPECT_EQ(often.Range(range).low, once.Range(range).low) << r;
      EXPECT_EQ(often.Range(range).high, once.Range(range).high) << r;
    }
    ASSERT_FALSE(HasFailure()) << i;
  }
}

TEST(TcpFlow, AnotherSeedIsAnotherConnection) {
  TcpFlowSettings settings;
  settings.out_rate = 1e5;
  TcpFlow one(settings, 1, 0);
  TcpFlow other(settings, 2, 0);
  one.AdvanceTo(10 * kSecond);
  other.AdvanceTo(10 * kSecond);
  EXPECT_NE(At(one, kDataBytesOut), At(other, kDataBytesOut));
}

TEST(TcpFlow, ASmallPeerWindowLimits) {
  TcpFlowSettings settings;
  settings.out_unlimited = true;
  settings.peer_window = 16384;
  TcpFlow flow(settings, 3, 0);
  flow.AdvanceTo(30 * kSecond);
  EXPECT_GT(Share(flow, kLimitRwin), 0.9);
  EXPECT_LE(flow.Gauge(kRetxQueue), 16384);
  EXPECT_EQ(At(flow, kCongSignals), 0u);
  // A window per round trip.
  EXPECT_NEAR(static_cast<double>(At(flow, kThruBytesAcked)) / 30, 16384 / 0.02, 16384 / 0.02 / 3);
}

TEST(TcpFlow, ThePathLimits) {
  TcpFlowSettings settings;
  settings.out_unlimited = true;
  settings.peer_window = 8 << 20;
  TcpFlow flow(settings, 3, 0);
  flow.AdvanceTo(60 * kSecond);
  EXPECT_GT(Share(flow, kLimitCwnd), 0.9);
  EXPECT_GT(At(flow, kFastRetran), 0u);
  EXPECT_GT(At(flow, kSlowStart), 0u);
  EXPECT_GT(At(flow, kCongAvoid), 0u);
  EXPECT_NEAR(static_cast<double>(At(flow, kThruBytesAcked)) / 60, settings.up, settings.up / 5);
  // Its queue is seen in the round trips.
  EXPECT_GT(flow.Range(kRttRange).high, 1.5 * flow.Range(kRttRange).low);
  EXPECT_TRUE(flow.condition().outbound_peaked);
}

TEST(TcpFlow, TheApplicationLimits) {
  TcpFlowSettings settings;
  settings.out_rate = 50'000;
  TcpFlow flow(settings, 3, 0);
  flow.AdvanceTo(60 * kSecond);
  EXPECT_GT(Share(flow, kLimitSnd), 0.95);
  EXPECT_NEAR(static_cast<double>(At(flow, kThruBytesAcked)) / 60, 50'000, 10'000);
  EXPECT_EQ(flow.Gauge(kAppWQueue), 0);
}

TEST(TcpFlow, APeerThatIsStuckKeepsDataInTheQueue) {
  TcpFlowSettings settings;
  settings.out_rate = 1e6;
  settings.stuck_share = 1;
  TcpFlow flow(settings, 3, 0);
  flow.AdvanceTo(30 * kSecond);
  const uint64_t sent = At(flow, kBytesSent);
  const uint64_t probes = At(flow, kSegsOut);
  EXPECT_EQ(flow.Gauge(kRwinRcvd), 0);
  EXPECT_EQ(flow.Gauge(kAppWQueue), settings.send_buffer);
  flow.AdvanceTo(120 * kSecond);
  EXPECT_EQ(At(flow, kBytesSent), sent);
  EXPECT_GT(At(flow, kSegsOut), probes);
  EXPECT_GT(Share(flow, kLimitRwin), 0.7);
}

TEST(TcpFlow, ASlowReaderFillsTheReceiveQueue) {
  TcpFlowSettings settings;
  settings.in_unlimited = true;
  settings.read_rate = 20'000;
  TcpFlow flow(settings, 3, 0);
  flow.AdvanceTo(60 * kSecond);
  EXPECT_GT(flow.Gauge(kAppRQueue), 60'000);
  EXPECT_LT(flow.Gauge(kRwinSent), 5'000);
  const uint64_t read = At(flow, kBytesRead);
  flow.AdvanceTo(70 * kSecond);
  EXPECT_NEAR(static_cast<double>(At(flow, kBytesRead) - read), 200'000, 2'000);
}

TEST(TcpFlow, LostWindowsEndInTimeouts) {
  TcpFlowSettings settings;
  settings.out_unlimited = true;
  settings.loss = 0.005;
  settings.burst_share = 1;
  TcpFlow flow(settings, 3, 0);
  bool went_back = false;
  for (TcpTime now = 0; now < 60 * kSecond; now += kSecond / 20) {
    flow.AdvanceTo(now);
    if (!flow.condition().went_back) continue;
    went_back = true;
    EXPECT_GT(flow.condition().timeouts, 0u);
    EXPECT_GE(flow.Rto(), 600'000);
  }
  EXPECT_TRUE(went_back);
  EXPECT_GT(At(flow, kTimeouts), 5u);
  EXPECT_GT(At(flow, kSubsequentTimeouts), 0u);
  EXPECT_EQ(At(flow, kFastRetran), 0u);
  EXPECT_GE(At(flow, kPktsRetrans), At(flow, kTimeouts));
}

TEST(TcpFlow, LossesAreRetransmittedFast) {
  TcpFlowSettings settings;
  settings.out_unlimited = true;
  settings.loss = 0.001;
  settings.reordering = 0.001;
  TcpFlow flow(settings, 3, 0);
  flow.AdvanceTo(60 * kSecond);
  const double lost = static_cast<double>(At(flow, kDataSegsOut)) * settings.loss;
  EXPECT_NEAR(static_cast<double>(At(flow, kFastRetran)), lost, lost / 2);
  EXPECT_GE(At(flow, kDupAcksIn), 3 * At(flow, kFastRetran));
  EXPECT_GT(At(flow, kNonRecovDaEpisodes), 0u);
  EXPECT_GE(At(flow, kPreCongSumCwnd), 2 * 1460 * At(flow, kCongSignals));
  EXPECT_NEAR(static_cast<double>(At(flow, kPostCongCountRtt)),
              static_cast<double>(At(flow, kCongSignals)), 20);
}

TEST(TcpFlow, MarkedSegmentsAreNotRetransmitted) {
  TcpFlowSettings settings;
  settings.out_unlimited = settings.in_unlimited = true;
  settings.loss = 0.0005;
  settings.queue = 10;
  settings.ecn = true;
  TcpFlow flow(settings, 3, 0);
  flow.AdvanceTo(30 * kSecond);
  EXPECT_GT(At(flow, kEcnSignals), 0u);
  EXPECT_GT(At(flow, kCeRcvd), 0u);
  EXPECT_EQ(At(flow, kPktsRetrans), 0u);
}

TEST(TcpFlow, PausesShrinkTheWindow) {
  TcpFlowSettings settings;
  settings.out_unlimited = true;
  settings.busy_share = 0.2;
  settings.burst = 10;
  TcpFlow flow(settings, 3, 0);
  flow.AdvanceTo(600 * kSecond);
  EXPECT_GT(At(flow, kOtherReductions), 2u);
  EXPECT_GT(At(flow, kSndLimTrans + kLimitSnd), 2u);
  EXPECT_GT(Share(flow, kLimitSnd), 0.5);
}

TEST(TcpFlow, TheBandwidthIsFoundOut) {
  TcpFlowSettings settings;
  settings.out_unlimited = settings.in_unlimited = true;
  TcpFlow flow(settings, 3, 0);
  EXPECT_EQ(flow.Gauge(kOutboundBandwidth), 0);
  flow.AdvanceTo(60 * kSecond);
  EXPECT_NEAR(flow.Gauge(kOutboundBandwidth), settings.up * 8, settings.up);
  EXPECT_NEAR(flow.Gauge(kInboundBandwidth), settings.down * 8, settings.down);
  EXPECT_LT(flow.Gauge(kInboundInstability), settings.down);
}

// What one looks back at begins when one begins to look.
TEST(TcpFlow, RangesCanBeginAnew) {
  TcpFlowSettings settings;
  settings.mss = 1360;
  settings.out_unlimited = true;
  TcpFlow flow(settings, 3, 0);
  flow.AdvanceTo(10 * kSecond);
  EXPECT_EQ(flow.Range(kMssRange).high, 1460);
  EXPECT_EQ(flow.Range(kMssRange).low, 1360);
  flow.RestartRanges(kSndCongRangeEnd, kPathRangeEnd);
  EXPECT_EQ(flow.Range(kMssRange).high, 1360);
  EXPECT_EQ(flow.Range(kRttRange).low, flow.Gauge(kSampleRtt));
}

// Catching up a long time is bounded work.
TEST(TcpFlow, CatchesUpADay) {
  TcpFlowSettings settings;
  settings.out_unlimited = true;
  settings.loss = 0.01;
  settings.rtt = 0.0005;
  TcpFlow flow(settings, 3, 0);
  flow.AdvanceTo(86'400 * kSecond);
  ExpectConserved(flow, 86'400 * kSecond);
}

}  // namespace
}  // namespace farstat::sources::simulated
