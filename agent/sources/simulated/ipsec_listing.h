// SAs as the enumerations of fwpuclnt deliver them.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_LISTING_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_LISTING_H_

#include <cstddef>
#include <vector>

#include "agent/sources/simulated/filter_engine_memory.h"
#include "agent/sources/simulated/ipsec_peer.h"
#include "agent/sources/windows/abi_ike.h"
#include "agent/sources/windows/abi_ipsec.h"

namespace farstat::sources::simulated {

// What there was when an enumeration began. Peers themselves never go.
struct ListedSaPair {
  const IpsecPeer* peer;
  IpsecSaPair pair;
};
struct ListedIkeSa {
  const IpsecPeer* peer;
  IkeSa sa;
};

std::vector<ListedSaPair> ListSaPairs(const std::vector<IpsecPeer>& peers);
std::vector<ListedIkeSa> ListIkeSas(const std::vector<IpsecPeer>& peers);

// An array of Windows with `count` entries from `begin` on, in one allocation of `memory`.
windows::IpsecSaContext** MakeArray(const ListedSaPair* begin, size_t count,
                                    FilterEngineMemory& memory);
windows::IkeSaDetails** MakeArray(const ListedIkeSa* begin, size_t count,
                                  FilterEngineMemory& memory);

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_LISTING_H_
