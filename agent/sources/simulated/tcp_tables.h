// The tables of sockets as Windows hands them out: GetExtendedTcpTable and its kin.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_TCP_TABLES_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_TCP_TABLES_H_

#include <cstdint>

#include "agent/sources/simulated/tcp_population.h"

namespace farstat::sources::simulated {

// What a row holds, by which it is known how long it is.
enum class TcpRowKind { kBasic, kOwnerPid, kOwnerModule, kRow2 };

// Which rows.
enum class TcpRowChoice { kListeners, kConnections, kAll };

// Writes a table, or says how many bytes it needs. `moment` is what undefined bits follow.
uint32_t WriteTcpTable(const TcpPopulation& population, bool v6, TcpRowKind kind,
                       TcpRowChoice choice, bool sorted, uint64_t moment, void* table,
                       uint32_t* bytes);

// GetExtendedTcpTable.
uint32_t WriteExtendedTcpTable(const TcpPopulation& population, uint32_t family,
                               uint32_t table_class, bool sorted, uint64_t moment, void* table,
                               uint32_t* bytes);

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_TCP_TABLES_H_
