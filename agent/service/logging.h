// Where the agent's log goes: a terminal, systemd's journal, or files that rotate. Errors are also
// events.

#ifndef FARSTAT_AGENT_SERVICE_LOGGING_H_
#define FARSTAT_AGENT_SERVICE_LOGGING_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "agent/service/events.h"

namespace farstat::service {

enum class LogTarget {
  kTerminal,  // Standard error, coloured if it is a terminal.
  kJournal,   // Standard error, each line with its priority as systemd reads it.
  kFiles,     // farstat-agent.log and older ones in a folder.
};

struct LogOptions {
  LogTarget target = LogTarget::kTerminal;
  std::string level = "info";
  // For kFiles. Made if it is not there.
  std::string folder;
  // At most so many bytes in each of so many files.
  size_t file_bytes = size_t{10} << 20;
  size_t files = 5;
  EventSink events;
};

// Sets spdlog's default logger. The error says why files cannot be written; the agent then goes on
// without, its errors still being events. A log that cannot be written later, for example because
// the disk is full, is told once, as an event, and does not stop anything.
absl::Status SetUpLog(const LogOptions& options);

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_LOGGING_H_
