// The one thread on which the CLI thinks. gRPC's threads, the worker threads and the signal thread
// only post to it, so that targets, tables and output need no locks.

#ifndef FARSTAT_CLIENT_EVENT_LOOP_H_
#define FARSTAT_CLIENT_EVENT_LOOP_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace farstat::client {

class EventLoop {
 public:
  using Task = std::function<void()>;
  using TimerId = std::pair<SteadyTime, uint64_t>;

  // The way onto the loop for other threads. It may outlive the loop; tasks are dropped then.
  class Poster {
   public:
    Poster();
    // Tasks run in the order in which they were posted.
    void operator()(Task task) const;

   private:
    friend class EventLoop;
    struct Queue {
      Mutex mutex;
      ConditionVariable posted;
      std::deque<Task> tasks ABSL_GUARDED_BY(mutex);
      bool closed ABSL_GUARDED_BY(mutex) = false;
    };
    std::shared_ptr<Queue> queue_;
  };

  // Timers go by `clock`. Run waits on the system's clock, so with another one use RunReady.
  explicit EventLoop(const Clock& clock = SystemClock()) : clock_(clock) {}
  // Drops the tasks that did not run.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  const Poster& poster() const { return post_; }
  // From any thread.
  void Post(Task task) { post_(std::move(task)); }

  const Clock& clock() const { return clock_; }
  // From the loop's own thread.
  TimerId After(absl::Duration delay, Task task);
  // Harmless when the timer has fired.
  void Cancel(const TimerId& timer);
  // Runs tasks and timers until Stop.
  void Run();
  void Stop() { stopped_ = true; }
  // Runs the tasks and timers that are due, and those that follow from them at once, without
  // waiting: for a program with a loop of its own, and for tests that move the clock.
  void RunReady();

 private:
  void RunDueTimers();
  // Waits until there is a task or the next timer is due.
  std::deque<Task> WaitForTasks();
  // False: there was none.
  bool RunTasks(std::deque<Task> tasks) const;

  const Clock& clock_;
  const Poster post_;
  std::map<TimerId, Task> timers_;
  uint64_t next_timer_ = 0;
  bool stopped_ = false;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_EVENT_LOOP_H_
