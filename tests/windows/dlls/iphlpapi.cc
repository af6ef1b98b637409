// What the replaced iphlpapi.dll does not leave to Wine's.

#include "agent/sources/windows/abi_tcp.h"
#include "tests/windows/dlls/simulation.h"

namespace farstat::testing {

using sources::windows::Tcp6Row;
using sources::windows::Tcp6RowOwnerModule;
using sources::windows::Tcp6Table2;
using sources::windows::TcpRow;
using sources::windows::TcpRowOwnerModule;
using sources::windows::TcpStats;
using sources::windows::TcpStats2;
using sources::windows::TcpTable2;

FARSTAT_WINDOWS_FUNCTION uint32_t GetExtendedTcpTable(void* table, uint32_t* bytes, int32_t order,
                                                      uint32_t family, uint32_t table_class,
                                                      uint32_t reserved) {
  return SimulatedWindows().get_extended_tcp_table(table, bytes, order, family, table_class,
                                                   reserved);
}

FARSTAT_WINDOWS_FUNCTION uint32_t GetTcpTable2(TcpTable2* table, uint32_t* bytes, int32_t order) {
  return SimulatedWindows().get_tcp_table2(table, bytes, order);
}

FARSTAT_WINDOWS_FUNCTION uint32_t GetTcp6Table2(Tcp6Table2* table, uint32_t* bytes, int32_t order) {
  return SimulatedWindows().get_tcp6_table2(table, bytes, order);
}

FARSTAT_WINDOWS_FUNCTION uint32_t GetOwnerModuleFromTcpEntry(TcpRowOwnerModule* row,
                                                             uint32_t info_class, void* info,
                                                             uint32_t* bytes) {
  return SimulatedWindows().get_owner_module_from_tcp_entry(row, info_class, info, bytes);
}

FARSTAT_WINDOWS_FUNCTION uint32_t GetOwnerModuleFromTcp6Entry(Tcp6RowOwnerModule* row,
                                                              uint32_t info_class, void* info,
                                                              uint32_t* bytes) {
  return SimulatedWindows().get_owner_module_from_tcp6_entry(row, info_class, info, bytes);
}

FARSTAT_WINDOWS_FUNCTION uint32_t GetTcpStatisticsEx2(TcpStats2* stats, uint32_t family) {
  return SimulatedWindows().get_tcp_statistics_ex2(stats, family);
}

FARSTAT_WINDOWS_FUNCTION uint32_t GetTcpStatisticsEx(TcpStats* stats, uint32_t family) {
  return SimulatedWindows().get_tcp_statistics_ex(stats, family);
}

FARSTAT_WINDOWS_FUNCTION uint32_t GetPerTcpConnectionEStats(const TcpRow* row, uint32_t type,
                                                            uint8_t* rw, uint32_t rw_version,
                                                            uint32_t rw_size, uint8_t* ros,
                                                            uint32_t ros_version, uint32_t ros_size,
                                                            uint8_t* rod, uint32_t rod_version,
                                                            uint32_t rod_size) {
  return SimulatedWindows().get_per_tcp_connection_estats(
      row, type, rw, rw_version, rw_size, ros, ros_version, ros_size, rod, rod_version, rod_size);
}

FARSTAT_WINDOWS_FUNCTION uint32_t
GetPerTcp6ConnectionEStats(const Tcp6Row* row, uint32_t type, uint8_t* rw, uint32_t rw_version,
                           uint32_t rw_size, uint8_t* ros, uint32_t ros_version, uint32_t ros_size,
                           uint8_t* rod, uint32_t rod_version, uint32_t rod_size) {
  return SimulatedWindows().get_per_tcp6_connection_estats(
      row, type, rw, rw_version, rw_size, ros, ros_version, ros_size, rod, rod_version, rod_size);
}

FARSTAT_WINDOWS_FUNCTION uint32_t SetPerTcpConnectionEStats(const TcpRow* row, uint32_t type,
                                                            const uint8_t* rw, uint32_t rw_version,
                                                            uint32_t rw_size, uint32_t offset) {
  return SimulatedWindows().set_per_tcp_connection_estats(row, type, rw, rw_version, rw_size,
                                                          offset);
}

FARSTAT_WINDOWS_FUNCTION uint32_t SetPerTcp6ConnectionEStats(const Tcp6Row* row, uint32_t type,
                                                             const uint8_t* rw, uint32_t rw_version,
                                                             uint32_t rw_size, uint32_t offset) {
  return SimulatedWindows().set_per_tcp6_connection_estats(row, type, rw, rw_version, rw_size,
                                                           offset);
}

}  // namespace farstat::testing
