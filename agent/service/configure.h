// The verb `configure`: writes the settings file from flags. Everything is checked first, nothing
// is lost: what was there is kept beside it.

#ifndef FARSTAT_AGENT_SERVICE_CONFIGURE_H_
#define FARSTAT_AGENT_SERVICE_CONFIGURE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/config.h"

namespace farstat::service {

// Changes the settings in `flags.config_file` by the other flags (paths of which are relative to
// the current folder). `reset`: begins from the defaults instead of what is in the file. Returns
// what was changed, for people. The error has a line for each problem; nothing is written then.
absl::StatusOr<std::string> Configure(const AgentFlags& flags, bool reset);

// Whether an agent would start with this file: OK text, or a line for each problem.
absl::StatusOr<std::string> CheckConfiguration(const std::string& settings_file);

// The file's text: every setting with its explanation, those that are set with their values.
std::string SettingsText(const agent::AgentSettings& settings);

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_CONFIGURE_H_
