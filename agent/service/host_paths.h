// Names and places that the agent's service has on this system. Installers use the same ones.

#ifndef FARSTAT_AGENT_SERVICE_HOST_PATHS_H_
#define FARSTAT_AGENT_SERVICE_HOST_PATHS_H_

#include <string>

namespace farstat::service {

// Of the Windows service, its event source, and the systemd unit without ".service".
inline constexpr char kServiceName[] = "farstat-agent";
inline constexpr char kServiceDisplayName[] = "farstat agent";

struct HostPaths {
  // Everything below is in here on Windows; on Linux, where settings are.
  std::string folder;
  std::string settings_file;
  std::string state_directory;
  // Empty: the service's log goes to the journal.
  std::string log_directory;
};

// Windows: below %ProgramData%\farstat. Linux: /etc/farstat and /var/lib/farstat.
HostPaths ThisHostsPaths();

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_HOST_PATHS_H_
