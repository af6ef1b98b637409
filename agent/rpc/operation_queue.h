// The thread on which calls that change the host are carried out, one after the other. They block
// as long as the operating system does, so they have it to themselves; and where that is for ever,
// the agent ends without them.

#ifndef FARSTAT_AGENT_RPC_OPERATION_QUEUE_H_
#define FARSTAT_AGENT_RPC_OPERATION_QUEUE_H_

#include <cstddef>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/feed/abandonable_thread.h"
#include "common/mutex.h"

namespace farstat::rpc {

class OperationQueue {
 public:
  // What is to be done. It may go on after the end of the queue, so what it touches it must itself
  // keep alive.
  using Work = std::function<absl::Status()>;
  // What came of it, or why it was not done, or not to its end.
  using Answer = std::function<void(const absl::Status&)>;

  // Operations that wait at most.
  static constexpr size_t kMostWaiting = 64;

  OperationQueue();
  // Waits for nothing: see End.
  ~OperationQueue();
  OperationQueue(const OperationQueue&) = delete;
  OperationQueue& operator=(const OperationQueue&) = delete;

  // Does `work` on the queue's thread and then calls `answer` there; or does nothing and calls
  // `answer` here, at once, with why it is refused. `answer` is called once in any case.
  void Run(Work work, Answer answer);

  // Those that wait are refused, and those that come. Does not wait for the one that runs.
  void Close();

  // Closes; the one that runs may take `patience` to end. Then its answer is that the agent stops,
  // and it goes on by itself, and nobody hears what came of it.
  void End(absl::Duration patience);

 private:
  struct State;
  static void CarryOutNext(const std::shared_ptr<State>& state);
  // Takes the operation, or says why not.
  absl::Status Admit(Work& work, Answer& answer);

  // Kept alive by the thread too.
  const std::shared_ptr<State> state_;
  feed::AbandonableThread thread_;
};

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_OPERATION_QUEUE_H_
