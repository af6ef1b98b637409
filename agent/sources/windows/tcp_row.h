// Writes the row of one TCP connection: the only place where what Windows says becomes API fields.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_TCP_ROW_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_TCP_ROW_H_

#include "absl/strings/string_view.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/source.h"
#include "agent/sources/windows/tcp_counters.h"
#include "agent/sources/windows/tcp_estats.h"
#include "agent/sources/windows/tcp_tables.h"
#include "agent/sources/windows/widen.h"

namespace farstat::sources::windows {

// Who owns a connection; texts are empty where they are not known.
struct TcpOwner {
  absl::string_view process;
  absl::string_view service;
};

// What of a connection goes into its row.
struct TcpRowParts {
  const ListedTcp& connection;
  // Null: its groups are not wanted, or it cannot have any.
  const TcpEstats* estats;
  // Not null if `estats` is not.
  const TcpCounters* counters;
  // Null: not wanted.
  const TcpOwner* owner;
};

// Writes a TcpConnection, its key and its TcpFacts. A group that is missing is told in that group's
// part, so that only those who selected it see that it is.
void WriteTcpRow(const TcpRowParts& parts, RowWriter& row);

void WriteTcpAccumulation(int field, const AccumulationHistory& history, RowWriter& row);

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_TCP_ROW_H_
