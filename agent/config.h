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
  std::vector<std::string> operators;
  std::string state_directory;
  int max_streams = 0;
  int max_streams_per_peer = 0;
  int stalled_stream_timeout_s = 0;
  int max_collection_cpu_percent = 0;
};

// The settings in force, with defaults filled in: what could be read of them, if `problems` gets
// any (a line each, with file and line where it is one of the file). Paths in the file are relative
// to its folder.
agent::AgentSettings ReadSettings(const AgentFlags& flags, std::vector<std::string>& problems);

// The same, or an error with a line for each problem.
absl::StatusOr<agent::AgentSettings> LoadSettings(const AgentFlags& flags);

}  // namespace farstat

#endif  // FARSTAT_AGENT_CONFIG_H_
