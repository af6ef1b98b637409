#include "client/event_loop.h"

#include <memory>
#include <string>
#include <thread>

#include "client/fan_out.h"
#include "client/workers.h"
#include "gtest/gtest.h"

namespace farstat::client {
namespace {

TEST(EventLoopTest, RunsTasksInOrderAndTimersByTime) {
  EventLoop loop;
  std::string trace;
  loop.After(absl::Milliseconds(20), [&] {
    trace += "c";
    loop.Stop();
  });
  loop.After(absl::Milliseconds(10), [&] { trace += "b"; });
  loop.Post([&] { trace += "1"; });
  loop.Post([&] { trace += "2"; });
  loop.Run();
  EXPECT_EQ(trace, "12bc");
}

TEST(EventLoopTest, ACancelledTimerDoesNotFire) {
  EventLoop loop;
  bool fired = false;
  const EventLoop::TimerId timer = loop.After(absl::Milliseconds(1), [&] { fired = true; });
  loop.Cancel(timer);
  loop.Cancel(timer);
  loop.After(absl::Milliseconds(5), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_FALSE(fired);
}

TEST(EventLoopTest, TakesTasksFromOtherThreads) {
  EventLoop loop;
  int sum = 0;
  std::thread other([post = loop.poster(), &sum, &loop] {
    for (int i = 1; i <= 1000; ++i) {
      post([&sum, i] { sum += i; });
    }
    post([&loop] { loop.Stop(); });
  });
  loop.Run();
  other.join();
  EXPECT_EQ(sum, 500500);
}

TEST(EventLoopTest, ThePosterOutlivesTheLoopAndDropsTasks) {
  auto loop = std::make_unique<EventLoop>();
  const EventLoop::Poster post = loop->poster();
  auto held = std::make_shared<int>(1);
  post([held] {});
  EXPECT_EQ(held.use_count(), 2);
  loop.reset();
  EXPECT_EQ(held.use_count(), 1);
  post([held] {});
  EXPECT_EQ(held.use_count(), 1);
}

TEST(WorkersTest, RunsEverythingWithABoundedNumberOfThreads) {
  EventLoop loop;
  Workers workers(3);
  int done = 0;
  for (int i = 0; i < 100; ++i) {
    workers.Run([&, post = loop.poster()] {
      post([&] {
        if (++done == 100) loop.Stop();
      });
    });
  }
  loop.Run();
  EXPECT_EQ(done, 100);
}

TEST(SlotsTest, NoMoreThanTheLimitAtOnce) {
  Slots slots(2);
  int running = 0;
  int started = 0;
  for (int i = 0; i < 5; ++i) {
    slots.Acquire([&] {
      ++running;
      ++started;
      EXPECT_LE(running, 2);
    });
  }
  EXPECT_EQ(started, 2);
  for (int expected = 3; expected <= 5; ++expected) {
    --running;
    slots.Release();
    EXPECT_EQ(started, expected);
  }
}

}  // namespace
}  // namespace farstat::client
