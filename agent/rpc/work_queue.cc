#include "agent/rpc/work_queue.h"

#include <utility>

namespace farstat::rpc {

WorkQueue::WorkQueue(const Clock& clock) : clock_(clock), thread_([this] { Loop(); }) {}

WorkQueue::~WorkQueue() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void WorkQueue::Post(std::function<void()> work) {
  {
    MutexLock lock(mutex_);
    ready_.push_back(std::move(work));
  }
  wake_.notify_one();
}

void WorkQueue::PostAt(SteadyTime time, std::function<void()> work) {
  {
    MutexLock lock(mutex_);
    timed_.emplace(time, std::move(work));
  }
  wake_.notify_one();
}

// Waits for the next work; empty when the queue stops.
std::function<void()> WorkQueue::Next() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    if (!timed_.empty() && timed_.begin()->first <= clock_.Steady()) {
      std::function<void()> work = std::move(timed_.begin()->second);
      timed_.erase(timed_.begin());
      return work;
    }
    if (!ready_.empty()) {
      std::function<void()> work = std::move(ready_.front());
      ready_.pop_front();
      return work;
    }
    if (timed_.empty()) {
      wake_.wait(mutex_);
    } else {
      wake_.wait_until(mutex_, timed_.begin()->first);
    }
  }
  return nullptr;
}

void WorkQueue::Loop() {
  while (std::function<void()> work = Next()) work();
}

}  // namespace farstat::rpc
