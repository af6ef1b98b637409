#include "client/workers.h"

#include <utility>

namespace farstat::client {

Workers::~Workers() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    changed_.notify_all();
  }
  for (std::thread& thread : threads) thread.join();
}

void Workers::Run(std::function<void()> task) {
  const MutexLock lock(mutex_);
  tasks_.push_back(std::move(task));
  if (tasks_.size() > idle_ && threads_.size() < max_threads_) {
    threads_.emplace_back([this] { Work(); });
  }
  changed_.notify_one();
}

void Workers::Work() {
  mutex_.Lock();
  while (true) {
    ++idle_;
    while (tasks_.empty() && !stopping_) changed_.wait(mutex_);
    --idle_;
    if (stopping_) break;
    const std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    mutex_.Unlock();
    task();
    mutex_.Lock();
  }
  mutex_.Unlock();
}

}  // namespace farstat::client
