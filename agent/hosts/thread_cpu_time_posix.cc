#include <ctime>

#include "agent/hosts/thread_cpu_time.h"

namespace farstat::hosts {

absl::Duration ThreadCpuTime() {
  timespec time = {};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return absl::ZeroDuration();
  return absl::DurationFromTimespec(time);
}

}  // namespace farstat::hosts
