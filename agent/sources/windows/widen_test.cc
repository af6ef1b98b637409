#include "agent/sources/windows/widen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace farstat::sources::windows {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t kRound = uint64_t{1} << 32;

Reading At(milliseconds time, uint64_t incarnation = 1) {
  return {incarnation, SteadyTime(time), absl::UnixEpoch() + absl::FromChrono(time)};
}

constexpr std::array<UnitsPerSecond, 1> kSlow = {1000};

TEST(WidenedCountersTest, BeginsWithWhatWindowsShows) {
  WidenedCounters<1> counters;
  EXPECT_EQ(counters.total(0), 0u);
  counters.Read({4000000000}, At(milliseconds(5000)), kSlow);
  EXPECT_EQ(counters.total(0), 4000000000u);
  EXPECT_EQ(counters.history().since, absl::UnixEpoch() + absl::Seconds(5));
  EXPECT_EQ(counters.history().wraps, 0u);
  EXPECT_EQ(counters.history().resets, 0u);
  EXPECT_FALSE(counters.history().uncertain);
}

TEST(WidenedCountersTest, CountsOnAcrossAWrap) {
  WidenedCounters<1> counters;
  counters.Read({0xFFFFFFF0}, At(milliseconds(0)), kSlow);
  counters.Read({0x00000010}, At(milliseconds(1000)), kSlow);
  EXPECT_EQ(counters.total(0), 0x100000010u);
  EXPECT_EQ(counters.history().wraps, 1u);
  EXPECT_EQ(counters.history().resets, 0u);
  EXPECT_FALSE(counters.history().uncertain);
}

TEST(WidenedCountersTest, AnotherIncarnationIsAResetWhateverTheValues) {
  for (const uint32_t value : {0u, 50u, 100u, 70000u}) {
    WidenedCounters<1> counters;
    counters.Read({100}, At(milliseconds(0), 1), kSlow);
    counters.Read({value}, At(milliseconds(1000), 2), kSlow);
    EXPECT_EQ(counters.total(0), 100u + value);
    EXPECT_EQ(counters.history().resets, 1u);
    EXPECT_EQ(counters.history().wraps, 0u);
  }
}

TEST(WidenedCountersTest, AFallThatIsTooFastForAWrapWasAClear) {
  WidenedCounters<1> counters;
  counters.Read({100000}, At(milliseconds(0)), kSlow);
  counters.Read({20}, At(milliseconds(1000)), kSlow);
  EXPECT_EQ(counters.total(0), 100020u);
  EXPECT_EQ(counters.history().resets, 1u);
  EXPECT_EQ(counters.history().wraps, 0u);
  EXPECT_TRUE(counters.history().uncertain);
}

TEST(WidenedCountersTest, OneClearedCounterMeansThatAllWere) {
  WidenedCounters<2> counters;
  counters.Read({100000, 5}, At(milliseconds(0)), {1000, 1000});
  counters.Read({20, 7}, At(milliseconds(1000)), {1000, 1000});
  EXPECT_EQ(counters.total(0), 100020u);
  EXPECT_EQ(counters.total(1), 12u);
  EXPECT_EQ(counters.history().resets, 1u);
}

TEST(WidenedCountersTest, GapLongEnoughForAWholeRoundIsUncertain) {
  const std::array<UnitsPerSecond, 1> gigabit = {125e6};
  WidenedCounters<1> counters;
  counters.Read({0}, At(milliseconds(0)), gigabit);
  counters.Read({10}, At(milliseconds(34000)), gigabit);
  EXPECT_FALSE(counters.history().uncertain);
  counters.Read({20}, At(milliseconds(34000 + 35000)), gigabit);
  EXPECT_TRUE(counters.history().uncertain);
}

TEST(WidenedCountersTest, CountersThatStandStillAreCertainAfterAnyGap) {
  WidenedCounters<2> counters;
  counters.Read({7, 0}, At(milliseconds(0)), {1e9, 1e9});
  counters.Read({7, 0}, At(milliseconds(3600000)), {1e9, 1e9});
  EXPECT_FALSE(counters.history().uncertain);
  EXPECT_EQ(counters.total(0), 7u);
  // A service whose restart nobody noticed, and that has counted nothing since.
  counters.Read({0, 0}, At(milliseconds(7200000), 2), {1e9, 1e9});
  EXPECT_FALSE(counters.history().uncertain);
  EXPECT_EQ(counters.total(0), 7u);
}

TEST(WidenedCountersTest, AFallAfterALongGapInventsNoRound) {
  WidenedCounters<2> counters;
  counters.Read({5, 100}, At(milliseconds(0)), {1e7, 1e7});
  counters.Read({0, 300}, At(milliseconds(600000)), {1e7, 1e7});
  EXPECT_EQ(counters.total(0), 5u);
  EXPECT_EQ(counters.total(1), 300u) << "not begun anew: it may be the other one that went round";
  EXPECT_EQ(counters.history().wraps, 0u);
  EXPECT_EQ(counters.history().resets, 1u);
  EXPECT_TRUE(counters.history().uncertain);
}

TEST(WrapTimeTest, IsTheTimeOfOneRound) {
  EXPECT_NEAR(absl::ToDoubleSeconds(WrapTime(125e6)), 34.4, 0.1);
  EXPECT_NEAR(absl::ToDoubleHours(WrapTime(1000)) / 24, 49.7, 0.1);
  EXPECT_EQ(WrapTime(0), absl::InfiniteDuration());
}

TEST(AccumulationHistoryTest, MergesAndFills) {
  AccumulationHistory history{absl::FromUnixSeconds(10), 1, 2, false};
  history.Merge({absl::FromUnixSeconds(20), 3, 4, true});
  v1::Accumulation message;
  history.Fill(message);
  EXPECT_EQ(message.since().seconds(), 20);
  EXPECT_EQ(message.wraps(), 4u);
  EXPECT_EQ(message.resets(), 6u);
  EXPECT_TRUE(message.uncertain());
}

// An ideal source: counts in 64 bits what Windows would show in 32, at any rate up to the bound.
class IdealCounter {
 public:
  IdealCounter(std::mt19937_64& random, double bound) : random_(random), bound_(bound) {}

  void Pass(milliseconds time) {
    // Long times at a fraction of the bound, often none or all of it.
    const int kind = static_cast<int>(random_() % 4);
    const double share = kind == 0   ? 0
                         : kind == 1 ? 1
                                     : std::uniform_real_distribution<double>(0, 1)(random_);
    const double seconds = std::chrono::duration<double>(time).count();
    since_restart_ += static_cast<uint64_t>(seconds * bound_ * share);
  }
  void Restart() {
    lost_or_final_ += since_restart_;
    since_restart_ = 0;
  }
  void StartAt(uint64_t value) { since_restart_ = value; }
  uint32_t shown() const { return static_cast<uint32_t>(since_restart_); }
  uint64_t since_restart() const { return since_restart_; }
  uint64_t ever() const { return lost_or_final_ + since_restart_; }

 private:
  std::mt19937_64& random_;
  const double bound_;
  uint64_t since_restart_ = 0;
  uint64_t lost_or_final_ = 0;
};

// What a reader at its sampling times can know at best: what was read last of each incarnation.
struct BestKnowledge {
  uint64_t of_ended = 0;
  uint64_t of_current = 0;
  uint64_t wraps = 0;
  uint64_t total() const { return of_ended + of_current; }
};

struct Schedule {
  bool restarts = false;       // told by the incarnation
  bool gaps_too_long = false;  // some longer than a round
};

// One random life of two counters, read at random times; each reading is compared with the ideal.
// Adds the wraps that were seen.
void RunSchedule(uint64_t seed, const Schedule& schedule, uint64_t& seen_wraps) {
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const std::array<UnitsPerSecond, 2> bounds = {
      std::exp2(std::uniform_real_distribution<double>(10, 31)(random)), 1000};
  std::array<IdealCounter, 2> ideal = {IdealCounter(random, bounds[0]),
                                       IdealCounter(random, bounds[1])};
  ideal[0].StartAt(random() % kRound);
  const auto round = absl::ToInt64Milliseconds(std::min(absl::Hours(24 * 40), WrapTime(bounds[0])));
  std::array<BestKnowledge, 2> best;
  WidenedCounters<2> counters;
  milliseconds now(1);
  uint64_t incarnation = random();
  bool any_gap_too_long = false;
  std::array<uint32_t, 2> shown_before = {};
  uint64_t resets = 0;

  const int readings = 2 + static_cast<int>(random() % 60);
  for (int n = 0; n < readings; ++n) {
    int64_t limit = std::max<int64_t>(2, round);
    if (schedule.gaps_too_long && random() % 8 == 0) limit *= 3;
    const milliseconds gap(1 + static_cast<int64_t>(random() % static_cast<uint64_t>(limit - 1)));
    const bool restart = schedule.restarts && n > 0 && random() % 5 == 0;
    const milliseconds before_restart(
        restart ? static_cast<int64_t>(random() % static_cast<uint64_t>(gap.count())) : 0);
    if (restart) {
      for (IdealCounter& counter : ideal) {
        counter.Pass(before_restart);
        counter.Restart();
      }
      ++incarnation;
      ++resets;
    }
    if (n > 0) {
      for (IdealCounter& counter : ideal) counter.Pass(gap - before_restart);
    }
    now += gap;
    for (size_t i = 0; i < ideal.size(); ++i) {
      const bool moved = ideal[i].shown() != (restart ? 0 : shown_before[i]);
      if (n > 0 && moved && CanWrapUnseen(gap, bounds[i])) any_gap_too_long = true;
      shown_before[i] = ideal[i].shown();
    }

    counters.Read({ideal[0].shown(), ideal[1].shown()}, At(now, incarnation), bounds);
    uint64_t wraps = 0;
    for (size_t i = 0; i < ideal.size(); ++i) {
      if (restart) {
        best[i].of_ended += best[i].of_current;
        best[i].of_current = 0;
      }
      const uint64_t seen = ideal[i].since_restart();
      best[i].wraps += seen / kRound - best[i].of_current / kRound;
      best[i].of_current = seen;
      wraps += best[i].wraps;
    }
    if (any_gap_too_long) {
      ASSERT_TRUE(counters.history().uncertain);
      ASSERT_LE(counters.total(0), ideal[0].ever());
      ASSERT_LE(counters.total(1), ideal[1].ever());
      continue;
    }
    ASSERT_EQ(counters.total(0), best[0].total());
    ASSERT_EQ(counters.total(1), best[1].total());
    ASSERT_EQ(counters.history().wraps, wraps);
    ASSERT_EQ(counters.history().resets, resets);
    ASSERT_FALSE(counters.history().uncertain);
  }
  seen_wraps += counters.history().wraps;
}

// Runs many schedules; they must not be without the wraps that they are about.
void RunSchedules(uint64_t count, const Schedule& schedule) {
  uint64_t seen_wraps = 0;
  for (uint64_t seed = 0; seed < count; ++seed) RunSchedule(seed, schedule, seen_wraps);
  EXPECT_GT(seen_wraps, count);
}

TEST(WidenedCountersPropertyTest, EqualsAnIdealCounterAcrossWraps) { RunSchedules(4000, {}); }

TEST(WidenedCountersPropertyTest, LosesAtARestartOnlyWhatNobodyCouldRead) {
  RunSchedules(4000, {true, false});
}

TEST(WidenedCountersPropertyTest, SaysWhenAWrapCouldHaveBeenMissed) {
  RunSchedules(2000, {true, true});
}

// Somebody clears the counters, and nothing tells: a total may miss something, but it never jumps.
TEST(WidenedCountersPropertyTest, UntoldClearsNeverInventAnything) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const std::array<UnitsPerSecond, 1> bounds = {1e6};
    IdealCounter ideal(random, bounds[0]);
    WidenedCounters<1> counters;
    milliseconds now(1);
    uint64_t last_total = 0;
    bool cleared = false;
    for (int n = 0; n < 60; ++n) {
      const milliseconds gap(1 + static_cast<int64_t>(random() % 10000));
      ideal.Pass(gap / 2);
      if (n > 0 && random() % 6 == 0) {
        ideal.Restart();
        cleared = true;
      }
      ideal.Pass(gap / 2);
      now += gap;
      counters.Read({ideal.shown()}, At(now), bounds);
      ASSERT_GE(counters.total(0), last_total);
      ASSERT_LE(counters.total(0), ideal.ever());
      ASSERT_EQ(counters.history().wraps, 0u);
      if (!cleared) {
        ASSERT_EQ(counters.total(0), ideal.ever());
      }
      last_total = counters.total(0);
    }
  }
}

}  // namespace
}  // namespace farstat::sources::windows
