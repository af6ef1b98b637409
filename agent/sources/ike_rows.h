// The rows of the IKE family: their parts and what filters read.

#ifndef FARSTAT_AGENT_SOURCES_IKE_ROWS_H_
#define FARSTAT_AGENT_SOURCES_IKE_ROWS_H_

#include <array>
#include <cstdint>

#include "agent/sources/source.h"
#include "farstat/v1/ike.pb.h"

namespace farstat::sources {

// The part of the IkeTotals row. Part 0 is empty.
inline constexpr int kIkeTotalsPart = v1::IKE_GROUP_TOTALS;
// Part of the demand that is rows of its own. An IkeSa has part 0 only.
inline constexpr int kIkeSasPart = v1::IKE_GROUP_SAS;

// What an IkeFilter reads of a row.
struct IkeFacts {
  // IPv4 addresses are kept IPv4-mapped.
  std::array<uint8_t, 16> local_address;
  std::array<uint8_t, 16> remote_address;
  uint64_t sa_id;
  uint32_t authentication_methods;  // Bit n: one of the ends used v1::IkeAuthenticationMethod n.
  uint8_t has_addresses;
  uint8_t key_module;  // v1::IkeKeyModule
  uint8_t padding[2];
};
static_assert(sizeof(IkeFacts) == 48, "no hidden padding: facts are compared as bytes");

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_IKE_ROWS_H_
