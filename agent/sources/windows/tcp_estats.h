// Reads the EStats of one connection: the calls, and whether what they delivered means anything.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_TCP_ESTATS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_TCP_ESTATS_H_

#include <array>
#include <cstdint>

#include "absl/status/status.h"
#include "agent/sources/source.h"
#include "agent/sources/tcp_rows.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/tcp_tables.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources::windows {

constexpr PartMask GroupBit(v1::TcpGroup group) { return PartBit(TcpGroupPart(group)); }

// The groups that Windows has.
inline constexpr PartMask kEstatsGroups =
    GroupBit(v1::TCP_GROUP_SYN_OPTIONS) | GroupBit(v1::TCP_GROUP_DATA) |
    GroupBit(v1::TCP_GROUP_SEND_CONGESTION) | GroupBit(v1::TCP_GROUP_PATH) |
    GroupBit(v1::TCP_GROUP_SEND_BUFFER) | GroupBit(v1::TCP_GROUP_RECEIVE) |
    GroupBit(v1::TCP_GROUP_OBSERVED_RECEIVE) | GroupBit(v1::TCP_GROUP_BANDWIDTH) |
    GroupBit(v1::TCP_GROUP_FINE_RTT);

// What the calls for one connection delivered. Each group that was asked for is in one of the three
// sets; the structures of groups that are not in `delivered` hold nothing.
struct TcpEstats {
  PartMask delivered = 0;
  // Collection is switched off.
  PartMask off = 0;
  PartMask failed = 0;
  // By group; of those that failed. 0: the function is absent, or it delivered nothing.
  std::array<uint32_t, kMaxParts> codes;

  EstatsSynOptsRos syn_options;
  EstatsDataRod data;
  EstatsSndCongRos send_congestion_limit;
  EstatsSndCongRod send_congestion;
  EstatsPathRod path;
  EstatsSendBuffRod send_buffer;
  EstatsRecRod receive;
  EstatsObsRecRod observed_receive;
  // Which direction is switched on.
  EstatsBandwidthRw bandwidth_switches;
  EstatsBandwidthRod bandwidth;
  EstatsFineRttRod fine_rtt;
};

// The groups that can be read on this Windows.
PartMask ReadableGroups(const Api& api);

// The call that reads the connection's EStats, as Windows names it.
absl::string_view EstatsCallName(const ListedTcp& connection);

// Reads `groups` of the connection; `calls` counts. False: it is gone.
bool ReadEstats(const Api& api, const ListedTcp& connection, PartMask groups, TcpEstats& estats,
                uint64_t& calls);

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_TCP_ESTATS_H_
