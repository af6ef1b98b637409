// One run of the agent, from its settings to its end, whoever has started it.

#ifndef FARSTAT_AGENT_SERVICE_SERVE_H_
#define FARSTAT_AGENT_SERVICE_SERVE_H_

#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/service/events.h"
#include "agent/service/exit_code.h"
#include "agent/service/logging.h"
#include "agent/service/supervisor.h"

namespace farstat::service {

struct ServeOptions {
  AgentFlags flags;
  // A settings file that is not there gives the defaults, which serve this host alone.
  bool settings_are_optional = false;
  // Where settings name no state directory. Made if it is not there. Empty: none.
  std::string state_directory;
  LogTarget log_target = LogTarget::kTerminal;
  std::string log_directory;
  EventSink events;
};

// How a run ended.
struct Outcome {
  ExitCode code = ExitCode::kOk;
  // Why it did not start, a line each.
  std::vector<std::string> problems;
};

// Serves until `supervisor` wants it to stop. What is wrong is told all at once.
Outcome Serve(const ServeOptions& options, Supervisor& supervisor);

// Everything that is wrong with the files that settings name.
std::vector<std::string> CheckSettingsFiles(const agent::AgentSettings& settings);
// Everything that is wrong with the addresses: how they are written, and whether they are free.
std::vector<std::string> CheckAddresses(const agent::AgentSettings& settings);

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_SERVE_H_
