// What the replaced rasapi32.dll exports.

#include "agent/sources/windows/abi_ras.h"
#include "tests/windows/dlls/simulation.h"

namespace farstat::testing {

using sources::windows::Handle;
using sources::windows::RasConnection;
using sources::windows::RasConnectionStatus;
using sources::windows::RasProjectionInfo;
using sources::windows::RasStats;

FARSTAT_WINDOWS_FUNCTION uint32_t RasEnumConnectionsW(RasConnection* connections, uint32_t* bytes,
                                                      uint32_t* count) {
  return SimulatedWindows().ras_enum_connections(connections, bytes, count);
}

FARSTAT_WINDOWS_FUNCTION uint32_t RasGetConnectStatusW(Handle connection,
                                                       RasConnectionStatus* status) {
  return SimulatedWindows().ras_get_connect_status(connection, status);
}

FARSTAT_WINDOWS_FUNCTION uint32_t RasGetConnectionStatistics(Handle connection, RasStats* stats) {
  return SimulatedWindows().ras_get_connection_statistics(connection, stats);
}

FARSTAT_WINDOWS_FUNCTION uint32_t RasGetLinkStatistics(Handle connection, uint32_t link,
                                                       RasStats* stats) {
  return SimulatedWindows().ras_get_link_statistics(connection, link, stats);
}

FARSTAT_WINDOWS_FUNCTION uint32_t RasClearConnectionStatistics(Handle connection) {
  return SimulatedWindows().ras_clear_connection_statistics(connection);
}

FARSTAT_WINDOWS_FUNCTION uint32_t RasClearLinkStatistics(Handle connection, uint32_t link) {
  return SimulatedWindows().ras_clear_link_statistics(connection, link);
}

FARSTAT_WINDOWS_FUNCTION uint32_t RasGetProjectionInfoW(Handle connection, uint32_t kind,
                                                        void* projection, uint32_t* bytes) {
  return SimulatedWindows().ras_get_projection_info(connection, kind, projection, bytes);
}

FARSTAT_WINDOWS_FUNCTION uint32_t RasGetProjectionInfoEx(Handle connection,
                                                         RasProjectionInfo* projection,
                                                         uint32_t* bytes) {
  return SimulatedWindows().ras_get_projection_info_ex(connection, projection, bytes);
}

FARSTAT_WINDOWS_FUNCTION uint32_t RasGetSubEntryHandleW(Handle connection, uint32_t link,
                                                        Handle* link_handle) {
  return SimulatedWindows().ras_get_sub_entry_handle(connection, link, link_handle);
}

FARSTAT_WINDOWS_FUNCTION uint32_t RasConnectionNotificationW(Handle connection, Handle event,
                                                             uint32_t flags) {
  return NotifyOfRasChanges(connection, event, flags);
}

FARSTAT_WINDOWS_FUNCTION uint32_t RasGetErrorStringW(uint32_t error, char16_t* text,
                                                     uint32_t text_size) {
  return SimulatedWindows().ras_get_error_string(error, text, text_size);
}

}  // namespace farstat::testing
