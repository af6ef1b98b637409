// The agent as the system's service: under Windows' service control manager, or under systemd.

#ifndef FARSTAT_AGENT_SERVICE_SERVICE_H_
#define FARSTAT_AGENT_SERVICE_SERVICE_H_

#include <string>

#include "absl/status/status.h"

namespace farstat::service {

// Whether the service may be told another settings file than that of this system. On Windows it may
// not: who can change its command line could otherwise hand it any file.
bool TakesSettingsFile();

// Serves until the system ends it, and returns the process's exit code. The error says that the
// process was not started by the service control manager. `settings_file`: empty, or another one.
int RunAsService(const std::string& settings_file, absl::Status& error);

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_SERVICE_H_
