// Writes the row of one TCP socket: the only place where Linux's numbers become API fields.
// README.md has the mapping with its reasons.

#ifndef FARSTAT_AGENT_SOURCES_LINUX_TCP_ROW_H_
#define FARSTAT_AGENT_SOURCES_LINUX_TCP_ROW_H_

#include <linux/inet_diag.h>

#include "agent/sources/linux/event_times.h"
#include "agent/sources/linux/sock_diag.h"
#include "agent/sources/linux/socket_owners.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/source.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources {

// The state of a socket. Linux numbers its states otherwise.
v1::TcpState TcpStateOf(const inet_diag_msg& message);

// What the kernel is to be asked for, so that the row can have `parts`.
uint8_t DiagExtensionsFor(PartMask parts);

// Begins the row of a socket with its TcpFacts. `owner` is null if there is none or nobody asked.
void BeginTcpRow(const DiagSocket& socket, const SocketOwner* owner, RowWriter& row);

// Writes a TcpConnection with these parts, and its key, into the row that was begun.
void WriteTcpRow(const DiagSocket& socket, PartMask parts, const SocketOwner* owner,
                 EventTimes& times, RowWriter& row);

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_LINUX_TCP_ROW_H_
