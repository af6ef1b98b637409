// What the calling thread has cost so far.

#ifndef FARSTAT_AGENT_HOSTS_THREAD_CPU_TIME_H_
#define FARSTAT_AGENT_HOSTS_THREAD_CPU_TIME_H_

#include "absl/time/time.h"

namespace farstat::hosts {

// Processor time that the calling thread has used, in user mode and in the kernel's. Zero where the
// system does not tell.
absl::Duration ThreadCpuTime();

}  // namespace farstat::hosts

#endif  // FARSTAT_AGENT_HOSTS_THREAD_CPU_TIME_H_
