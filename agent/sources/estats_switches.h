// Switching TCP extended statistics (EStats) on and off: what is asked for and what came of it, as
// plain data between whoever does it (sources/windows) and whoever offers it (families).

#ifndef FARSTAT_AGENT_SOURCES_ESTATS_SWITCHES_H_
#define FARSTAT_AGENT_SOURCES_ESTATS_SWITCHES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources {

// Which connection: its end points and when it was made.
struct TcpIdentity {
  // IPv4 addresses are kept IPv4-mapped.
  std::array<uint8_t, 16> local_address = {};
  std::array<uint8_t, 16> remote_address = {};
  uint32_t local_scope_id = 0;
  uint32_t remote_scope_id = 0;
  uint16_t local_port = 0;
  uint16_t remote_port = 0;
  // v1::TcpConnectionKey.incarnation; 0: not known.
  uint64_t incarnation = 0;

  friend bool operator==(const TcpIdentity& a, const TcpIdentity& b) {
    return a.Members() == b.Members();
  }
  template <typename Hash>
  friend Hash AbslHashValue(Hash hash, const TcpIdentity& identity) {
    return Hash::combine(std::move(hash), identity.Members());
  }

 private:
  std::tuple<const std::array<uint8_t, 16>&, const std::array<uint8_t, 16>&, uint32_t, uint32_t,
             uint16_t, uint16_t, uint64_t>
  Members() const {
    return {local_address, remote_address, local_scope_id, remote_scope_id,
            local_port,    remote_port,    incarnation};
  }
};

// Switches of one connection, as bits.
using EstatsSwitches = uint32_t;
// The group's switch; of TCP_GROUP_BANDWIDTH the outbound one.
constexpr EstatsSwitches EstatsSwitchOf(v1::TcpGroup group) { return EstatsSwitches{1} << group; }
inline constexpr EstatsSwitches kInboundBandwidthSwitch = EstatsSwitches{1} << 16;

// The groups that have a switch.
inline constexpr std::array<v1::TcpGroup, 8> kSwitchedTcpGroups = {
    v1::TCP_GROUP_DATA,        v1::TCP_GROUP_SEND_CONGESTION, v1::TCP_GROUP_PATH,
    v1::TCP_GROUP_SEND_BUFFER, v1::TCP_GROUP_RECEIVE,         v1::TCP_GROUP_OBSERVED_RECEIVE,
    v1::TCP_GROUP_BANDWIDTH,   v1::TCP_GROUP_FINE_RTT};

// What is to be switched, on which connections, and for how long.
struct EstatsRequest {
  // Whether a connection with these TcpFacts (and the owner's process name behind them) is meant.
  // Null: each one. Only established connections are asked about.
  std::function<bool(absl::string_view facts)> filter;
  // The filter looks at names of processes, which cost more to find out.
  bool filters_process = false;
  // Only this connection.
  absl::optional<TcpIdentity> connection;

  EstatsSwitches enable = 0;
  EstatsSwitches disable = 0;

  // Zero: once, now. Otherwise a lease, which also switches connections that newly match; an
  // infinite one ends when it is told to.
  absl::Duration ttl = absl::ZeroDuration();
  // When the lease ends, switch off what this agent has switched on and no other lease wants.
  bool undo = false;

  // Who asked, and why: for logs and status.
  std::string holder;
  std::string reason;
};

// A group of a connection that could not be switched.
struct EstatsFailure {
  TcpIdentity connection;
  v1::TcpGroup group = v1::TCP_GROUP_UNSPECIFIED;
  absl::Status status;
  // What Windows returned; 0 where it said success and did nothing.
  uint32_t win32_code = 0;
  bool was_enabled = false;
};

inline constexpr size_t kMaxEstatsFailures = 1000;

// What came of a request. Groups are counted, one for each connection.
struct EstatsResult {
  uint64_t matched_connections = 0;
  // Those that are now as was asked for, `already` of them before.
  uint64_t succeeded = 0;
  uint64_t already = 0;
  uint64_t failed = 0;
  // Connections that matched and were gone before everything was switched; not among the failed.
  uint64_t vanished_connections = 0;
  // At most kMaxEstatsFailures.
  std::vector<EstatsFailure> failures;
  // 0: none.
  uint64_t lease = 0;
};

// A lease that lives.
struct EstatsLease {
  uint64_t id = 0;
  std::string holder;
  std::string reason;
  EstatsSwitches enable = 0;
  EstatsSwitches disable = 0;
  bool undo = false;
  absl::Time start_time;
  // InfiniteFuture: when it is told to.
  absl::Time end_time;
  // Connections that match now.
  uint64_t connections = 0;
  // OK, or why the newest look for connections that newly match went wrong.
  absl::Status status;
};

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_ESTATS_SWITCHES_H_
