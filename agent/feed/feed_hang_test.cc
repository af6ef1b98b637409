// A source that takes long, hangs, hangs again, and recovers; all under a clock that the test
// moves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "agent/feed/feed.h"
#include "common/mutex.h"
#include "common/status.h"
#include "tests/support/manual_clock.h"
#include "tests/support/test_rows.h"

namespace farstat::feed {
namespace {

using farstat::testing::EncodedTestRow;
using farstat::testing::kAllTestParts;
using farstat::testing::ManualClock;
using farstat::testing::TestReader;
using farstat::testing::TestRow;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A feed whose collections end when the test says so.
class FeedHangTest : public ::testing::Test {
 protected:
  FeedHangTest() {
    Feed::Options options;
    options.run_thread = false;
    options.run_collection = [this](std::function<void()> collection) {
      ++begun_;
      on_its_way_ = std::move(collection);
      if (!hangs_) Return();
    };
    options.thread_cpu_time = [this] { return cpu_time_; };
    feed_.emplace(
        [this](const Demands& demands, absl::FunctionRef<void(const RowInput&)> put) {
          put(EncodedTestRow({1, 5, reading_++}, demands.parts()).input());
          cpu_time_ += cost_;
          return Collected{status_, absl::OkStatus(), 1, 0};
        },
        clock_, options);
    feed_->ObserveCondition(
        [this](const Condition& condition) { observed_.push_back(!condition.stale); });
  }

  // The collection that is on its way ends.
  void Return() { std::exchange(on_its_way_, nullptr)(); }
  // The same, and is noticed.
  void ReturnAndRun() {
    Return();
    feed_->RunDue();
  }
  // Lets time pass in steps of the grid.
  void Run(absl::Duration duration) {
    for (absl::Duration passed; passed < duration; passed += absl::Milliseconds(100)) {
      clock_.Advance(absl::Milliseconds(100));
      feed_->RunDue();
    }
  }
  std::unique_ptr<Feed::Subscription> Subscribe() {
    return feed_->Subscribe(kAllTestParts, absl::Seconds(1), [this] { ++ticks_; });
  }
  // What a caller is told, if it has been told anything.
  std::shared_ptr<std::optional<absl::Status>> Ask(absl::Duration max_age,
                                                   SteadyTime give_up = SteadyTime::max()) {
    auto answer = std::make_shared<std::optional<absl::Status>>();
    feed_->Refresh(
        kAllTestParts, max_age, [answer](absl::Status status) { *answer = std::move(status); },
        give_up);
    return answer;
  }
  void ExpectHung(const std::optional<absl::Status>& answer) {
    ASSERT_TRUE(answer.has_value()) << "it waits";
    EXPECT_EQ(answer->code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ErrorInfoOf(*answer).reason(), kSourceHung);
    EXPECT_NE(ErrorInfoOf(*answer).metadata().at("since"), "");
  }

  ManualClock clock_;
  bool hangs_ = false;
  int begun_ = 0;
  int reading_ = 0;
  int ticks_ = 0;
  absl::Status status_;
  absl::Duration cpu_time_;
  absl::Duration cost_;
  std::vector<bool> observed_;
  std::function<void()> on_its_way_;
  std::optional<Feed> feed_;
};

TEST_F(FeedHangTest, HangIsToldWhileItLasts) {
  const auto subscription = Subscribe();
  feed_->RunDue();
  ASSERT_EQ(ticks_, 1);
  hangs_ = true;
  Run(absl::Seconds(1));
  const absl::Time since = clock_.Wall();
  Run(absl::Milliseconds(9'900));
  EXPECT_EQ(ticks_, 1);
  EXPECT_EQ(feed_->status().state, SourceState::kSlow);
  EXPECT_THAT(observed_, ElementsAre(true));
  Run(absl::Milliseconds(100));
  EXPECT_EQ(ticks_, 2) << "subscribers are told";
  EXPECT_THAT(observed_, ElementsAre(true, false)) << "and so is health";
  const FeedStatus status = feed_->status();
  EXPECT_EQ(status.state, SourceState::kHung);
  EXPECT_EQ(status.hung_collections, 1u);
  EXPECT_EQ(status.running_for, absl::Seconds(10));
  EXPECT_TRUE(status.condition.stale);
  EXPECT_EQ(status.condition.since, since);
  EXPECT_EQ(ErrorInfoOf(status.condition.status).reason(), kSourceHung);
  EXPECT_EQ(feed_->table().TakeSnapshot({})->rows.size(), 1u) << "the last good rows stay";
  Run(absl::Minutes(10));
  EXPECT_EQ(begun_, 2) << "one call hangs, no more are made";
}

TEST_F(FeedHangTest, CallThatReturnsLatePublishesItsRows) {
  const auto subscription = Subscribe();
  hangs_ = true;
  feed_->RunDue();
  Run(absl::Minutes(3));
  EXPECT_EQ(feed_->status().state, SourceState::kHung);
  hangs_ = false;
  ReturnAndRun();
  EXPECT_THAT(observed_, ElementsAre(false, true));
  EXPECT_TRUE(feed_->status().condition.status.ok());
  EXPECT_EQ(feed_->table().TakeSnapshot({})->rows.size(), 1u);
  Run(absl::Seconds(1));
  EXPECT_EQ(feed_->status().state, SourceState::kOk);
}

TEST_F(FeedHangTest, LateFailureIsAFailureAndNoHangAnyMore) {
  const auto subscription = Subscribe();
  feed_->RunDue();
  hangs_ = true;
  Run(absl::Seconds(20));
  status_ = ErrorStatus(absl::StatusCode::kUnavailable, kSourceStopped, "stopped");
  ReturnAndRun();
  EXPECT_EQ(ErrorInfoOf(feed_->status().condition.status).reason(), kSourceStopped);
  EXPECT_EQ(feed_->status().failed_collections, 1u);
}

TEST_F(FeedHangTest, NobodyWaitsForASourceThatHangs) {
  const auto first = Ask(absl::ZeroDuration());
  feed_->RunDue();
  ASSERT_TRUE(first->has_value());
  hangs_ = true;
  clock_.Advance(absl::Seconds(1));
  const auto waits = Ask(absl::ZeroDuration());
  feed_->RunDue();
  const auto waits_for_the_next = Ask(absl::ZeroDuration());
  Run(absl::Seconds(9));
  EXPECT_FALSE(waits->has_value());
  Run(absl::Seconds(1));
  ExpectHung(*waits);
  ExpectHung(*waits_for_the_next);
  ExpectHung(*Ask(absl::ZeroDuration()));
  ExpectHung(*Ask(absl::Seconds(10)));
  const auto patient = Ask(absl::Seconds(11));
  ASSERT_TRUE(patient->has_value());
  EXPECT_TRUE((*patient)->ok()) << "the rows from before do";
}

TEST_F(FeedHangTest, CallerWhoseTimeIsNearlyUpIsToldBefore) {
  hangs_ = true;
  const auto hurried = Ask(absl::ZeroDuration(), clock_.Steady() + std::chrono::seconds(4));
  const auto patient = Ask(absl::ZeroDuration());
  Run(absl::Milliseconds(3'900));
  EXPECT_FALSE(hurried->has_value());
  Run(absl::Milliseconds(100));
  ExpectHung(*hurried);
  EXPECT_FALSE(patient->has_value());
  ReturnAndRun();
  ASSERT_TRUE(patient->has_value());
  EXPECT_TRUE((*patient)->ok());
}

TEST_F(FeedHangTest, SubscriberWhoComesWhileItHangsIsToldAtOnce) {
  feed_->Refresh(1, absl::ZeroDuration(), [](const absl::Status&) {});
  feed_->RunDue();
  hangs_ = true;
  clock_.Advance(absl::Seconds(1));
  Ask(absl::ZeroDuration());
  Run(absl::Seconds(20));
  const auto subscription = Subscribe();
  EXPECT_LE(feed_->RunDue(), clock_.Steady() + std::chrono::seconds(1));
  EXPECT_EQ(ticks_, 1) << "there are old rows, and the condition";
}

TEST_F(FeedHangTest, SourceThatKeepsHangingIsLeftAloneLongerAndLonger) {
  const auto subscription = Subscribe();
  feed_->RunDue();
  hangs_ = true;
  Run(absl::Seconds(15));
  ReturnAndRun();
  EXPECT_FALSE(feed_->status().condition.stale) << "once is forgiven";
  for (const absl::Duration alone : {absl::Seconds(10), absl::Seconds(20), absl::Seconds(40)}) {
    Run(absl::Seconds(15));
    EXPECT_EQ(feed_->status().state, SourceState::kHung);
    const int begun = begun_;
    ReturnAndRun();
    const FeedStatus status = feed_->status();
    EXPECT_EQ(status.state, SourceState::kQuarantined);
    EXPECT_EQ(status.quarantined_until, clock_.Wall() + alone);
    EXPECT_TRUE(status.condition.stale);
    EXPECT_THAT(std::string(status.condition.status.message()), HasSubstr("left alone until"));
    ExpectHung(*Ask(absl::Seconds(1)));
    Run(alone - absl::Milliseconds(100));
    EXPECT_EQ(begun_, begun);
    Run(absl::Milliseconds(100));
    EXPECT_EQ(begun_, begun + 1) << "tried again";
    ExpectHung(*Ask(absl::Seconds(1)));
  }
  hangs_ = false;
  const int ticks = ticks_;
  ReturnAndRun();
  EXPECT_EQ(feed_->status().state, SourceState::kOk);
  EXPECT_FALSE(feed_->status().condition.stale);
  EXPECT_EQ(ticks_, ticks + 1) << "recovery is news for everybody";
  EXPECT_TRUE(observed_.back());
}

TEST_F(FeedHangTest, RecoveryIsNoticedThoughNobodyAsks) {
  hangs_ = true;
  Ask(absl::ZeroDuration());
  feed_->RunDue();
  for (int hang = 0; hang < 2; ++hang) {
    Run(absl::Seconds(11));
    ReturnAndRun();
    Ask(absl::ZeroDuration());
    Run(absl::Milliseconds(100));
  }
  EXPECT_EQ(feed_->status().state, SourceState::kQuarantined);
  hangs_ = false;
  Run(absl::Seconds(10));
  EXPECT_EQ(feed_->status().state, SourceState::kOk);
  EXPECT_TRUE(observed_.back());
  Run(absl::Minutes(2));
  EXPECT_EQ(feed_->RunDue(), SteadyTime::max()) << "and then it sleeps again";
}

TEST_F(FeedHangTest, CostlyCollectionsAreMadeRarer) {
  cost_ = absl::Milliseconds(150);
  const auto subscription = Subscribe();
  feed_->RunDue();
  EXPECT_EQ(feed_->governed_interval(), absl::Seconds(2)) << "150 ms are 10 % of 1.5 s";
  EXPECT_EQ(feed_->status().interval, absl::Seconds(2));
  EXPECT_EQ(feed_->status().wanted_interval, absl::Seconds(1));
  Run(absl::Seconds(60));
  EXPECT_EQ(begun_, 31);
  EXPECT_EQ(ticks_, 31);
  EXPECT_LE(cpu_time_, absl::Seconds(60) * 0.1);
  cost_ = absl::Milliseconds(10);
  Run(absl::Seconds(60));
  EXPECT_EQ(feed_->status().interval, absl::Seconds(1));
  EXPECT_LE(feed_->governed_interval(), absl::Milliseconds(200));
  feed_->SetMaxCpuShare(0.001);
  Run(absl::Seconds(1));
  EXPECT_GE(feed_->governed_interval(), absl::Seconds(10));
}

TEST_F(FeedHangTest, CallersAreServedWhateverItCosts) {
  cost_ = absl::Seconds(5);
  const auto subscription = Subscribe();
  feed_->RunDue();
  clock_.Advance(absl::Seconds(1));
  const auto answer = Ask(absl::ZeroDuration());
  feed_->RunDue();
  EXPECT_TRUE(answer->has_value());
}

// What the source touches when it returns at last, long after the feed.
struct Underworld {
  Mutex mutex;
  ConditionVariable changed;
  bool entered ABSL_GUARDED_BY(mutex) = false;
  bool released ABSL_GUARDED_BY(mutex) = false;
  bool left ABSL_GUARDED_BY(mutex) = false;
};

TEST(FeedStopTest, DoesNotWaitForASourceThatHangs) {
  const auto underworld = std::make_shared<Underworld>();
  const auto start = std::chrono::steady_clock::now();
  {
    Feed feed(
        [underworld](const Demands& demands, absl::FunctionRef<void(const RowInput&)> put) {
          MutexLock lock(underworld->mutex);
          underworld->entered = true;
          underworld->changed.notify_all();
          while (!underworld->released) underworld->changed.wait(underworld->mutex);
          put(EncodedTestRow({1}, demands.parts()).input());
          underworld->left = true;
          underworld->changed.notify_all();
          return Collected{};
        },
        SystemClock(), {});
    absl::Status answer;
    feed.Refresh(1, absl::ZeroDuration(), [&](absl::Status status) { answer = std::move(status); });
    {
      MutexLock lock(underworld->mutex);
      while (!underworld->entered) underworld->changed.wait(underworld->mutex);
    }
    feed.Stop(absl::Milliseconds(50));
    EXPECT_EQ(answer.code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  MutexLock lock(underworld->mutex);
  underworld->released = true;
  underworld->changed.notify_all();
  while (!underworld->left) underworld->changed.wait(underworld->mutex);
}

}  // namespace
}  // namespace farstat::feed
