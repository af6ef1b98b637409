#include "agent/sources/simulated/ipsec_addresses.h"

#include <algorithm>
#include <iterator>

namespace farstat::sources::simulated {
namespace {

constexpr uint32_t Ipv4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// 2001:db8::/32 for documentation, an office behind fd00::/8; then the class, and the host in it.
void WriteIpv6(const IpsecPeerClass& kind, uint32_t host, uint8_t (&address)[16]) {
  std::fill(std::begin(address), std::end(address), uint8_t{0});
  if (kind.scenario.transport_mode()) {
    address[0] = 0xFD;
  } else {
    address[0] = 0x20;
    address[1] = 0x01;
    address[2] = 0x0D;
    address[3] = 0xB8;
  }
  address[5] = static_cast<uint8_t>(kind.number + 1);
  for (int i = 0; i < 4; ++i) address[12 + i] = static_cast<uint8_t>(host >> (24 - 8 * i));
}

// Beginning with 1, and without 0 or 255 as last byte.
uint32_t HostNumber(uint32_t number) { return number / 254 << 8 | (number % 254 + 1); }

}  // namespace

uint32_t LocalIpv4(const IpsecPeerClass& kind) {
  return kind.scenario.transport_mode() ? Ipv4(10, 20, 0, 10) : Ipv4(203, 0, 113, 10);
}

uint32_t RemoteIpv4(const IpsecPeer& peer) {
  // The classes follow each other, each with its own second byte.
  const uint32_t class_number = peer.kind().number % 100;
  const uint32_t network = peer.kind().scenario.transport_mode()
                               ? Ipv4(10, 21 + class_number, 0, 0)
                               : Ipv4(100, 64 + class_number % 64, 0, 0);
  return network + HostNumber(peer.number());
}

uint32_t PrivateIpv4(const IpsecPeer& peer) {
  return Ipv4(192, 168, 0, 0) + HostNumber(peer.number() % 0x8000);
}

uint64_t VirtualTunnelId(const IpsecPeer& peer) {
  return uint64_t{peer.kind().number + 1} << 32 | (peer.number() + 1);
}

void WriteLocalIpv6(const IpsecPeerClass& kind, uint8_t (&address)[16]) {
  WriteIpv6(kind, 0xFFFF'0010, address);
}

void WriteRemoteIpv6(const IpsecPeer& peer, uint8_t (&address)[16]) {
  WriteIpv6(peer.kind(), peer.number() + 1, address);
}

}  // namespace farstat::sources::simulated
