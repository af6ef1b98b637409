// The addresses of a simulated host and its IPsec peers. They follow from the class of the peer and
// its number: tunnels run between public addresses, transport mode inside an office.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_ADDRESSES_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_ADDRESSES_H_

#include <cstdint>

#include "agent/sources/simulated/ipsec_peer.h"

namespace farstat::sources::simulated {

// In host order, as the filter engine has them.
uint32_t LocalIpv4(const IpsecPeerClass& kind);
uint32_t RemoteIpv4(const IpsecPeer& peer);
// Of a peer behind a NAT, on its side.
uint32_t PrivateIpv4(const IpsecPeer& peer);

// In network order.
void WriteLocalIpv6(const IpsecPeerClass& kind, uint8_t (&address)[16]);
void WriteRemoteIpv6(const IpsecPeer& peer, uint8_t (&address)[16]);

// Names the virtual interface of a tunnel.
uint64_t VirtualTunnelId(const IpsecPeer& peer);

// Fills the version and both addresses of an IPSEC_TRAFFIC1 or IKEEXT_TRAFFIC0.
template <typename Traffic>
void WriteAddresses(const IpsecPeer& peer, Traffic& traffic) {
  if (peer.kind().scenario.ipv6()) {
    traffic.ip_version = windows::kIpVersion6;
    WriteLocalIpv6(peer.kind(), traffic.local_v6_address);
    WriteRemoteIpv6(peer, traffic.remote_v6_address);
  } else {
    traffic.ip_version = windows::kIpVersion4;
    traffic.local_v4_address = LocalIpv4(peer.kind());
    traffic.remote_v4_address = RemoteIpv4(peer);
  }
}

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_ADDRESSES_H_
