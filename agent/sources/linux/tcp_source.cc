#include "agent/sources/linux/tcp_source.h"

#include <sys/socket.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/sources/linux/proc_file.h"
#include "agent/sources/linux/tcp_row.h"
#include "agent/sources/tcp_rows.h"
#include "common/status.h"

namespace farstat::sources {
namespace {

constexpr char kSnmpPath[] = "/proc/net/snmp";
constexpr char kNetstatPath[] = "/proc/net/netstat";

bool Wants(PartMask parts, int part) { return (parts & PartBit(part)) != 0; }

// Without counts: they change from one collection to the next, and the condition does not.
absl::Status OwnersHidden() {
  return ErrorStatus(absl::StatusCode::kFailedPrecondition, kAgentLacksPrivilege,
                     "the owners of some connections are not known: the agent may not look at the "
                     "open files of some processes. Run it as root, or with CAP_SYS_PTRACE and "
                     "CAP_DAC_READ_SEARCH",
                     {{"api", "/proc/PID/fd"}});
}

}  // namespace

LinuxTcpSource::LinuxTcpSource(DiagSocketOpener open)
    : ipv4_(AF_INET, open), ipv6_(AF_INET6, std::move(open)) {}

Outcome LinuxTcpSource::Collect(PartMask parts, RowSink& sink) {
  Outcome outcome;
  const bool wants_rows = Wants(parts, kTcpConnectionsPart);
  const bool wants_stack = Wants(parts, kTcpStackPart);
  const bool wants_owners = wants_rows && Wants(parts, kTcpOwnerPart);
  outcome.rows_listed = wants_rows;
  if (!wants_rows && !wants_stack) return outcome;

  // Before the sockets are listed: a connection younger than this look has no owner until the next.
  if (wants_owners) outcome.partial.Update(owners_.Scan(outcome.native_calls));

  Tally total;
  for (SockDiag* diag : {&ipv4_, &ipv6_}) {
    Tally tally;
    const uint64_t calls_before = diag->native_calls();
    absl::Status status = CollectFamily(*diag, parts, sink, tally);
    outcome.native_calls += diag->native_calls() - calls_before;
    // Aborted: the list is whole as far as anybody can tell, but it may lack something. Voiding it
    // would leave clients of a busy host with nothing at all.
    (absl::IsAborted(status) ? outcome.partial : outcome.status).Update(std::move(status));
    if (!outcome.status.ok()) return outcome;
    for (size_t i = 0; i < total.states.size(); ++i) total.states[i] += tally.states[i];
    total.sockets_without_owner += tally.sockets_without_owner;
  }
  times_.EndCollection();

  if (wants_owners && owners_.denied_processes() > 0 && total.sockets_without_owner > 0) {
    outcome.partial.Update(OwnersHidden());
  }
  if (wants_stack) outcome.partial.Update(CollectStack(total.states, sink, outcome.native_calls));
  return outcome;
}

absl::Status LinuxTcpSource::CollectFamily(SockDiag& diag, PartMask parts, RowSink& sink,
                                           Tally& tally) {
  // Without rows nothing but the states is looked at.
  const uint8_t extensions = Wants(parts, kTcpConnectionsPart) ? DiagExtensionsFor(parts) : 0;
  return diag.Dump(
      extensions, [&] { tally = Tally(); },
      [&](const DiagSocket& socket) { CollectSocket(socket, parts, sink, tally); });
}

void LinuxTcpSource::CollectSocket(const DiagSocket& socket, PartMask parts, RowSink& sink,
                                   Tally& tally) {
  ++tally.states[TcpStateOf(socket.message)];
  if (!Wants(parts, kTcpConnectionsPart)) return;
  const SocketOwner* owner = nullptr;
  if (Wants(parts, kTcpOwnerPart) && socket.message.idiag_inode != 0) {
    owner = owners_.Find(socket.message.idiag_inode);
    if (owner == nullptr) ++tally.sockets_without_owner;
  }
  BeginTcpRow(socket, owner, row_);
  WriteTcpRow(socket, parts & sink.PartsOf(row_.facts()), owner, times_, row_);
  sink.Put(RowKind::kRow, row_);
}

absl::Status LinuxTcpSource::CollectStack(const TcpStateCounts& counts, RowSink& sink,
                                          uint64_t& native_calls) {
  // What can be read is told, also if one of the files cannot.
  absl::Status status = ReadProcFile(kSnmpPath, snmp_, native_calls);
  status.Update(ReadProcFile(kNetstatPath, netstat_, native_calls));
  WriteTcpStack(snmp_, netstat_, counts, row_);
  sink.Put(RowKind::kTotals, row_);
  return status;
}

}  // namespace farstat::sources
