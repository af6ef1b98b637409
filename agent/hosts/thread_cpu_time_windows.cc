#include <windows.h>

#include <cstdint>

#include "agent/hosts/thread_cpu_time.h"

namespace farstat::hosts {
namespace {

// Of hundreds of nanoseconds; counted by the clock's interrupt, so it moves in steps of 15.6 ms,
// which are right on average.
absl::Duration DurationOf(const FILETIME& time) {
  return absl::Nanoseconds(100) *
         static_cast<int64_t>(uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime);
}

}  // namespace

absl::Duration ThreadCpuTime() {
  FILETIME creation = {};
  FILETIME exit = {};
  FILETIME kernel = {};
  FILETIME user = {};
  if (GetThreadTimes(GetCurrentThread(), &creation, &exit, &kernel, &user) == 0) {
    return absl::ZeroDuration();
  }
  return DurationOf(kernel) + DurationOf(user);
}

}  // namespace farstat::hosts
