#include "agent/sources/linux/event_times.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <vector>

namespace farstat::sources {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;
constexpr int64_t kTolerance = EventTimes::kToleranceMs;

LastEvents At(int64_t sent, int64_t received, int64_t acknowledged) {
  return {sent, received, acknowledged};
}

TEST(EventTimesTest, PublishesWhatItHearsFirst) {
  EventTimes times;
  const LastEvents events = times.Settle(1, At(kNow, kNow + 1, 0));
  EXPECT_EQ(events.data_sent, kNow);
  EXPECT_EQ(events.data_received, kNow + 1);
  EXPECT_EQ(events.ack_received, 0);
}

TEST(EventTimesTest, StandsStillInNoise) {
  EventTimes times;
  times.Settle(1, At(kNow, kNow, kNow));
  for (const int64_t noise : {kTolerance, -kTolerance, int64_t{3}, int64_t{0}}) {
    times.EndCollection();
    const LastEvents events = times.Settle(1, At(kNow + noise, kNow - noise, kNow));
    EXPECT_EQ(events.data_sent, kNow);
    EXPECT_EQ(events.data_received, kNow);
  }
}

// Small steps in one direction are kept back only as long as they stay near.
TEST(EventTimesTest, IsNeverWrongByMoreThanTheTolerance) {
  EventTimes times;
  for (int64_t now = kNow; now < kNow + 1000; now += 7) {
    const LastEvents events = times.Settle(1, At(now, 0, 0));
    EXPECT_LE(now - events.data_sent, kTolerance);
    times.EndCollection();
  }
}

TEST(EventTimesTest, TellsEveryEventByItself) {
  EventTimes times;
  times.Settle(1, At(kNow, 0, kNow));
  times.EndCollection();
  const LastEvents events = times.Settle(1, At(kNow + 1, kNow + 5, kNow + 1000));
  EXPECT_EQ(events.data_sent, kNow);
  EXPECT_EQ(events.data_received, kNow + 5);
  EXPECT_EQ(events.ack_received, kNow + 1000);
}

TEST(EventTimesTest, KeepsSocketsApart) {
  EventTimes times;
  times.Settle(1, At(kNow, 0, 0));
  EXPECT_EQ(times.Settle(2, At(kNow + 1, 0, 0)).data_sent, kNow + 1);
}

TEST(EventTimesTest, FindsSocketsWhateverTheirOrder) {
  EventTimes times;
  std::vector<uint64_t> cookies(2000);
  std::iota(cookies.begin(), cookies.end(), 1);
  std::mt19937_64 random(1);
  std::map<uint64_t, int64_t> published;
  for (int collection = 0; collection < 20; ++collection) {
    for (const uint64_t cookie : cookies) {
      const int64_t fresh = kNow + 1000 * static_cast<int64_t>(cookie) + collection % 5;
      const auto [first, is_new] = published.emplace(cookie, fresh);
      EXPECT_EQ(times.Settle(cookie, At(fresh, 0, 0)).data_sent, first->second) << is_new;
    }
    times.EndCollection();
    // Some change places, some go, and some are new.
    std::shuffle(cookies.begin(), cookies.begin() + 300, random);
    cookies.erase(cookies.begin() + 500, cookies.begin() + 520);
    for (uint64_t i = 0; i < 10; ++i) {
      cookies.insert(cookies.begin() + 100, 100'000 + 100 * static_cast<uint64_t>(collection) + i);
    }
  }
}

TEST(EventTimesTest, ForgetsSocketsThatAreGone) {
  EventTimes times;
  times.Settle(1, At(kNow, 0, 0));
  times.Settle(2, At(kNow, 0, 0));
  times.EndCollection();
  times.Settle(2, At(kNow, 0, 0));
  times.EndCollection();
  EXPECT_EQ(times.size(), 1u);
  EXPECT_EQ(times.Settle(1, At(kNow + 1, 0, 0)).data_sent, kNow + 1);
}

}  // namespace
}  // namespace farstat::sources
