#include "client/event_loop.h"

#include <algorithm>

namespace farstat::client {

EventLoop::Poster::Poster() : queue_(std::make_shared<Queue>()) {}

void EventLoop::Poster::operator()(Task task) const {
  const MutexLock lock(queue_->mutex);
  // A refused task dies after the lock is released: it may post from its destructor.
  if (queue_->closed) return;
  queue_->tasks.push_back(std::move(task));
  queue_->posted.notify_one();
}

EventLoop::~EventLoop() {
  std::deque<Task> dropped;
  const MutexLock lock(post_.queue_->mutex);
  post_.queue_->closed = true;
  dropped.swap(post_.queue_->tasks);
}

EventLoop::TimerId EventLoop::After(absl::Duration delay, Task task) {
  // Far enough for any purpose, and safe from overflow.
  const absl::Duration bounded = std::clamp(delay, absl::ZeroDuration(), absl::Hours(24 * 365));
  const TimerId id = {clock_.Steady() + absl::ToChronoNanoseconds(bounded), next_timer_++};
  timers_.emplace(id, std::move(task));
  return id;
}

void EventLoop::Cancel(const TimerId& timer) { timers_.erase(timer); }

void EventLoop::Run() {
  stopped_ = false;
  while (!stopped_) {
    RunDueTimers();
    if (!stopped_) RunTasks(WaitForTasks());
  }
}

void EventLoop::RunReady() {
  stopped_ = false;
  bool any = true;
  while (any && !stopped_) {
    RunDueTimers();
    std::deque<Task> tasks;
    {
      const MutexLock lock(post_.queue_->mutex);
      tasks.swap(post_.queue_->tasks);
    }
    any = RunTasks(std::move(tasks));
  }
}

bool EventLoop::RunTasks(std::deque<Task> tasks) const {
  const bool any = !tasks.empty();
  while (!tasks.empty() && !stopped_) {
    // Off the queue before it runs, so that what it holds dies with it.
    const Task task = std::move(tasks.front());
    tasks.pop_front();
    task();
  }
  return any;
}

void EventLoop::RunDueTimers() {
  const SteadyTime now = clock_.Steady();
  while (!stopped_ && !timers_.empty() && timers_.begin()->first.first <= now) {
    const Task task = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    task();
  }
}

std::deque<EventLoop::Task> EventLoop::WaitForTasks() {
  Poster::Queue& queue = *post_.queue_;
  std::deque<Task> tasks;
  const MutexLock lock(queue.mutex);
  while (queue.tasks.empty()) {
    if (timers_.empty()) {
      queue.posted.wait(queue.mutex);
    } else if (queue.posted.wait_until(queue.mutex, timers_.begin()->first.first) ==
               std::cv_status::timeout) {
      break;
    }
  }
  tasks.swap(queue.tasks);
  return tasks;
}

}  // namespace farstat::client
