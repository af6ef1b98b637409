#include "agent/service/service_life.h"

#include <chrono>
#include <utility>

namespace farstat::service {
namespace {

bool IsPending(ScmState state) {
  return state == ScmState::kStartPending || state == ScmState::kStopPending;
}

}  // namespace

ServiceLife::ServiceLife(std::function<void(const ScmReport&)> report,
                         std::function<void(absl::string_view)> on_stuck, const Options& options)
    : report_(std::move(report)), on_stuck_(std::move(on_stuck)), options_(options) {
  {
    MutexLock lock(mutex_);
    Enter(ScmState::kStartPending);
  }
  beat_ = std::thread([this] { Beat(); });
}

ServiceLife::~ServiceLife() {
  {
    MutexLock lock(mutex_);
    state_ = ScmState::kStopped;
  }
  changed_.notify_all();
  beat_.join();
}

uint32_t ServiceLife::OnControl(uint32_t control) {
  switch (control) {
    case kControlInterrogate:
      return kNoError;
    case kControlStop:
    case kControlPreshutdown:
      break;
    default:
      return kErrorCallNotImplemented;
  }
  MutexLock lock(mutex_);
  if (state_ != ScmState::kRunning) return kNoError;
  stop_wanted_ = control == kControlStop ? "the service is told to stop" : "Windows shuts down";
  Enter(ScmState::kStopPending);
  return kNoError;
}

void ServiceLife::Serving(absl::string_view /*where*/) {
  MutexLock lock(mutex_);
  if (state_ == ScmState::kStartPending) Enter(ScmState::kRunning);
}

std::string ServiceLife::WaitForStop() {
  MutexLock lock(mutex_);
  while (stop_wanted_.empty()) changed_.wait(mutex_);
  return stop_wanted_;
}

void ServiceLife::Stopping() {
  MutexLock lock(mutex_);
  if (state_ != ScmState::kStopPending && state_ != ScmState::kStopped) {
    Enter(ScmState::kStopPending);
  }
}

void ServiceLife::Stopped(ExitCode code) {
  MutexLock lock(mutex_);
  if (state_ == ScmState::kStopped) return;
  state_ = ScmState::kStopped;
  checkpoint_ = 0;
  Report(code);
  changed_.notify_all();
}

void ServiceLife::Enter(ScmState state) {
  state_ = state;
  entered_ = std::chrono::steady_clock::now();
  checkpoint_ = IsPending(state) ? 1 : 0;
  Report();
  changed_.notify_all();
}

void ServiceLife::Report(ExitCode code) {
  ScmReport report;
  report.state = state_;
  report.checkpoint = checkpoint_;
  if (state_ == ScmState::kRunning) report.accepts = kAcceptStop | kAcceptPreshutdown;
  if (IsPending(state_)) report.wait_hint = 5 * options_.beat;
  if (code != ExitCode::kOk) {
    report.win32_exit_code = kErrorServiceSpecific;
    report.specific_exit_code = static_cast<uint32_t>(code);
  }
  report_(report);
}

absl::Duration ServiceLife::Limit() const {
  return state_ == ScmState::kStartPending ? options_.start_limit : options_.stop_limit;
}

// A checkpoint says that the service is alive, not that it gets on; that is what the limits are
// for.
void ServiceLife::Beat() {
  const auto beat = absl::ToChronoNanoseconds(options_.beat);
  std::string stuck_in;
  {
    MutexLock lock(mutex_);
    while (state_ != ScmState::kStopped) {
      if (!IsPending(state_)) {
        changed_.wait(mutex_);
        continue;
      }
      const uint32_t shown = checkpoint_;
      const ScmState in = state_;
      if (changed_.wait_for(mutex_, beat) != std::cv_status::timeout) continue;
      if (state_ != in || checkpoint_ != shown) continue;
      if (std::chrono::steady_clock::now() - entered_ >= absl::ToChronoNanoseconds(Limit())) {
        stuck_in = in == ScmState::kStartPending ? "start" : "stop";
        state_ = ScmState::kStopped;
        checkpoint_ = 0;
        Report(ExitCode::kStuck);
        break;
      }
      ++checkpoint_;
      Report();
    }
  }
  if (!stuck_in.empty()) on_stuck_(stuck_in);
}

}  // namespace farstat::service
