#include "agent/feed/abandonable_thread.h"

#include <chrono>
#include <deque>
#include <utility>

#include "common/mutex.h"

namespace farstat::feed {

struct AbandonableThread::State {
  Mutex mutex;
  ConditionVariable changed;
  std::deque<std::function<void()>> waiting ABSL_GUARDED_BY(mutex);
  bool ending ABSL_GUARDED_BY(mutex) = false;
  bool ended ABSL_GUARDED_BY(mutex) = false;
};

AbandonableThread::AbandonableThread() : state_(std::make_shared<State>()) {}

AbandonableThread::~AbandonableThread() { End(absl::ZeroDuration()); }

void AbandonableThread::Run(std::function<void()> work) {
  {
    MutexLock lock(state_->mutex);
    if (state_->ending) return;
    state_->waiting.push_back(std::move(work));
  }
  state_->changed.notify_all();
  if (!thread_.joinable()) thread_ = std::thread([state = state_] { Loop(state); });
}

bool AbandonableThread::End(absl::Duration patience) {
  if (!thread_.joinable()) {
    MutexLock lock(state_->mutex);
    return std::exchange(state_->ending, true) ? state_->ended : true;
  }
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
  bool ended = false;
  {
    MutexLock lock(state_->mutex);
    state_->ending = true;
    state_->changed.notify_all();
    while (!state_->ended &&
           state_->changed.wait_until(state_->mutex, deadline) != std::cv_status::timeout) {
    }
    ended = state_->ended;
  }
  if (ended) {
    thread_.join();
  } else {
    thread_.detach();  // allow(detach): what it uses it keeps alive
  }
  return ended;
}

void AbandonableThread::Loop(const std::shared_ptr<State>& state) {
  while (true) {
    std::function<void()> work;
    {
      MutexLock lock(state->mutex);
      while (state->waiting.empty() && !state->ending) state->changed.wait(state->mutex);
      if (state->waiting.empty()) {
        state->ended = true;
        state->changed.notify_all();
        return;
      }
      work = std::move(state->waiting.front());
      state->waiting.pop_front();
    }
    work();
  }
}

}  // namespace farstat::feed
