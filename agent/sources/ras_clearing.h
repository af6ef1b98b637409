// Clearing the counters of RAS connections: what is asked and what came of it, as plain data for
// those who do not know which system they run on.

#ifndef FARSTAT_AGENT_SOURCES_RAS_CLEARING_H_
#define FARSTAT_AGENT_SOURCES_RAS_CLEARING_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "agent/sources/source.h"

namespace farstat::sources {

// What v1::RasConnectionKey holds.
struct RasIdentity {
  std::string entry_guid;  // Letter case ignored.
  uint64_t handle = 0;
};

// A v1::ClearRasStatisticsRequest that has been checked and compiled.
struct RasClearRequest {
  // This connection only. Unset: all connections that `matches`.
  absl::optional<RasIdentity> connection;
  // Looks at RasFacts and what follows them (ras_rows.h). Null: every connection. Not asked when
  // `connection` is set.
  std::function<bool(absl::string_view facts)> matches;
  // The parts of a row that `matches` needs for its facts, as CompileRasFilter tells.
  PartMask parts = 0;
  // Only with `connection`: clear this link and not the connection. 0: the connection.
  uint32_t link = 0;
  // Clear also each link of the connections that is up. Not with `link`.
  bool all_links = false;
};

// One connection, or one of its links, that was to be cleared.
struct RasClearResult {
  RasIdentity connection;
  std::string entry_name;
  uint32_t link = 0;  // 0: the connection as a whole.
  // What Windows returned; 0: done. The argument error is 87 in both of its spellings.
  uint32_t win32_code = 0;
  // The cause when it was not done, also where that is no code (the function is absent).
  absl::Status status;
};

struct RasClearReport {
  uint64_t matched_connections = 0;
  // In the order in which they were cleared. Connections that were gone by then are among them.
  std::vector<RasClearResult> results;
  uint64_t native_calls = 0;
};

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_RAS_CLEARING_H_
