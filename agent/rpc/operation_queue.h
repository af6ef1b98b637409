// The thread on which calls that change the host are carried out, one after the other. They block
// as long as the operating system does, so they have it to themselves.

#ifndef FARSTAT_AGENT_RPC_OPERATION_QUEUE_H_
#define FARSTAT_AGENT_RPC_OPERATION_QUEUE_H_

#include <deque>
#include <functional>
#include <thread>

#include "absl/status/status.h"
#include "common/mutex.h"

namespace farstat::rpc {

class OperationQueue {
 public:
  // What is to be done; or the reason why it will not be.
  using Operation = std::function<void(const absl::Status& admission)>;

  // Operations that wait at most.
  static constexpr size_t kMostWaiting = 64;

  OperationQueue();
  // Waits for the one that runs.
  ~OperationQueue();
  OperationQueue(const OperationQueue&) = delete;
  OperationQueue& operator=(const OperationQueue&) = delete;

  // Calls `operation` once: on the queue's thread with OK, or here, at once, with why it is
  // refused.
  void Run(Operation operation);

  // Those that wait are refused, and those that come. Does not wait for the one that runs.
  void Close();

 private:
  // Takes the operation, or says why not.
  absl::Status Admit(Operation& operation);
  void Loop();

  Mutex mutex_;
  ConditionVariable wake_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Operation> waiting_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_OPERATION_QUEUE_H_
