// What a command line asks for, checked.

#ifndef FARSTAT_CLIENT_OPTIONS_H_
#define FARSTAT_CLIENT_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "client/family.h"
#include "client/terminal.h"
#include "common/certificates.h"

namespace farstat::client {

enum class Command {
  kGet,
  kWatch,
  kAgentInfo,
  kAgentStatus,
  kEstatsEnable,
  kEstatsDisable,
  kClearRas,
  kVersion,
  kListColumns,
};

enum class Format { kTable, kWide, kJson, kJsonLines };

// Which rows, and what of them.
struct Selection {
  std::vector<std::string> local;
  std::vector<std::string> remote;
  // First and last port.
  std::vector<std::pair<uint32_t, uint32_t>> ports;
  // Numbers of the family's state enumeration.
  std::vector<int> states;
  std::vector<uint32_t> pids;
  std::vector<std::string> processes;
  // Names of RAS entries.
  std::vector<std::string> entries;
  // Numbers of the family's group enumeration.
  std::vector<int> groups;
  bool owner = false;

  bool filters_owner() const { return !pids.empty() || !processes.empty(); }
};

struct Options {
  Command command = Command::kVersion;
  const Family* family = nullptr;

  // As they were written: the lists may be in files or come from standard input.
  std::vector<std::string> targets;
  std::vector<std::string> tags;
  TlsFiles tls;
  std::string server_name;
  size_t max_parallel = 128;
  absl::Duration connect_timeout = absl::Seconds(3);
  absl::Duration timeout = absl::Seconds(5);
  absl::Duration deadline = absl::InfiniteDuration();

  Format format = Format::kTable;
  ColorMode color = ColorMode::kAuto;
  // 0: as wide as the window.
  size_t width = 0;

  Selection selection;
  std::vector<std::string> columns;
  // Empty: the family's own order.
  std::string sort;
  bool sort_reversed = false;
  // -1: not given.
  int64_t limit = -1;
  bool rate = false;

  // Zero: the agent's default.
  absl::Duration interval = absl::ZeroDuration();
  // Ticks to show; 0: no end.
  uint64_t count = 0;
  absl::Duration duration = absl::InfiniteDuration();
  bool keep_trying = false;

  // EStats to switch, or (watch) to have on meanwhile: numbers of v1::TcpGroup.
  std::vector<int> estats_groups;
  // Zero: no lease.
  absl::Duration ttl = absl::ZeroDuration();
  // At the end, what was switched on is switched off again.
  bool release_disables = false;
  // Clear links too.
  bool all_links = false;
  // Why a host is changed, for the agent's log.
  std::string reason;

  bool changes_hosts() const {
    return command == Command::kEstatsEnable || command == Command::kEstatsDisable ||
           command == Command::kClearRas;
  }
  bool is_table() const { return format == Format::kTable || format == Format::kWide; }
};

// Exit codes of the CLI.
inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 1;
inline constexpr int kExitSomeFailed = 2;
inline constexpr int kExitAllFailed = 3;
inline constexpr int kExitInterrupted = 130;

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_OPTIONS_H_
