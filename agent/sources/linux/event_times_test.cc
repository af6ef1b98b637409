#include "agent/sources/linux/event_times.h"

#include <gtest/gtest.h>

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

TEST(EventTimesTest, ForgetsSocketsThatAreGone) {
  EventTimes times;
  for (uint64_t collection = 0; collection < 100; ++collection) {
    for (uint64_t cookie = 0; cookie < 1000; ++cookie) {
      times.Settle(collection * 1000 + cookie, At(kNow, 0, 0));
    }
    times.EndCollection();
    EXPECT_LT(times.size(), 5000u);
  }
}

}  // namespace
}  // namespace farstat::sources
