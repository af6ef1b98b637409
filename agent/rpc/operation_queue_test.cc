#include "agent/rpc/operation_queue.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "common/status.h"

namespace farstat::rpc {
namespace {

absl::Status Nothing() { return absl::OkStatus(); }

TEST(OperationQueueTest, RunsOneAfterTheOtherOnItsOwnThread) {
  std::vector<int> order;
  std::promise<void> done;
  OperationQueue queue;
  for (int i = 0; i < 3; ++i) {
    queue.Run(
        [&, i, caller = std::this_thread::get_id()] {
          EXPECT_NE(std::this_thread::get_id(), caller);
          order.push_back(i);
          return i == 1 ? absl::NotFoundError("that one") : absl::OkStatus();
        },
        [&, i](const absl::Status& status) {
          EXPECT_EQ(absl::IsNotFound(status), i == 1);
          if (i == 2) done.set_value();
        });
  }
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  queue.End(absl::Seconds(60));
}

TEST(OperationQueueTest, RefusesMoreThanCanWaitAndAllWhenItCloses) {
  std::promise<void> running;
  std::promise<void> go_on;
  std::future<void> may_go_on = go_on.get_future();
  int refused = 0;
  OperationQueue queue;
  queue.Run(
      [&] {
        running.set_value();
        may_go_on.wait();
        return absl::OkStatus();
      },
      [](const absl::Status& status) { EXPECT_TRUE(status.ok()) << status; });
  running.get_future().wait();
  const auto count = [&](const absl::Status& status) { refused += status.ok() ? 0 : 1; };
  for (size_t i = 0; i < OperationQueue::kMostWaiting; ++i) queue.Run(Nothing, count);
  EXPECT_EQ(refused, 0);
  queue.Run(Nothing, [&](const absl::Status& status) {
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  });
  queue.Close();
  EXPECT_EQ(refused, static_cast<int>(OperationQueue::kMostWaiting));
  queue.Run(Nothing, [&](const absl::Status& status) {
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  });
  go_on.set_value();
  queue.End(absl::Seconds(60));
}

TEST(OperationQueueTest, EndsWithoutTheOneThatHangs) {
  // Held by the work, which goes on when the test has ended.
  const auto go_on = std::make_shared<std::promise<void>>();
  const auto over = std::make_shared<std::promise<void>>();
  std::promise<void> running;
  std::vector<absl::Status> answers;
  {
    OperationQueue queue;
    queue.Run(
        [go_on, over, &running] {
          running.set_value();
          go_on->get_future().wait();
          over->set_value();
          return absl::OkStatus();
        },
        [&](const absl::Status& status) { answers.push_back(status); });
    running.get_future().wait();
    queue.End(absl::Milliseconds(20));
  }
  ASSERT_EQ(answers.size(), 1u) << "its caller does not wait";
  EXPECT_EQ(ErrorInfoOf(answers.front()).reason(), kAgentStopping);
  go_on->set_value();
  over->get_future().wait();
  EXPECT_EQ(answers.size(), 1u);
}

}  // namespace
}  // namespace farstat::rpc
