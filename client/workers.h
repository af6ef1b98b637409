// A bounded number of threads for what blocks: resolving names and probing ports. They are started
// as they are needed.

#ifndef FARSTAT_CLIENT_WORKERS_H_
#define FARSTAT_CLIENT_WORKERS_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "common/mutex.h"

namespace farstat::client {

class Workers {
 public:
  explicit Workers(size_t max_threads) : max_threads_(max_threads) {}
  // Waits for the tasks under way and drops those that have not begun.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void Run(std::function<void()> task);

 private:
  void Work();

  const size_t max_threads_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_WORKERS_H_
