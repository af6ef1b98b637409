// The totals of the TCP stack, from the counters in /proc/net.

#ifndef FARSTAT_AGENT_SOURCES_LINUX_TCP_STACK_H_
#define FARSTAT_AGENT_SOURCES_LINUX_TCP_STACK_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "agent/sources/row_writer.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources {

// Number of sockets per state, indexed by v1::TcpState.
using TcpStateCounts = std::array<uint64_t, v1::TcpState_ARRAYSIZE>;

// Writes a TcpStack from the text of /proc/net/snmp and /proc/net/netstat and from what was
// counted. Columns that the kernel lacks, or that make no sense, leave their field absent.
void WriteTcpStack(absl::string_view snmp, absl::string_view netstat, const TcpStateCounts& counts,
                   RowWriter& row);

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_LINUX_TCP_STACK_H_
