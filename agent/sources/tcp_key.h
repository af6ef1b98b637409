// The key of a TCP connection as clients see it, from what a connection is identified by inside the
// agent. The one place where a Windows host's keys are written.

#ifndef FARSTAT_AGENT_SOURCES_TCP_KEY_H_
#define FARSTAT_AGENT_SOURCES_TCP_KEY_H_

#include "agent/sources/estats_switches.h"
#include "agent/sources/row_writer.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources {

// Writes it as the key of a TcpConnection, and marks it as the row's. No remote port: the
// connection has no remote end.
void WriteTcpKey(const TcpIdentity& identity, RowWriter& row);

// The same key as a message.
v1::TcpConnectionKey TcpKeyOf(const TcpIdentity& identity);

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_TCP_KEY_H_
