// One thread that runs what it is given, at once or at a time. What a tick sets off for streams and
// snapshots is done on it, so that the samplers are not held up. Without work it sleeps.

#ifndef FARSTAT_AGENT_RPC_WORK_QUEUE_H_
#define FARSTAT_AGENT_RPC_WORK_QUEUE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <thread>

#include "common/clock.h"
#include "common/mutex.h"

namespace farstat::rpc {

class WorkQueue {
 public:
  explicit WorkQueue(const Clock& clock);
  // Drops what has not run.
  ~WorkQueue();

  void Post(std::function<void()> work);
  void PostAt(SteadyTime time, std::function<void()> work);

 private:
  void Loop();
  std::function<void()> Next();

  const Clock& clock_;
  Mutex mutex_;
  ConditionVariable wake_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::function<void()>> ready_ ABSL_GUARDED_BY(mutex_);
  std::multimap<SteadyTime, std::function<void()>> timed_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_WORK_QUEUE_H_
