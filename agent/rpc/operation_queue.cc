#include "agent/rpc/operation_queue.h"

#include <deque>
#include <utility>

#include "common/status.h"

namespace farstat::rpc {
namespace {

absl::Status Stopping() {
  return ErrorStatus(absl::StatusCode::kUnavailable, kAgentStopping,
                     "the agent is stopping; try again when it has restarted");
}

absl::Status Abandoned() {
  return ErrorStatus(absl::StatusCode::kUnavailable, kAgentStopping,
                     "the agent is stopping while the operating system has not answered; whether "
                     "the call takes effect is not known");
}

absl::Status Overloaded() {
  return ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached,
                     "too many calls that change this host are waiting; try again later");
}

}  // namespace

struct OperationQueue::State {
  struct Operation {
    Work work;
    Answer answer;
  };

  Mutex mutex;
  bool closed ABSL_GUARDED_BY(mutex) = false;
  std::deque<Operation> waiting ABSL_GUARDED_BY(mutex);
  // Of the operation that runs; null: none runs, or it was answered for.
  Answer unanswered ABSL_GUARDED_BY(mutex);
};

OperationQueue::OperationQueue() : state_(std::make_shared<State>()) {}

OperationQueue::~OperationQueue() { End(absl::ZeroDuration()); }

void OperationQueue::Run(Work work, Answer answer) {
  const absl::Status admission = Admit(work, answer);
  if (!admission.ok()) answer(admission);
}

absl::Status OperationQueue::Admit(Work& work, Answer& answer) {
  MutexLock lock(state_->mutex);
  if (state_->closed) return Stopping();
  if (state_->waiting.size() >= kMostWaiting) return Overloaded();
  state_->waiting.push_back({std::move(work), std::move(answer)});
  thread_.Run([state = state_] { CarryOutNext(state); });
  return absl::OkStatus();
}

void OperationQueue::Close() {
  std::deque<State::Operation> refused;
  {
    MutexLock lock(state_->mutex);
    state_->closed = true;
    refused.swap(state_->waiting);
  }
  for (const State::Operation& operation : refused) operation.answer(Stopping());
}

void OperationQueue::End(absl::Duration patience) {
  Close();
  thread_.End(patience);
  Answer unanswered;
  {
    MutexLock lock(state_->mutex);
    unanswered = std::exchange(state_->unanswered, nullptr);
  }
  if (unanswered != nullptr) unanswered(Abandoned());
}

void OperationQueue::CarryOutNext(const std::shared_ptr<State>& state) {
  Work work;
  {
    MutexLock lock(state->mutex);
    // It was refused after all.
    if (state->waiting.empty()) return;
    work = std::move(state->waiting.front().work);
    state->unanswered = std::move(state->waiting.front().answer);
    state->waiting.pop_front();
  }
  const absl::Status status = work();
  Answer answer;
  {
    MutexLock lock(state->mutex);
    answer = std::exchange(state->unanswered, nullptr);
  }
  if (answer != nullptr) answer(status);
}

}  // namespace farstat::rpc
