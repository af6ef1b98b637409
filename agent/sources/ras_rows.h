// The rows of the RAS family: their parts and what filters read.

#ifndef FARSTAT_AGENT_SOURCES_RAS_ROWS_H_
#define FARSTAT_AGENT_SOURCES_RAS_ROWS_H_

#include <array>
#include <cstdint>

#include "agent/sources/guid_text.h"
#include "agent/sources/source.h"
#include "farstat/v1/ras.pb.h"

namespace farstat::sources {

// Parts of a RasConnection. Part 0: key and what the list of connections says. Parts 1 to 4: the
// group with that number in v1::RasGroup, with its accumulation, or why it is missing.
constexpr int RasGroupPart(v1::RasGroup group) { return static_cast<int>(group); }

constexpr PartMask RasGroupBit(v1::RasGroup group) { return PartBit(RasGroupPart(group)); }

inline constexpr PartMask kAllRasGroups =
    RasGroupBit(v1::RAS_GROUP_STATUS) | RasGroupBit(v1::RAS_GROUP_STATISTICS) |
    RasGroupBit(v1::RAS_GROUP_LINKS) | RasGroupBit(v1::RAS_GROUP_PROJECTION);

// What a RasFilter reads of a row; the device's type follows it, then the entry's name. State and
// tunnel address are known with RAS_GROUP_STATUS, the addresses inside the tunnel with
// RAS_GROUP_PROJECTION.
struct RasFacts {
  // IPv4 addresses are kept IPv4-mapped.
  std::array<uint8_t, 16> tunnel_address;  // The server's end.
  std::array<uint8_t, 16> ipv4_address;    // This host's, inside the tunnel.
  std::array<uint8_t, 16> ipv6_address;
  GuidText entry_guid;
  uint32_t state;  // v1::RasState; 0: not known.
  uint8_t has_tunnel_address;
  uint8_t has_ipv4_address;
  uint8_t has_ipv6_address;
  uint8_t device_type_size;  // Bytes.
};
static_assert(sizeof(RasFacts) == 92, "no hidden padding: facts are compared as bytes");

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_RAS_ROWS_H_
