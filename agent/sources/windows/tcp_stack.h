// The totals of the TCP stack, IPv4 and IPv6 added up.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_TCP_STACK_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_TCP_STACK_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/tcp_counters.h"
#include "agent/sources/windows/widen.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources::windows {

// Number of connections per state, indexed by v1::TcpState.
using TcpStateCounts = std::array<uint64_t, v1::TcpState_ARRAYSIZE>;

class TcpStackTotals {
 public:
  // `api` must outlive it.
  explicit TcpStackTotals(const Api& api) : api_(api) {}

  // Reads the totals; `calls` counts. An error: Write has nothing but states.
  absl::Status Read(CounterReading& reading, uint64_t& calls);
  // Writes a TcpStack.
  void Write(const TcpStateCounts& states, RowWriter& row) const;

 private:
  // Totals of 32 bits. Those of segments are in 64 bits where Windows has GetTcpStatisticsEx2.
  enum Counter : size_t {
    kActiveOpens,
    kPassiveOpens,
    kAttemptFails,
    kEstablishedResets,
    kRetransmitted,
    kInErrors,
    kOutResets,
    kSegmentsIn,
    kSegmentsOut,
    kCounters,
  };
  struct Protocol {
    WidenedCounters<kCounters> counters;
    // The newest reading; its segments are 0 where they are counted in 32 bits.
    TcpStats2 stats;
    bool read = false;
  };
  // What one call delivered.
  struct Answer {
    TcpStats2 stats;
    // Segments that were counted in 32 bits.
    uint32_t narrow_in;
    uint32_t narrow_out;
    bool narrow;
  };

  absl::StatusOr<Answer> Call(uint32_t family, uint64_t& calls) const;
  absl::Status ReadProtocol(uint32_t family, Protocol& protocol, CounterReading& reading,
                            uint64_t& calls);
  uint64_t Total(Counter counter) const;
  void WriteStats(RowWriter& row) const;
  void WriteCounters(RowWriter& row) const;

  const Api& api_;
  Protocol ipv4_;
  Protocol ipv6_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_TCP_STACK_H_
