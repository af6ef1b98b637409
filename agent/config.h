// The agent's settings: read from a file, overridden by flags, checked as a whole.

#ifndef FARSTAT_AGENT_CONFIG_H_
#define FARSTAT_AGENT_CONFIG_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/config.pb.h"

namespace farstat {

inline constexpr char kDefaultListen[] = "127.0.0.1:9847";

// What the command line says; empty: nothing.
struct AgentFlags {
  std::string config_file;
  std::vector<std::string> listen;
  std::string ca;
  std::string certificate;
  std::string key;
  std::string log_level;
  bool local_operators = false;
};

// The settings in force, with defaults filled in. The error has a line for each problem, with file
// and line where it is one of the file.
absl::StatusOr<agent::AgentSettings> LoadSettings(const AgentFlags& flags);

}  // namespace farstat

#endif  // FARSTAT_AGENT_CONFIG_H_
