#include "agent/sources/windows/service_incarnation.h"

#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::windows {

ServiceIncarnation::Seen ServiceIncarnation::Look() {
  if (!api_.service_status) return {};
  ServiceStatus status = {};
  ++native_calls_;
  if (api_.service_status(service_, &status) != kSuccess) return {};
  // A definite end, also where the service shares a process that goes on. The same state seen again
  // is the same end: a service that is slow to start may be read before it says that it runs.
  if (status.state != kServiceRunning && status.state != state_) has_ended_ = true;
  state_ = status.state;
  return {status.state, status.process_start};
}

void ServiceIncarnation::Note(const Seen& seen) {
  // That the process is not known, or was not before, is no sign of a restart.
  const bool other_process =
      process_start_ != 0 && seen.process_start != 0 && seen.process_start != process_start_;
  const bool is_up = seen.state == kServiceRunning || seen.state == kServiceStartPending;
  if (other_process || (has_ended_ && is_up)) {
    ++number_;
    has_ended_ = false;
  }
  if (seen.process_start != 0) process_start_ = seen.process_start;
}

}  // namespace farstat::sources::windows
