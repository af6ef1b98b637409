#include "agent/rpc/operation_queue.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <vector>

namespace farstat::rpc {
namespace {

TEST(OperationQueueTest, RunsOneAfterTheOtherOnItsOwnThread) {
  std::vector<int> order;
  std::promise<void> done;
  OperationQueue queue;
  for (int i = 0; i < 3; ++i) {
    queue.Run([&, i, caller = std::this_thread::get_id()](const absl::Status& admission) {
      EXPECT_TRUE(admission.ok());
      EXPECT_NE(std::this_thread::get_id(), caller);
      order.push_back(i);
      if (i == 2) done.set_value();
    });
  }
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST(OperationQueueTest, RefusesMoreThanCanWaitAndAllWhenItCloses) {
  std::promise<void> running;
  std::promise<void> go_on;
  std::future<void> may_go_on = go_on.get_future();
  int refused = 0;
  OperationQueue queue;
  queue.Run([&](const absl::Status&) {
    running.set_value();
    may_go_on.wait();
  });
  running.get_future().wait();
  const auto count = [&](const absl::Status& admission) { refused += admission.ok() ? 0 : 1; };
  for (size_t i = 0; i < OperationQueue::kMostWaiting; ++i) queue.Run(count);
  EXPECT_EQ(refused, 0);
  queue.Run([&](const absl::Status& admission) {
    EXPECT_TRUE(absl::IsResourceExhausted(admission)) << admission;
  });
  queue.Close();
  EXPECT_EQ(refused, static_cast<int>(OperationQueue::kMostWaiting));
  queue.Run([&](const absl::Status& admission) {
    EXPECT_TRUE(absl::IsUnavailable(admission)) << admission;
  });
  go_on.set_value();
}

}  // namespace
}  // namespace farstat::rpc
