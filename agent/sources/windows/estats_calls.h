// The EStats switches of one connection: read and set, a group at a time, whatever Windows' shapes
// of them are.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_CALLS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_CALLS_H_

#include "absl/status/status.h"
#include "agent/sources/estats_switches.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/tcp_tables.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources::windows {

// The switches that a group has: two of TCP_GROUP_BANDWIDTH, one of others.
constexpr EstatsSwitches SwitchesOf(v1::TcpGroup group) {
  return EstatsSwitchOf(group) | (group == v1::TCP_GROUP_BANDWIDTH ? kInboundBandwidthSwitch : 0);
}

class EstatsCalls {
 public:
  // `api` must outlive it.
  explicit EstatsCalls(const Api& api) : api_(api) {}

  // OK, or which function this Windows does not have.
  absl::Status CheckPresent() const;

  // Those of the group's switches that are on.
  absl::Status Read(const ListedTcp& connection, v1::TcpGroup group, EstatsSwitches& on) const;

  // Turns some of the group's switches on and some off; the others stay as they are.
  absl::Status Set(const ListedTcp& connection, v1::TcpGroup group, EstatsSwitches on,
                   EstatsSwitches off) const;

 private:
  const Api& api_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_CALLS_H_
