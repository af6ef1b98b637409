#include <cstdlib>

#include "absl/strings/str_join.h"
#include "agent/service/host_paths.h"
#include "agent/service/serve.h"
#include "agent/service/service.h"
#include "agent/service/systemd.h"
#include "agent/stop_signal.h"

namespace farstat::service {

bool TakesSettingsFile() { return true; }

int RunAsService(const std::string& settings_file, absl::Status& /*error*/) {
  PrepareStopSignals();
  const HostPaths paths = ThisHostsPaths();
  const char* const socket_name = std::getenv("NOTIFY_SOCKET");
  Systemd systemd(socket_name == nullptr ? "" : socket_name);
  ServeOptions options;
  options.flags.config_file = settings_file.empty() ? paths.settings_file : settings_file;
  options.settings_are_optional = true;
  options.log_target = LogTarget::kJournal;
  // The unit has systemd make it, and says so.
  const char* const state = std::getenv("STATE_DIRECTORY");
  options.state_directory = state == nullptr ? "" : state;
  const Outcome outcome = Serve(options, systemd);
  if (!outcome.problems.empty()) {
    systemd.Status("does not start: " + absl::StrJoin(outcome.problems, "; "));
  }
  return static_cast<int>(outcome.code);
}

}  // namespace farstat::service
