// What Windows' structures say about a simulated connection.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_RAS_ANSWERS_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_RAS_ANSWERS_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "agent/sources/simulated/ras_line.h"
#include "agent/sources/windows/abi_ras.h"

namespace farstat::sources::simulated {

// Puts a text in UTF-8 into an array of UTF-16, cut off where it does not fit.
void PutUtf16(absl::string_view text, absl::Span<char16_t> to);

// Everything but the size; `index` of the line in the host.
windows::RasConnection ConnectionOf(const RasLine& line, uint32_t index, windows::Handle handle);

// Of the connection (`link` 0) or a link.
windows::RasConnectionStatus StatusOf(const RasLine& line, uint32_t index, int link,
                                      absl::Duration now);

// Whether it was negotiated already; before it cannot be asked for.
bool IsProjected(const RasLine& line, absl::Duration now);

// RAS_PROJECTION_INFO with the addresses behind it, as they lie in a buffer that begins at `base`.
std::vector<uint8_t> WholeProjection(const RasLine& line, uint32_t index, const void* base);

// What PPP negotiated, protocol by protocol; empty: that protocol was not negotiated.
std::vector<uint8_t> ProtocolProjection(const RasLine& line, uint32_t index, uint32_t kind);

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_RAS_ANSWERS_H_
