// The TCP family on Linux: every TCP socket of the agent's network namespace, and the totals of the
// stack.

#ifndef FARSTAT_AGENT_SOURCES_LINUX_TCP_SOURCE_H_
#define FARSTAT_AGENT_SOURCES_LINUX_TCP_SOURCE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "agent/sources/linux/event_times.h"
#include "agent/sources/linux/sock_diag.h"
#include "agent/sources/linux/socket_owners.h"
#include "agent/sources/linux/tcp_stack.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/source.h"

namespace farstat::sources {

class LinuxTcpSource : public Source {
 public:
  // Tests put something else in the kernel's place.
  explicit LinuxTcpSource(DiagSocketOpener open = OpenSockDiag);

  // Rows are put only if kTcpConnectionsPart is in `parts`, the totals only if kTcpStackPart is.
  // Group parts that Linux does not fill stay empty.
  Outcome Collect(PartMask parts, RowSink& sink) override;

 private:
  // What is counted while sockets are listed; begun anew whenever the listing is.
  struct Tally {
    TcpStateCounts states = {};
    uint64_t sockets_without_owner = 0;
  };

  absl::Status CollectFamily(SockDiag& diag, PartMask parts, RowSink& sink, Tally& tally);
  void CollectSocket(const DiagSocket& socket, PartMask parts, RowSink& sink, Tally& tally);
  absl::Status CollectStack(const TcpStateCounts& counts, RowSink& sink, uint64_t& native_calls);

  SockDiag ipv4_;
  SockDiag ipv6_;
  SocketOwners owners_;
  EventTimes times_;
  RowWriter row_;
  std::string snmp_;
  std::string netstat_;
};

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_LINUX_TCP_SOURCE_H_
