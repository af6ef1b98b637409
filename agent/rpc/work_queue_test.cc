#include "agent/rpc/work_queue.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

namespace farstat::rpc {
namespace {

constexpr auto kBound = std::chrono::seconds(20);

TEST(WorkQueueTest, RunsWorkInOrder) {
  WorkQueue queue(SystemClock());
  std::string order;
  std::promise<void> done;
  for (const char letter : {'a', 'b', 'c'}) queue.Post([&order, letter] { order += letter; });
  queue.Post([&] { done.set_value(); });
  ASSERT_EQ(done.get_future().wait_for(kBound), std::future_status::ready);
  EXPECT_EQ(order, "abc");
}

TEST(WorkQueueTest, RunsTimedWorkInTimeAndOrder) {
  WorkQueue queue(SystemClock());
  const SteadyTime start = SystemClock().Steady();
  std::string order;
  std::promise<SteadyTime> done;
  queue.PostAt(start + std::chrono::milliseconds(60), [&] {
    order += 'c';
    done.set_value(SystemClock().Steady());
  });
  queue.PostAt(start + std::chrono::milliseconds(30), [&] { order += 'b'; });
  queue.Post([&] { order += 'a'; });
  std::future<SteadyTime> future = done.get_future();
  ASSERT_EQ(future.wait_for(kBound), std::future_status::ready);
  EXPECT_GE(future.get() - start, std::chrono::milliseconds(60));
  EXPECT_EQ(order, "abc");
}

TEST(WorkQueueTest, DropsWhatHasNotRun) {
  bool ran = false;
  {
    WorkQueue queue(SystemClock());
    queue.PostAt(SystemClock().Steady() + std::chrono::hours(1), [&] { ran = true; });
  }
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace farstat::rpc
