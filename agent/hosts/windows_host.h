// A Windows host, real or simulated, as an agent serves it. Portable: Windows is behind its table
// of calls.

#ifndef FARSTAT_AGENT_HOSTS_WINDOWS_HOST_H_
#define FARSTAT_AGENT_HOSTS_WINDOWS_HOST_H_

#include <memory>
#include <string>

#include "agent/hosts/host.h"
#include "agent/sources/windows/api.h"
#include "common/clock.h"

namespace farstat::hosts {

// The Windows behind `api`, without an identity. `clock` must outlive it, and every call that
// hangs; `api` is kept by whatever uses it, for a call that hangs outlives the host. What this
// Windows lacks is told at once: a family whose main function is absent is unavailable, others are
// among the limitations. `state_directory` is where EStats leases are remembered across a crash;
// empty: nowhere.
Host WindowsHost(const std::shared_ptr<const sources::windows::Api>& api, const Clock& clock,
                 const std::string& state_directory);

// The same for a table that is there as long as the process.
Host WindowsHost(const sources::windows::Api& api, const Clock& clock,
                 const std::string& state_directory);

}  // namespace farstat::hosts

#endif  // FARSTAT_AGENT_HOSTS_WINDOWS_HOST_H_
