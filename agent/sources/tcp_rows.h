// The rows of the TCP family, common to all sources: their parts and what filters read.

#ifndef FARSTAT_AGENT_SOURCES_TCP_ROWS_H_
#define FARSTAT_AGENT_SOURCES_TCP_ROWS_H_

#include <array>
#include <cstdint>

#include "agent/sources/source.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources {

// Parts of a TcpConnection. Part 0: key, state, offload_state, listener, accumulation. Parts 1 to
// 10: the group with that number in v1::TcpGroup, or its entry in missing_groups.
inline constexpr int kTcpOwnerPart = 11;
// Parts of the demand that are rows of their own.
inline constexpr int kTcpConnectionsPart = 12;
inline constexpr int kTcpStackPart = 13;

// The part of a row message that holds a group, and the message's field for it.
constexpr int TcpGroupPart(v1::TcpGroup group) { return static_cast<int>(group); }

// What a TcpFilter reads of a row; the owner's process name follows it.
struct TcpFacts {
  // IPv4 addresses are kept IPv4-mapped. A listening socket has no remote address.
  std::array<uint8_t, 16> local_address;
  std::array<uint8_t, 16> remote_address;
  uint32_t pid;  // 0: not known
  uint16_t local_port;
  uint16_t remote_port;
  uint8_t state;  // v1::TcpState
  uint8_t has_remote;
  uint8_t padding[2];
};
static_assert(sizeof(TcpFacts) == 44, "no hidden padding: facts are compared as bytes");

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_TCP_ROWS_H_
