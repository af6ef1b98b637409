// Writes the row of one RAS connection: where Windows' structures become API fields, except for
// what was negotiated (ras_projection.h).

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_RAS_ROW_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_RAS_ROW_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/types/optional.h"
#include "agent/sources/ras_rows.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/windows/abi_ras.h"
#include "agent/sources/windows/ras_totals.h"

namespace farstat::sources::windows {

// What filters will read of the row, as it is found.
struct RasRowFacts {
  RasFacts facts = {};
  std::string device_type;
  std::string entry_name;
};

// Part 0, with the row's key.
void WriteRasConnection(const RasConnection& connection, RowWriter& row, RasRowFacts& facts);

// The facts, when all of them are known.
void SetRasFacts(const RasRowFacts& facts, RowWriter& row);

// The field `field` of the message that is being written: a v1::RasStatus.
void WriteRasStatus(int field, const RasConnectionStatus& status, RowWriter& row);
void AddStatusFacts(const RasConnectionStatus& status, RasFacts& facts);

// A v1::RasStats: gauges from `stats`, counters from `totals`. `single_link`: its compression
// ratios have a meaning.
void WriteRasStats(int field, const RasStats& stats, const RasTotals& totals, bool single_link,
                   RowWriter& row);

void WriteAccumulation(int field, const AccumulationHistory& history, RowWriter& row);

// A group that the connection lacks, because reading it returned `code`.
void WriteMissingGroup(v1::RasGroup group, uint32_t code, RowWriter& row);

// What is known of a link.
struct RasLinkReading {
  uint32_t index = 0;
  absl::optional<bool> up;
  absl::optional<RasConnectionStatus> status;
  absl::optional<RasStats> stats;
  uint32_t win32_code = 0;  // With which reading it failed.
};

// `totals` is looked at if there are stats.
void WriteRasLink(const RasLinkReading& link, const RasTotals& totals, RowWriter& row);

// IPv4-mapped.
std::array<uint8_t, 16> MapIpv4(const uint8_t (&address)[4]);

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_RAS_ROW_H_
