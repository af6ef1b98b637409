// Addresses of simulated connections: end points as they are looked up, and nets that peers are in.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_TCP_ADDRESS_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_TCP_ADDRESS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "agent/sources/simulated/tcp_chance.h"

namespace farstat::sources::simulated {

// An address in network order; of IPv4 the first 4 bytes, the others 0.
struct TcpAddress {
  std::array<uint8_t, 16> bytes = {};
  bool v6 = false;

  // As in4_addr holds it.
  uint32_t V4() const;
  static TcpAddress FromV4(uint32_t address);
  // Scope of a link-local address, else 0: there is one interface.
  uint32_t Scope() const;
  bool operator==(const TcpAddress& other) const { return v6 == other.v6 && bytes == other.bytes; }
};

// What names a connection. Ports are in host order.
struct TcpEndPoints {
  TcpAddress local;
  TcpAddress remote;
  uint16_t local_port = 0;
  uint16_t remote_port = 0;

  bool operator==(const TcpEndPoints& other) const {
    return local_port == other.local_port && remote_port == other.remote_port &&
           local == other.local && remote == other.remote;
  }
};

struct TcpEndPointsHash {
  size_t operator()(const TcpEndPoints& end_points) const;
};

// An address, or a net to draw addresses from.
struct TcpNet {
  TcpAddress address;
  int prefix_length;

  TcpAddress Draw(TcpChance& chance) const;
};

// "203.0.113.0/24" or "2001:db8::1". Nothing: not an address.
absl::optional<TcpNet> ParseTcpNet(const std::string& text);

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_TCP_ADDRESS_H_
