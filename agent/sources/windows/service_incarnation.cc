#include "agent/sources/windows/service_incarnation.h"

#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::windows {

uint64_t ServiceIncarnation::ProcessStart() {
  if (!api_.service_status) return 0;
  ServiceStatus status = {};
  ++native_calls_;
  return api_.service_status(service_, &status) == kSuccess ? status.process_start : 0;
}

void ServiceIncarnation::Note(uint64_t process_start) {
  // That it is not known, or was not before, is no sign of a restart.
  if (process_start == 0) return;
  if (process_start_ != 0 && process_start != process_start_) ++number_;
  process_start_ = process_start;
}

}  // namespace farstat::sources::windows
