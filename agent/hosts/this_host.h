// The host that the agent runs on. this_host_linux.cc, this_host_windows.cc: which of them is
// linked decides what the agent serves.

#ifndef FARSTAT_AGENT_HOSTS_THIS_HOST_H_
#define FARSTAT_AGENT_HOSTS_THIS_HOST_H_

#include <string>

#include "agent/hosts/host.h"
#include "farstat/v1/agent.pb.h"

namespace farstat::hosts {

// `state_directory`: see AgentSettings; empty: none.
Host ThisHost(const std::string& state_directory);

// This process. Fields that the system does not tell are left unset.
v1::ProcessStatus DescribeProcess();

}  // namespace farstat::hosts

#endif  // FARSTAT_AGENT_HOSTS_THIS_HOST_H_
