#include "agent/feed/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "common/mutex.h"
#include "tests/support/manual_clock.h"
#include "tests/support/test_rows.h"

namespace farstat::feed {
namespace {

using farstat::testing::EncodedTestRow;
using farstat::testing::kAllTestParts;
using farstat::testing::kDataPart;
using farstat::testing::kPathPart;
using farstat::testing::ManualClock;
using farstat::testing::TestReader;
using farstat::testing::TestRow;

// A source whose collections are counted and can be made to fail.
struct FakeSource {
  int collections = 0;
  PartMask newest_parts = 0;
  Demands newest_demands;
  absl::Status status;
  absl::Duration revisit_within = absl::InfiniteDuration();
  std::vector<TestRow> rows = {{1}, {2}};
  std::function<void()> while_collecting = [] {};

  Collect AsCollect() {
    return [this](const Demands& demands, absl::FunctionRef<void(const RowInput&)> put) {
      ++collections;
      newest_parts = demands.parts();
      newest_demands = demands;
      for (const TestRow& row : rows) put(EncodedTestRow(row, demands.parts()).input());
      while_collecting();
      return Collected{status, absl::OkStatus(), 3, 0, true, revisit_within};
    };
  }
};

class FeedTest : public ::testing::Test {
 protected:
  FeedTest() {
    Feed::Options options;
    options.run_thread = false;
    feed_.emplace(source_.AsCollect(), clock_, options);
  }
  // Lets time pass in steps of the grid.
  void Run(absl::Duration duration) {
    for (absl::Duration passed; passed < duration; passed += absl::Milliseconds(100)) {
      clock_.Advance(absl::Milliseconds(100));
      feed_->RunDue();
    }
  }

  ManualClock clock_;
  FakeSource source_;
  std::optional<Feed> feed_;
};

TEST_F(FeedTest, CollectsNothingWhenNobodyListens) {
  EXPECT_EQ(feed_->RunDue(), SteadyTime::max()) << "it would even sleep without a time-out";
  Run(absl::Minutes(5));
  EXPECT_EQ(source_.collections, 0);
}

TEST_F(FeedTest, FirstTickComesAtOnceThenByInterval) {
  int ticks = 0;
  const auto subscription = feed_->Subscribe(kAllTestParts, absl::Seconds(1), [&] { ++ticks; });
  feed_->RunDue();
  EXPECT_EQ(ticks, 1);
  Run(absl::Seconds(10));
  EXPECT_EQ(ticks, 11);
  EXPECT_EQ(source_.collections, 11);
}

TEST_F(FeedTest, OneCollectionServesAllSubscribers) {
  int ticks = 0;
  std::vector<std::unique_ptr<Feed::Subscription>> subscriptions;
  for (int i = 0; i < 50; ++i) {
    subscriptions.push_back(feed_->Subscribe(1, absl::Seconds(1), [&] { ++ticks; }));
  }
  feed_->RunDue();
  Run(absl::Seconds(5));
  EXPECT_EQ(source_.collections, 6);
  EXPECT_EQ(ticks, 50 * 6);
}

TEST_F(FeedTest, SlowerSubscriberSharesTheTicksOfAFasterOne) {
  int fast = 0;
  int slow = 0;
  const auto a = feed_->Subscribe(1, absl::Seconds(1), [&] { ++fast; });
  const auto b = feed_->Subscribe(1, absl::Seconds(5), [&] { ++slow; });
  feed_->RunDue();
  Run(absl::Seconds(20));
  EXPECT_EQ(fast, 21);
  EXPECT_EQ(slow, 5);
  EXPECT_EQ(source_.collections, 21);
  EXPECT_EQ(feed_->status().interval, absl::Seconds(1));
}

TEST_F(FeedTest, TicksOfAnotherPhaseFallBetween) {
  FakeSource elsewhere;
  Feed::Options options;
  options.run_thread = false;
  options.phase = absl::Milliseconds(30);
  Feed other(elsewhere.AsCollect(), clock_, options);
  const auto here = feed_->Subscribe(1, absl::Seconds(1), [] {});
  const auto there = other.Subscribe(1, absl::Seconds(1), [] {});
  feed_->RunDue();
  other.RunDue();
  for (int step = 0; step < 500; ++step) {
    const int before = source_.collections + elsewhere.collections;
    clock_.Advance(absl::Milliseconds(10));
    feed_->RunDue();
    other.RunDue();
    EXPECT_LE(source_.collections + elsewhere.collections, before + 1) << "at the same time";
  }
  EXPECT_GE(source_.collections, 5);
  EXPECT_GE(elsewhere.collections, 5);
}

TEST_F(FeedTest, DemandIsTheUnionAndShrinks) {
  auto data = feed_->Subscribe(1 | 1 << kDataPart, absl::Seconds(1), [] {});
  auto path = feed_->Subscribe(1 | 1 << kPathPart, absl::Seconds(1), [] {});
  feed_->RunDue();
  EXPECT_EQ(source_.newest_parts, kAllTestParts);
  path.reset();
  Run(absl::Seconds(1));
  EXPECT_EQ(source_.newest_parts, PartMask{1 | 1 << kDataPart});
  data.reset();
  const int collections = source_.collections;
  Run(absl::Seconds(10));
  EXPECT_EQ(source_.collections, collections);
}

TEST_F(FeedTest, FiltersAreDemandedAsLongAsTheyAreWatched) {
  constexpr PartMask kData = 1 << kDataPart;
  const auto only = [](char state) {
    return std::make_shared<const Filter>(
        std::string(1, state), [state](absl::string_view facts) { return facts[0] == state; });
  };
  const auto basic = feed_->Subscribe(1, absl::Seconds(1), [] {});
  auto a = feed_->Subscribe({1 | kData, only('a')}, absl::Seconds(1), [] {});
  auto b = feed_->Subscribe({1 | kData, only('b')}, absl::Seconds(5), [] {});
  feed_->RunDue();
  EXPECT_EQ(source_.newest_demands.PartsOf("a"), 1 | kData);
  EXPECT_EQ(source_.newest_demands.PartsOf("b"), 1 | kData);
  EXPECT_EQ(source_.newest_demands.PartsOf("c"), PartMask{1});
  b.reset();
  Run(absl::Seconds(1));
  EXPECT_EQ(source_.newest_demands.PartsOf("b"), PartMask{1});
  EXPECT_EQ(source_.newest_demands.PartsOf("a"), 1 | kData);
  a.reset();
  Run(absl::Seconds(1));
  EXPECT_EQ(source_.newest_parts, PartMask{1});
}

TEST_F(FeedTest, MaxAgeIsNotServedFromRowsThatWereCollectedForAnotherFilter) {
  const auto only = [](char state) {
    return std::make_shared<const Filter>(std::string(1, state),
                                          [](absl::string_view) { return true; });
  };
  int done = 0;
  const auto count = [&](const absl::Status&) { ++done; };
  feed_->Refresh({1, only('a')}, absl::ZeroDuration(), count);
  feed_->RunDue();
  clock_.Advance(absl::Seconds(1));
  feed_->Refresh({1, only('a')}, absl::Minutes(1), count);
  EXPECT_EQ(done, 2) << "the same filter: answered at once";
  feed_->Refresh({1, only('b')}, absl::Minutes(1), count);
  EXPECT_EQ(done, 2);
  feed_->RunDue();
  EXPECT_EQ(done, 3);
  EXPECT_EQ(source_.collections, 2);
}

TEST_F(FeedTest, WaitingCallersShareACollection) {
  int done = 0;
  for (int i = 0; i < 10; ++i) {
    feed_->Refresh(1, absl::ZeroDuration(), [&](const absl::Status& status) {
      EXPECT_TRUE(status.ok());
      ++done;
    });
  }
  EXPECT_EQ(done, 0);
  feed_->RunDue();
  EXPECT_EQ(done, 10);
  EXPECT_EQ(source_.collections, 1);
}

TEST_F(FeedTest, MaxAgeIsServedFromTheNewestTick) {
  int done = 0;
  const auto count = [&](const absl::Status&) { ++done; };
  feed_->Refresh(kAllTestParts, absl::ZeroDuration(), count);
  feed_->RunDue();
  clock_.Advance(absl::Seconds(3));
  feed_->Refresh(1, absl::Seconds(5), count);
  EXPECT_EQ(done, 2) << "answered at once";
  EXPECT_EQ(source_.collections, 1);
  feed_->Refresh(1, absl::Seconds(2), count);
  EXPECT_EQ(done, 2) << "too old";
  feed_->RunDue();
  EXPECT_EQ(done, 3);
  EXPECT_EQ(source_.collections, 2);
  feed_->Refresh(kAllTestParts, absl::Hours(1), count);
  feed_->RunDue();
  EXPECT_EQ(source_.collections, 2) << "too soon after the one before";
  clock_.Advance(absl::Milliseconds(20));
  feed_->RunDue();
  EXPECT_EQ(source_.collections, 3) << "the newest tick has not all the parts";
}

TEST_F(FeedTest, FailureIsToldAndRecoveredFrom) {
  int ticks = 0;
  std::vector<bool> observed;
  feed_->ObserveCondition(
      [&](const Condition& condition) { observed.push_back(condition.status.ok()); });
  const auto subscription = feed_->Subscribe(1, absl::Seconds(1), [&] { ++ticks; });
  feed_->RunDue();
  source_.status = absl::UnavailableError("stopped");
  Run(absl::Seconds(2));
  EXPECT_EQ(ticks, 3);
  EXPECT_TRUE(feed_->status().condition.stale);
  EXPECT_EQ(feed_->status().failed_collections, 2u);
  source_.status = absl::OkStatus();
  Run(absl::Seconds(1));
  EXPECT_FALSE(feed_->status().condition.stale);
  EXPECT_THAT(observed, ::testing::ElementsAre(true, false, true));
}

TEST_F(FeedTest, IdleFeedForgetsItsRows) {
  feed_->Refresh(1, absl::ZeroDuration(), [](const absl::Status&) {});
  feed_->RunDue();
  EXPECT_GT(feed_->status().row_bytes, 0u);
  Run(absl::Minutes(2));
  EXPECT_EQ(feed_->status().row_bytes, 0u);
  EXPECT_EQ(feed_->RunDue(), SteadyTime::max());
}

TEST_F(FeedTest, StopAnswersThoseWhoWait) {
  absl::Status answer;
  feed_->Refresh(1, absl::ZeroDuration(), [&](const absl::Status& status) { answer = status; });
  feed_->Stop();
  EXPECT_EQ(answer.code(), absl::StatusCode::kUnavailable);
  feed_->Refresh(1, absl::ZeroDuration(), [&](const absl::Status& status) { answer = status; });
  EXPECT_EQ(answer.code(), absl::StatusCode::kUnavailable);
}

TEST_F(FeedTest, NudgeIsATickForEverybodyAtOnce) {
  int fast = 0;
  int slow = 0;
  const auto a = feed_->Subscribe(1, absl::Seconds(1), [&] { ++fast; });
  const auto b = feed_->Subscribe(1, absl::Minutes(5), [&] { ++slow; });
  feed_->RunDue();
  clock_.Advance(absl::Milliseconds(300));
  feed_->RunDue();
  EXPECT_EQ(source_.collections, 1) << "nobody is due";
  feed_->Nudge();
  feed_->RunDue();
  EXPECT_EQ(source_.collections, 2);
  EXPECT_EQ(fast, 2);
  EXPECT_EQ(slow, 2);
  Run(absl::Seconds(2));
  EXPECT_EQ(fast, 4) << "its own ticks go on";
  EXPECT_EQ(slow, 2);
}

TEST_F(FeedTest, NudgesCloseTogetherShareACollection) {
  const auto subscription = feed_->Subscribe(1, absl::Minutes(1), [] {});
  feed_->RunDue();
  for (int millisecond = 0; millisecond < 1000; ++millisecond) {
    clock_.Advance(absl::Milliseconds(1));
    feed_->Nudge();
    feed_->RunDue();
  }
  EXPECT_EQ(source_.collections, 1 + 1000 / 200) << "the source rests 200 ms";
}

TEST_F(FeedTest, NudgesLeaveASlowSourceAloneForAsLongAsItTook) {
  source_.while_collecting = [&] { clock_.Advance(absl::Seconds(3)); };
  const auto subscription = feed_->Subscribe(1, absl::Minutes(10), [] {});
  feed_->RunDue();
  for (int tenth = 0; tenth < 29; ++tenth) {
    feed_->Nudge();
    clock_.Advance(absl::Milliseconds(100));
    feed_->RunDue();
  }
  EXPECT_EQ(source_.collections, 1);
  clock_.Advance(absl::Milliseconds(100));
  feed_->RunDue();
  EXPECT_EQ(source_.collections, 2);
}

TEST_F(FeedTest, NudgeDuringACollectionIsNotLost) {
  int ticks = 0;
  const auto subscription = feed_->Subscribe(1, absl::Minutes(1), [&] { ++ticks; });
  source_.while_collecting = [&] { feed_->Nudge(); };
  feed_->RunDue();
  source_.while_collecting = [] {};
  EXPECT_EQ(ticks, 1);
  clock_.Advance(absl::Milliseconds(200));
  feed_->RunDue();
  EXPECT_EQ(ticks, 2) << "what changed may have been read before it changed";
  Run(absl::Seconds(5));
  EXPECT_EQ(ticks, 2);
}

TEST_F(FeedTest, NudgeIsNothingToAFeedThatNobodyWatches) {
  feed_->Nudge();
  EXPECT_EQ(feed_->RunDue(), SteadyTime::max());
  feed_->Refresh(1, absl::ZeroDuration(), [](const absl::Status&) {});
  feed_->RunDue();
  feed_->Nudge();
  Run(absl::Seconds(10));
  EXPECT_EQ(source_.collections, 1);
  auto subscription = feed_->Subscribe(1, absl::Minutes(1), [] {});
  Run(absl::Seconds(1));
  feed_->Nudge();
  subscription.reset();
  Run(absl::Seconds(10));
  EXPECT_EQ(source_.collections, 2) << "the one who would have been told is gone";
}

TEST_F(FeedTest, CollectsAgainWithinTheTimeThatTheSourceAsksFor) {
  int ticks = 0;
  source_.revisit_within = absl::Seconds(8);
  TestReader reader({});
  const auto subscription = feed_->Subscribe(1 | 1 << kDataPart, absl::Minutes(1), [&] {
    ++ticks;
    reader.CatchUp(feed_->table());
  });
  feed_->RunDue();
  EXPECT_EQ(feed_->status().interval, absl::Seconds(8));
  SteadyTime before = clock_.Steady();
  int collections = 1;
  absl::Duration longest;
  for (int step = 0; step < 600; ++step) {
    source_.rows[0].data = step;
    Run(absl::Milliseconds(100));
    if (source_.collections == collections) continue;
    longest = std::max(longest, absl::FromChrono(clock_.Steady() - before));
    before = clock_.Steady();
    collections = source_.collections;
  }
  EXPECT_EQ(longest, absl::Seconds(8));
  EXPECT_EQ(source_.newest_parts, PartMask{1 | 1 << kDataPart}) << "all that is watched";
  EXPECT_EQ(ticks, 2) << "at its interval, and not by the collections between";
  v1::TcpConnection row;
  ASSERT_TRUE(row.ParseFromString(reader.rows().at(1)));
  EXPECT_EQ(row.data().segments_in(), 599u) << "the newest, whatever came between";
}

TEST_F(FeedTest, NobodyWatchesSoNobodyRevisits) {
  source_.revisit_within = absl::Seconds(8);
  auto subscription = feed_->Subscribe(1, absl::Minutes(1), [] {});
  Run(absl::Seconds(1));
  subscription.reset();
  Run(absl::Seconds(60));
  EXPECT_EQ(source_.collections, 1);
}

TEST_F(FeedTest, RevisitsAreSpacedToo) {
  source_.revisit_within = absl::ZeroDuration();
  const auto subscription = feed_->Subscribe(1, absl::Minutes(1), [] {});
  for (int millisecond = 0; millisecond < 1000; ++millisecond) {
    feed_->RunDue();
    clock_.Advance(absl::Milliseconds(1));
  }
  EXPECT_EQ(source_.collections, 1000 / 20);
}

// Rows of some keys; filters that are equal without being the same object.
Selection OnlyKeys(unsigned remainder) {
  Selection selection;
  selection.filter = std::make_shared<const Filter>(
      std::to_string(remainder),
      [remainder](absl::string_view facts) { return facts[0] % 2u == remainder; });
  return selection;
}

// With its thread, under load from many sides; the point is what ThreadSanitizer says.
TEST(FeedThreadTest, SubscribersComeAndGoWhileItTicks) {
  std::atomic<int> value{0};
  const Collect collect = [&](const Demands& demands,
                              absl::FunctionRef<void(const RowInput&)> put) {
    const int now = ++value;
    for (int key = 0; key < 50; ++key) {
      put(EncodedTestRow({key, key % 3, now / (key + 1)}, demands.parts()).input());
    }
    Collected collected;
    collected.revisit_within = absl::Milliseconds(25);
    return collected;
  };
  Feed::Options options;
  options.grid = absl::Milliseconds(1);
  Feed feed(collect, SystemClock(), options);
  std::vector<std::thread> threads;
  std::atomic<int> complete{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&feed, &complete, i] {
      std::mt19937 random(static_cast<unsigned>(i));
      for (int round = 0; round < 20; ++round) {
        Mutex mutex;
        ConditionVariable ticked;
        int ticks = 0;
        const auto subscription =
            feed.Subscribe(kAllTestParts, absl::Milliseconds(1 + random() % 5), [&] {
              MutexLock lock(mutex);
              ++ticks;
              ticked.notify_all();
            });
        TestReader reader(round % 2 == 0 ? Selection() : OnlyKeys(0));
        for (int wanted = 1; wanted <= 5; ++wanted) {
          {
            MutexLock lock(mutex);
            while (ticks < wanted) ticked.wait(mutex);
          }
          if (reader.Read(feed.table(), 500 + random() % 2 * 4000).complete) ++complete;
          const SnapshotPtr snapshot = feed.table().TakeSnapshot(OnlyKeys(random() % 2));
          feed.table().TakePage(snapshot, {0, 2000, 100});
        }
        feed.Refresh(1, absl::Milliseconds(random() % 3), [](const absl::Status&) {});
        feed.Nudge();
        feed.status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(complete, 0);
  feed.Stop();
}

TEST(FeedThreadTest, NudgeWakesTheSampler) {
  std::atomic<int> collections{0};
  const Collect collect = [&](const Demands&, absl::FunctionRef<void(const RowInput&)>) {
    ++collections;
    return Collected{};
  };
  Feed feed(collect, SystemClock(), {});
  Mutex mutex;
  ConditionVariable ticked;
  int ticks = 0;
  const auto subscription = feed.Subscribe(1, absl::Hours(1), [&] {
    MutexLock lock(mutex);
    ++ticks;
    ticked.notify_all();
  });
  std::vector<std::thread> threads;
  std::atomic<bool> enough{false};
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!enough) {
        feed.Nudge();
        std::this_thread::yield();
      }
    });
  }
  {
    MutexLock lock(mutex);
    while (ticks < 5) ticked.wait(mutex);
  }
  enough = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(collections, 5);
}

}  // namespace
}  // namespace farstat::feed
