#include "agent/sources/windows/ras_totals.h"

#include <gtest/gtest.h>

#include "common/clock.h"
#include "tests/support/manual_clock.h"

namespace farstat::sources::windows {
namespace {

class RasTotalsTest : public ::testing::Test {
 protected:
  // A reading after so long, that takes no time.
  void Read(absl::Duration after, uint32_t bytes_out, uint32_t duration_ms) {
    clock_.Advance(after);
    RasStats stats = {};
    stats.bytes_xmited = bytes_out;
    stats.frames_xmited = frames_out_ += 100;
    stats.connect_duration = duration_ms;
    totals_.Read(stats, signs_, {clock_.Steady(), clock_.Steady(), clock_.Wall()});
  }
  uint64_t bytes_out() const { return totals_.counter(0); }
  AccumulationHistory history() const { return totals_.history(); }

  testing::ManualClock clock_;
  RasCounterSigns signs_{100, 0, 0};
  RasTotals totals_;
  uint32_t frames_out_ = 5'000'000;
};

TEST_F(RasTotalsTest, FirstReadingIsTakenAsItIs) {
  Read(absl::ZeroDuration(), 4'000'000'000, 5'000'000);
  EXPECT_EQ(bytes_out(), 4'000'000'000u);
  EXPECT_EQ(totals_.connect_duration_ms(), 5'000'000u);
  EXPECT_EQ(history().resets, 0u);
}

// Pitfall 15.
TEST_F(RasTotalsTest, WrapIsAddedUp) {
  Read(absl::ZeroDuration(), 4'294'000'000, 50'000);
  Read(absl::Seconds(1), 500'000, 51'000);
  EXPECT_EQ(bytes_out(), (uint64_t{1} << 32) + 500'000);
  EXPECT_EQ(history().wraps, 1u);
  EXPECT_EQ(history().resets, 0u);
  EXPECT_FALSE(history().uncertain);
}

// Pitfall 15.
TEST_F(RasTotalsTest, GapThatIsTooLongMakesTotalsUncertain) {
  Read(absl::ZeroDuration(), 1'000, 1'000'000);
  Read(absl::Seconds(3), 2'000, 1'003'000);
  EXPECT_FALSE(history().uncertain) << "10 Gbit/s take 3.4 s for a round";
  Read(absl::Seconds(4), 3'000, 1'007'000);
  EXPECT_TRUE(history().uncertain);
}

TEST_F(RasTotalsTest, OwnClearingIsAResetAndTimeGoesOn) {
  Read(absl::ZeroDuration(), 4'294'000'000, 50'000);
  ++signs_.clearings;
  Read(absl::Seconds(1), 500'000, 51'000);
  EXPECT_EQ(bytes_out(), 4'294'500'000u);
  EXPECT_EQ(totals_.connect_duration_ms(), 51'000u);
  EXPECT_EQ(history().wraps, 0u);
  EXPECT_EQ(history().resets, 1u);
  EXPECT_FALSE(history().uncertain);
}

TEST_F(RasTotalsTest, ClearingBySomebodyElseIsSeenByItsFrames) {
  Read(absl::ZeroDuration(), 3'000'000'000, 50'000);
  // Bytes may well have gone round in a second. Frames cannot.
  frames_out_ = 0;
  Read(absl::Seconds(1), 500'000, 51'000);
  EXPECT_EQ(bytes_out(), 3'000'500'000u);
  EXPECT_EQ(history().resets, 1u);
  EXPECT_TRUE(history().uncertain);
}

TEST_F(RasTotalsTest, FallingDurationIsANewConnection) {
  Read(absl::ZeroDuration(), 4'294'000'000, 50'000);
  Read(absl::Seconds(1), 700, 300);
  EXPECT_EQ(bytes_out(), 4'294'000'700u);
  EXPECT_EQ(totals_.connect_duration_ms(), 50'300u);
  EXPECT_EQ(history().resets, 1u) << "one event, one reset";
  EXPECT_EQ(history().wraps, 0u);
}

TEST_F(RasTotalsTest, NewConnectionIsSeenAlsoWhenItIsOlderThanTheFormerWas) {
  Read(absl::ZeroDuration(), 4'294'000'000, 5'000);
  Read(absl::Seconds(60), 4'294'500'000, 40'000);
  EXPECT_EQ(bytes_out(), uint64_t{4'294'000'000} + 4'294'500'000);
  EXPECT_EQ(history().resets, 1u);
}

TEST_F(RasTotalsTest, DurationThatWrapsIsNoNewConnection) {
  Read(absl::ZeroDuration(), 1'000, 4'294'966'000);
  Read(absl::Seconds(2), 2'000, 704);
  EXPECT_EQ(bytes_out(), 2'000u);
  EXPECT_EQ(totals_.connect_duration_ms(), (uint64_t{1} << 32) + 704);
  EXPECT_EQ(history().resets, 0u);
  EXPECT_EQ(history().wraps, 1u);
}

TEST_F(RasTotalsTest, ServiceRestartIsANewConnectionWithTheSameHandle) {
  Read(absl::ZeroDuration(), 1'000, 500);
  signs_.service_start = 200;
  Read(absl::Seconds(2), 1'500, 1'100);
  EXPECT_EQ(bytes_out(), 2'500u);
  EXPECT_EQ(history().resets, 1u);
}

TEST_F(RasTotalsTest, WhatHasBeenUpForLongerIsNotNew) {
  Read(absl::ZeroDuration(), 1'000, 500'000);
  signs_.service_start = 200;
  ++signs_.times_down;
  Read(absl::Seconds(1), 1'500, 501'000);
  EXPECT_EQ(bytes_out(), 1'500u);
  EXPECT_EQ(history().resets, 0u);
}

TEST_F(RasTotalsTest, UnknownServiceStartSaysNothing) {
  Read(absl::ZeroDuration(), 1'000, 500);
  signs_.service_start = 0;
  Read(absl::Seconds(1), 1'500, 1'500);
  signs_.service_start = 100;
  Read(absl::Seconds(1), 1'600, 2'500);
  EXPECT_EQ(bytes_out(), 1'600u);
  EXPECT_EQ(history().resets, 0u);
}

TEST_F(RasTotalsTest, SlowCallsAreNoNewConnection) {
  RasStats stats = {};
  stats.bytes_xmited = 1'000;
  stats.connect_duration = 3'000;
  totals_.Read(stats, signs_, {clock_.Steady(), clock_.Steady(), clock_.Wall()});
  // Windows looked at the beginning of a call that took ten seconds.
  clock_.Advance(absl::Seconds(1));
  const SteadyTime before = clock_.Steady();
  clock_.Advance(absl::Seconds(10));
  stats.bytes_xmited = 1'500;
  stats.connect_duration = 4'000;
  totals_.Read(stats, signs_, {before, clock_.Steady(), clock_.Wall()});
  EXPECT_EQ(bytes_out(), 1'500u);
  EXPECT_EQ(history().resets, 0u);
}

}  // namespace
}  // namespace farstat::sources::windows
