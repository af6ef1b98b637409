#include "agent/rpc/operation_queue.h"

#include <utility>

#include "common/status.h"

namespace farstat::rpc {
namespace {

absl::Status Stopping() {
  return ErrorStatus(absl::StatusCode::kUnavailable, kAgentStopping,
                     "the agent is stopping; try again when it has restarted");
}

absl::Status Overloaded() {
  return ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached,
                     "too many calls that change this host are waiting; try again later");
}

}  // namespace

OperationQueue::OperationQueue() : thread_([this] { Loop(); }) {}

OperationQueue::~OperationQueue() {
  Close();
  thread_.join();
}

void OperationQueue::Run(Operation operation) {
  const absl::Status admission = Admit(operation);
  if (admission.ok()) {
    wake_.notify_one();
  } else {
    operation(admission);
  }
}

absl::Status OperationQueue::Admit(Operation& operation) {
  MutexLock lock(mutex_);
  if (closed_) return Stopping();
  if (waiting_.size() >= kMostWaiting) return Overloaded();
  waiting_.push_back(std::move(operation));
  return absl::OkStatus();
}

void OperationQueue::Close() {
  std::deque<Operation> refused;
  {
    MutexLock lock(mutex_);
    closed_ = true;
    refused.swap(waiting_);
  }
  wake_.notify_one();
  for (const Operation& operation : refused) operation(Stopping());
}

void OperationQueue::Loop() {
  while (true) {
    Operation operation;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty() && !closed_) wake_.wait(mutex_);
      if (waiting_.empty()) return;
      operation = std::move(waiting_.front());
      waiting_.pop_front();
    }
    operation(absl::OkStatus());
  }
}

}  // namespace farstat::rpc
