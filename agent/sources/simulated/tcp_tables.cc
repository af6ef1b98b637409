#include "agent/sources/simulated/tcp_tables.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <vector>

#include "agent/sources/windows/abi_tcp.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::simulated {
namespace {

using windows::Tcp6Row;
using windows::Tcp6Row2;
using windows::Tcp6RowOwnerModule;
using windows::TcpRow;
using windows::TcpRow2;
using windows::TcpRowOwnerModule;

// MIB_TCPROW_OWNER_PID and MIB_TCP6ROW_OWNER_PID, which farstat itself does not read.
struct TcpRowOwnerPid {
  uint32_t state;
  uint32_t local_addr;
  uint32_t local_port;
  uint32_t remote_addr;
  uint32_t remote_port;
  uint32_t owning_pid;
};
static_assert(sizeof(TcpRowOwnerPid) == 24);

struct Tcp6RowOwnerPid {
  uint8_t local_addr[16];
  uint32_t local_scope_id;
  uint32_t local_port;
  uint8_t remote_addr[16];
  uint32_t remote_scope_id;
  uint32_t remote_port;
  uint32_t state;
  uint32_t owning_pid;
};
static_assert(sizeof(Tcp6RowOwnerPid) == 56);

// The undefined bits of a row: others in every row, and from moment to moment.
uint64_t Garbage(const TcpConnection& connection, uint64_t moment) {
  return Mixed(connection.seed ^ moment * 0x9E3779B97F4A7C15u);
}

// In network order in the lower half, garbage in the upper.
uint32_t PortMember(uint16_t port, uint64_t garbage) {
  const uint8_t network[2] = {static_cast<uint8_t>(port >> 8), static_cast<uint8_t>(port)};
  uint16_t low;
  std::memcpy(&low, network, sizeof(low));
  return static_cast<uint32_t>(garbage << 16) | low;
}

bool Listens(const TcpConnection& connection) {
  return connection.state == windows::kTcpStateListen;
}

// What the rows of all kinds have in common. The peer of a listening socket is undefined.
template <typename Row>
void FillEndPoints(const TcpConnection& connection, uint64_t moment, Row& row) {
  const TcpEndPoints& ends = connection.end_points;
  const uint64_t garbage = Garbage(connection, moment);
  row.state = connection.state;
  row.local_addr = ends.local.V4();
  row.local_port = PortMember(ends.local_port, garbage);
  row.remote_addr = Listens(connection) ? static_cast<uint32_t>(garbage >> 8) : ends.remote.V4();
  row.remote_port = Listens(connection) ? static_cast<uint32_t>(garbage >> 16)
                                        : PortMember(ends.remote_port, garbage >> 24);
}

template <typename Row>
void FillEndPoints6(const TcpConnection& connection, uint64_t moment, Row& row) {
  const TcpEndPoints& ends = connection.end_points;
  const uint64_t garbage = Garbage(connection, moment);
  row.state = connection.state;
  std::copy(ends.local.bytes.begin(), ends.local.bytes.end(), row.local_addr);
  row.local_scope_id = ends.local.Scope();
  row.local_port = PortMember(ends.local_port, garbage);
  if (Listens(connection)) {
    std::fill(row.remote_addr, row.remote_addr + 16, static_cast<uint8_t>(garbage | 1));
    row.remote_scope_id = static_cast<uint32_t>(garbage >> 8);
    row.remote_port = static_cast<uint32_t>(garbage >> 16);
    return;
  }
  std::copy(ends.remote.bytes.begin(), ends.remote.bytes.end(), row.remote_addr);
  row.remote_scope_id = ends.remote.Scope();
  row.remote_port = PortMember(ends.remote_port, garbage >> 24);
}

template <typename Row>
void FillOwner(const TcpConnection& connection, Row& row) {
  row.owning_pid = connection.pid();
}

template <typename Row>
void FillModule(const TcpConnection& connection, Row& row) {
  row.owning_pid = connection.pid();
  row.create_timestamp = static_cast<int64_t>(connection.created);
  row.owning_module_info[0] = row.owning_pid == 0 ? 0 : connection.process->service_tag;
}

template <typename Row>
void FillRow2(const TcpConnection& connection, Row& row) {
  row.owning_pid = connection.pid();
  row.offload_state = connection.kind != nullptr && connection.kind->config->offloaded()
                          ? windows::kTcpOffloadOffloaded
                          : windows::kTcpOffloadInHost;
}

bool Chosen(const TcpConnection& connection, TcpRowChoice choice) {
  switch (choice) {
    case TcpRowChoice::kListeners:
      return Listens(connection);
    case TcpRowChoice::kConnections:
      return connection.state == windows::kTcpStateEstablished;
    case TcpRowChoice::kAll:
      break;
  }
  return true;
}

bool Before(const TcpConnection* left, const TcpConnection* right) {
  const auto key = [](const TcpConnection& connection) {
    const TcpEndPoints& ends = connection.end_points;
    return std::tie(ends.local.bytes, ends.local_port, ends.remote.bytes, ends.remote_port);
  };
  return key(*left) < key(*right);
}

std::vector<const TcpConnection*> Choose(const TcpPopulation& population, bool v6,
                                         TcpRowChoice choice, bool sorted) {
  const std::vector<TcpConnection*>& list = population.List(v6);
  std::vector<const TcpConnection*> chosen;
  chosen.reserve(list.size());
  std::copy_if(list.begin(), list.end(), std::back_inserter(chosen),
               [choice](const TcpConnection* connection) { return Chosen(*connection, choice); });
  if (sorted) std::sort(chosen.begin(), chosen.end(), Before);
  return chosen;
}

// The rows follow the number of them, aligned as they need it.
template <typename Row, typename Fill>
uint32_t Write(const std::vector<const TcpConnection*>& rows, void* table, uint32_t* bytes,
               Fill fill) {
  constexpr size_t kFirstRow = std::max(sizeof(uint32_t), alignof(Row));
  const auto needed = static_cast<uint32_t>(kFirstRow + rows.size() * sizeof(Row));
  const uint32_t given = *bytes;
  *bytes = needed;
  if (table == nullptr || given < needed) return windows::kErrorInsufficientBuffer;
  auto* at = static_cast<uint8_t*>(table);
  const auto count = static_cast<uint32_t>(rows.size());
  std::memcpy(at, &count, sizeof(count));
  at += kFirstRow;
  for (const TcpConnection* connection : rows) {
    Row row = {};
    fill(*connection, row);
    std::memcpy(at, &row, sizeof(row));
    at += sizeof(row);
  }
  return windows::kSuccess;
}

template <typename Row, typename Fill>
uint32_t Write4(const std::vector<const TcpConnection*>& rows, uint64_t moment, void* table,
                uint32_t* bytes, Fill fill) {
  return Write<Row>(rows, table, bytes, [&](const TcpConnection& connection, Row& row) {
    FillEndPoints(connection, moment, row);
    fill(connection, row);
  });
}

template <typename Row, typename Fill>
uint32_t Write6(const std::vector<const TcpConnection*>& rows, uint64_t moment, void* table,
                uint32_t* bytes, Fill fill) {
  return Write<Row>(rows, table, bytes, [&](const TcpConnection& connection, Row& row) {
    FillEndPoints6(connection, moment, row);
    fill(connection, row);
  });
}

uint32_t WriteV4(const std::vector<const TcpConnection*>& rows, TcpRowKind kind, uint64_t moment,
                 void* table, uint32_t* bytes) {
  switch (kind) {
    case TcpRowKind::kBasic:
      return Write4<TcpRow>(rows, moment, table, bytes, [](const TcpConnection&, TcpRow&) {});
    case TcpRowKind::kOwnerPid:
      return Write4<TcpRowOwnerPid>(rows, moment, table, bytes, FillOwner<TcpRowOwnerPid>);
    case TcpRowKind::kOwnerModule:
      return Write4<TcpRowOwnerModule>(rows, moment, table, bytes, FillModule<TcpRowOwnerModule>);
    case TcpRowKind::kRow2:
      break;
  }
  return Write4<TcpRow2>(rows, moment, table, bytes, FillRow2<TcpRow2>);
}

uint32_t WriteV6(const std::vector<const TcpConnection*>& rows, TcpRowKind kind, uint64_t moment,
                 void* table, uint32_t* bytes) {
  switch (kind) {
    case TcpRowKind::kBasic:
      return Write6<Tcp6Row>(rows, moment, table, bytes, [](const TcpConnection&, Tcp6Row&) {});
    case TcpRowKind::kOwnerPid:
      return Write6<Tcp6RowOwnerPid>(rows, moment, table, bytes, FillOwner<Tcp6RowOwnerPid>);
    case TcpRowKind::kOwnerModule:
      return Write6<Tcp6RowOwnerModule>(rows, moment, table, bytes, FillModule<Tcp6RowOwnerModule>);
    case TcpRowKind::kRow2:
      break;
  }
  return Write6<Tcp6Row2>(rows, moment, table, bytes, FillRow2<Tcp6Row2>);
}

}  // namespace

uint32_t WriteTcpTable(const TcpPopulation& population, bool v6, TcpRowKind kind,
                       TcpRowChoice choice, bool sorted, uint64_t moment, void* table,
                       uint32_t* bytes) {
  if (bytes == nullptr) return windows::kErrorInvalidParameter;
  const std::vector<const TcpConnection*> rows = Choose(population, v6, choice, sorted);
  return v6 ? WriteV6(rows, kind, moment, table, bytes) : WriteV4(rows, kind, moment, table, bytes);
}

uint32_t WriteExtendedTcpTable(const TcpPopulation& population, uint32_t family,
                               uint32_t table_class, bool sorted, uint64_t moment, void* table,
                               uint32_t* bytes) {
  constexpr uint32_t kChoices = 3;
  if (bytes == nullptr) return windows::kErrorInvalidParameter;
  const bool v6 = family == windows::kAddressFamilyInet6;
  if ((!v6 && family != windows::kAddressFamilyInet) ||
      table_class > windows::kTcpTableOwnerModuleAll || (v6 && table_class < kChoices)) {
    return windows::kErrorNotSupported;
  }
  // TCP_TABLE_CLASS counts the choices first.
  return WriteTcpTable(population, v6, static_cast<TcpRowKind>(table_class / kChoices),
                       static_cast<TcpRowChoice>(table_class % kChoices), sorted, moment, table,
                       bytes);
}

}  // namespace farstat::sources::simulated
