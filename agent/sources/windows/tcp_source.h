// The TCP family on Windows: every connection of the host with its extended statistics (EStats),
// and the totals of the stack.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_TCP_SOURCE_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_TCP_SOURCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "agent/sources/estats_switches.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/source.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/tcp_counters.h"
#include "agent/sources/windows/tcp_estats.h"
#include "agent/sources/windows/tcp_owners.h"
#include "agent/sources/windows/tcp_row.h"
#include "agent/sources/windows/tcp_stack.h"
#include "agent/sources/windows/tcp_tables.h"
#include "common/clock.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources::windows {

// The groups that this Windows delivers.
std::vector<v1::TcpGroup> DeliverableTcpGroups(const Api& api);

class TcpSource : public Source {
 public:
  // Both must outlive it.
  TcpSource(const Api& api, const Clock& clock);

  // Rows are put only if kTcpConnectionsPart is in `parts`, the totals only if kTcpStackPart is.
  Outcome Collect(PartMask parts, RowSink& sink) override;

 private:
  // What is kept of a connection while it is listed.
  struct Kept {
    uint64_t seen_in = 0;
    TcpCounters counters;
    OwningService service;
  };

  void CollectRows(PartMask parts, RowSink& sink, CounterReading& reading, Outcome& outcome);
  void CollectRow(const ListedTcp& connection, PartMask parts, RowSink& sink,
                  CounterReading& reading, Outcome& outcome);
  PartMask WantedGroups(const ListedTcp& connection, const TcpOwner& owner, PartMask parts,
                        const RowSink& sink);
  Kept* KeptOf(const ListedTcp& connection, bool needed);
  void ForgetUnseen();
  void CollectStack(RowSink& sink, CounterReading& reading, Outcome& outcome);

  const Api& api_;
  const Clock& clock_;
  TcpTables tables_;
  TcpOwners owners_;
  TcpStackTotals stack_;
  uint64_t collection_ = 0;
  uint64_t seen_ = 0;
  absl::flat_hash_map<TcpIdentity, Kept> kept_;
  // Of the row under way; kept because they are large.
  TcpEstats estats_;
  std::string facts_;
  RowWriter row_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_TCP_SOURCE_H_
