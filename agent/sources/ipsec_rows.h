// The rows of the IPsec family, common to all sources: their parts and what filters read.

#ifndef FARSTAT_AGENT_SOURCES_IPSEC_ROWS_H_
#define FARSTAT_AGENT_SOURCES_IPSEC_ROWS_H_

#include <array>
#include <cstdint>

#include "agent/sources/source.h"
#include "farstat/v1/ipsec.pb.h"

namespace farstat::sources {

// Parts of the IpsecTotals row: the groups with these numbers. Part 0 is empty.
inline constexpr int kIpsecTotalsPart = v1::IPSEC_GROUP_TOTALS;
inline constexpr int kIpsecDosProtectionPart = v1::IPSEC_GROUP_DOS_PROTECTION;
// Parts of the demand that are rows of their own. An IpsecSa has part 0 only.
inline constexpr int kIpsecSasPart = v1::IPSEC_GROUP_SAS;
// Somebody named DoS protection: say so if the host does not have it, as most hosts do not. With
// kIpsecDosProtectionPart.
inline constexpr int kIpsecDosProtectionNamedPart = 4;

// SAs of one row at most: ESP, then AH.
inline constexpr int kIpsecMaxTransforms = 2;

// What an IpsecFilter reads of a row.
struct IpsecFacts {
  // IPv4 addresses are kept IPv4-mapped. Where the direction is not known it is not known either
  // which one of them is local.
  std::array<uint8_t, 16> local_address;
  std::array<uint8_t, 16> remote_address;
  uint64_t sa_context_id;    // 0: none
  uint64_t main_mode_sa_id;  // 0: none
  std::array<uint32_t, kIpsecMaxTransforms> spis;
  std::array<uint8_t, kIpsecMaxTransforms> transform_types;  // v1::IpsecTransformType
  uint8_t transforms;                                        // How many there are.
  uint8_t has_addresses;
  uint8_t direction;  // v1::IpsecDirection
  uint8_t mode;       // v1::IpsecMode
  uint8_t padding[2];
};
static_assert(sizeof(IpsecFacts) == 64, "no hidden padding: facts are compared as bytes");

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_IPSEC_ROWS_H_
