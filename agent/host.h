// What the agent tells of its host and of itself as a process.

#ifndef FARSTAT_AGENT_HOST_H_
#define FARSTAT_AGENT_HOST_H_

#include <string>

#include "farstat/v1/agent.pb.h"

namespace farstat {

std::string HostName();
v1::OperatingSystem DescribeOperatingSystem();
// Fields that the system does not tell are left unset.
v1::ProcessStatus DescribeProcess();

}  // namespace farstat

#endif  // FARSTAT_AGENT_HOST_H_
