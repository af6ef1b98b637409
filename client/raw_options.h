// Options as they were typed, before anybody judged their values.

#ifndef FARSTAT_CLIENT_RAW_OPTIONS_H_
#define FARSTAT_CLIENT_RAW_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/options.h"

namespace farstat::client {

struct RawOptions {
  Command command = Command::kVersion;
  std::string family;
  std::vector<std::string> targets;
  std::vector<std::string> tags;
  std::string ca;
  std::string cert;
  std::string key;
  std::string server_name;
  std::string max_parallel;
  std::string connect_timeout;
  std::string timeout;
  std::string deadline;
  std::string output = "table";
  std::string color = "auto";
  std::string width;
  std::vector<std::string> local;
  std::vector<std::string> remote;
  std::vector<std::string> ports;
  std::vector<std::string> states;
  std::vector<std::string> pids;
  std::vector<std::string> processes;
  std::vector<std::string> groups;
  bool owner = false;
  std::vector<std::string> columns;
  std::string sort;
  std::string limit;
  bool rate = false;
  std::string interval;
  std::string count;
  std::string duration;
  bool keep_trying = false;
  std::vector<std::string> entries;
  bool all_connections = false;
  std::vector<std::string> estats;
  std::string ttl;
  std::string release;
  bool all_links = false;
  std::string reason;
};

// Judged: every value, and what goes with what.
absl::StatusOr<Options> CheckOptions(const RawOptions& raw);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_RAW_OPTIONS_H_
