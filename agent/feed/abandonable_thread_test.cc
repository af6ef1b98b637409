#include "agent/feed/abandonable_thread.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "common/mutex.h"

namespace farstat::feed {
namespace {

// A gate that work waits at.
struct Gate {
  Mutex mutex;
  ConditionVariable changed;
  bool open ABSL_GUARDED_BY(mutex) = false;
  int passed ABSL_GUARDED_BY(mutex) = 0;

  void Open() {
    MutexLock lock(mutex);
    open = true;
    changed.notify_all();
  }
  void Pass() {
    MutexLock lock(mutex);
    while (!open) changed.wait(mutex);
    ++passed;
    changed.notify_all();
  }
  void AwaitPassed(int count) {
    MutexLock lock(mutex);
    while (passed < count) changed.wait(mutex);
  }
};

TEST(AbandonableThreadTest, CarriesOutWorkInOrder) {
  const auto gate = std::make_shared<Gate>();
  std::vector<int> order;
  AbandonableThread thread;
  for (int i = 0; i < 3; ++i) thread.Run([&order, i] { order.push_back(i); });
  thread.Run([gate] { gate->Pass(); });
  gate->Open();
  gate->AwaitPassed(1);
  EXPECT_TRUE(thread.End(absl::Seconds(60)));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST(AbandonableThreadTest, ThatNeverWorkedEndsAtOnce) {
  AbandonableThread thread;
  EXPECT_TRUE(thread.End(absl::ZeroDuration()));
  thread.Run([] { FAIL() << "it has ended"; });
}

TEST(AbandonableThreadTest, GoesOnByItselfWhenItIsAbandoned) {
  const auto gate = std::make_shared<Gate>();
  {
    AbandonableThread thread;
    thread.Run([gate] { gate->Pass(); });
    thread.Run([gate] { gate->Pass(); });
    EXPECT_FALSE(thread.End(absl::Milliseconds(20)));
    thread.Run([gate] { gate->Pass(); });
  }
  gate->Open();
  gate->AwaitPassed(2);
}

TEST(AbandonableThreadTest, WaitsForWorkThatEndsInTime) {
  const auto gate = std::make_shared<Gate>();
  auto kept_alive = std::make_shared<int>(7);
  const std::weak_ptr<int> watched = kept_alive;
  AbandonableThread thread;
  thread.Run([gate, kept_alive] { gate->Pass(); });
  kept_alive.reset();
  gate->Open();
  gate->AwaitPassed(1);
  EXPECT_TRUE(thread.End(absl::Seconds(60)));
  EXPECT_TRUE(watched.expired()) << "and what it held is gone too";
}

}  // namespace
}  // namespace farstat::feed
