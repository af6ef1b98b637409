// The table of OS calls: everything that the collectors ask of Windows goes through here.
//
// A real Windows is filled in by address (one entry per exported function, found at run time), a
// simulated one by closures over its state. An entry is null when this Windows does not have the
// function: test it before calling, and answer AbsentEntry (win32_status.h) if it is.
//
// Results are Windows' codes, 0 for success, whatever the function calls its type; see
// Win32Status. What each call promises, and where it breaks the promise, is in Microsoft's
// reference and in the comments of the collectors. A call may block for as long as the service
// behind it does, so none is made on a thread that others wait for.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_API_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_API_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "agent/sources/windows/abi.h"
#include "agent/sources/windows/abi_ike.h"
#include "agent/sources/windows/abi_ipsec.h"
#include "agent/sources/windows/abi_ras.h"
#include "agent/sources/windows/abi_tcp.h"
#include "common/mutex.h"

namespace farstat::sources::windows {

// Get…EStats: the parts that are not wanted are null, with size 0. All versions are 0.
template <typename Row>
using GetEstatsCall = uint32_t(const Row* row, uint32_t type, uint8_t* rw, uint32_t rw_version,
                               uint32_t rw_size, uint8_t* ros, uint32_t ros_version,
                               uint32_t ros_size, uint8_t* rod, uint32_t rod_version,
                               uint32_t rod_size);
// Set…EStats
template <typename Row>
using SetEstatsCall = uint32_t(const Row* row, uint32_t type, const uint8_t* rw,
                               uint32_t rw_version, uint32_t rw_size, uint32_t offset);
// …CreateEnumHandle0. A null template means all objects.
using CreateEnumCall = uint32_t(Handle engine, const void* enum_template, Handle* enum_handle);
// …Enum1 and …Enum2. The array comes from Windows and goes back, as a whole, to FwpmFreeMemory0.
template <typename Entry>
using EnumCall = uint32_t(Handle engine, Handle enum_handle, uint32_t wanted, Entry*** entries,
                          uint32_t* returned);
using DestroyEnumCall = uint32_t(Handle engine, Handle enum_handle);

// What the service control manager says about a service.
struct ServiceStatus {
  uint32_t state;       // ServiceState
  uint32_t process_id;  // 0: it does not run.
  // When that process began, as a FILETIME; 0: not known. Counters of a service that shares its
  // process may begin anew without a new process.
  uint64_t process_start;
};

// SERVICE_STOPPED, SERVICE_RUNNING, …
enum ServiceState : uint32_t {
  kServiceStopped = 1,
  kServiceStartPending = 2,
  kServiceStopPending = 3,
  kServiceRunning = 4,
  kServiceContinuePending = 5,
  kServicePausePending = 6,
  kServicePaused = 7,
};

// The services behind the families.
inline constexpr char kRasService[] = "RasMan";
inline constexpr char kFilterEngineService[] = "BFE";
inline constexpr char kIkeService[] = "IKEEXT";
inline constexpr char kIpsecPolicyService[] = "PolicyAgent";

// How wait_for_events ends when nothing was signalled (WAIT_TIMEOUT).
inline constexpr uint32_t kWaitTimeout = 258;

struct Api {
  // rasapi32.dll. There is no entry that could end a connection.
  std::function<uint32_t(RasConnection* connections, uint32_t* bytes, uint32_t* count)>
      ras_enum_connections;
  std::function<uint32_t(Handle connection, RasConnectionStatus* status)> ras_get_connect_status;
  std::function<uint32_t(Handle connection, RasStats* stats)> ras_get_connection_statistics;
  // Links are counted from 1.
  std::function<uint32_t(Handle connection, uint32_t link, RasStats* stats)>
      ras_get_link_statistics;
  std::function<uint32_t(Handle connection)> ras_clear_connection_statistics;
  std::function<uint32_t(Handle connection, uint32_t link)> ras_clear_link_statistics;
  std::function<uint32_t(Handle connection, uint32_t kind, void* projection, uint32_t* bytes)>
      ras_get_projection_info;
  std::function<uint32_t(Handle connection, RasProjectionInfo* projection, uint32_t* bytes)>
      ras_get_projection_info_ex;
  std::function<uint32_t(Handle connection, uint32_t link, Handle* link_handle)>
      ras_get_sub_entry_handle;
  // An event once registered stays so until the process ends: keep it open.
  std::function<uint32_t(Handle connection, Handle event, uint32_t flags)>
      ras_connection_notification;
  std::function<uint32_t(uint32_t error, char16_t* text, uint32_t text_size)> ras_get_error_string;
  // Held around each call of RAS, by CallRas: nobody documents that several threads may call it at
  // a time. Copies of the table are the same Windows and share it.
  std::shared_ptr<Mutex> ras_mutex = std::make_shared<Mutex>();

  // iphlpapi.dll
  std::function<uint32_t(void* table, uint32_t* bytes, int32_t order, uint32_t family,
                         uint32_t table_class, uint32_t reserved)>
      get_extended_tcp_table;
  std::function<uint32_t(TcpTable2* table, uint32_t* bytes, int32_t order)> get_tcp_table2;
  std::function<uint32_t(Tcp6Table2* table, uint32_t* bytes, int32_t order)> get_tcp6_table2;
  std::function<uint32_t(TcpRowOwnerModule* row, uint32_t info_class, void* info, uint32_t* bytes)>
      get_owner_module_from_tcp_entry;
  std::function<uint32_t(Tcp6RowOwnerModule* row, uint32_t info_class, void* info, uint32_t* bytes)>
      get_owner_module_from_tcp6_entry;
  std::function<uint32_t(TcpStats2* stats, uint32_t family)> get_tcp_statistics_ex2;
  std::function<uint32_t(TcpStats* stats, uint32_t family)> get_tcp_statistics_ex;
  std::function<GetEstatsCall<TcpRow>> get_per_tcp_connection_estats;
  std::function<GetEstatsCall<Tcp6Row>> get_per_tcp6_connection_estats;
  std::function<SetEstatsCall<TcpRow>> set_per_tcp_connection_estats;
  std::function<SetEstatsCall<Tcp6Row>> set_per_tcp6_connection_estats;

  // fwpuclnt.dll. Nothing but open is called before open has succeeded.
  std::function<uint32_t(const char16_t* server, uint32_t authentication, void* identity,
                         const FwpmSession* session, Handle* engine)>
      fwpm_engine_open;
  std::function<uint32_t(Handle engine)> fwpm_engine_close;
  std::function<void(void** memory)> fwpm_free_memory;
  std::function<uint32_t(Handle engine, IpsecStatistics0* statistics)> ipsec_get_statistics0;
  std::function<uint32_t(Handle engine, IpsecStatistics1* statistics)> ipsec_get_statistics1;
  std::function<uint32_t(Handle engine, IpsecDospStatistics* statistics)> ipsec_dosp_get_statistics;
  std::function<CreateEnumCall> ipsec_sa_context_create_enum_handle;
  std::function<EnumCall<IpsecSaContext>> ipsec_sa_context_enum1;
  std::function<DestroyEnumCall> ipsec_sa_context_destroy_enum_handle;
  std::function<uint32_t(Handle engine, IkeStatistics0* statistics)> ikeext_get_statistics0;
  std::function<uint32_t(Handle engine, IkeStatistics1* statistics)> ikeext_get_statistics1;
  std::function<CreateEnumCall> ikeext_sa_create_enum_handle;
  std::function<EnumCall<IkeSaDetails>> ikeext_sa_enum1;
  std::function<EnumCall<IkeSaDetails>> ikeext_sa_enum2;
  std::function<DestroyEnumCall> ikeext_sa_destroy_enum_handle;

  // Small compositions of calls. On a real Windows they are always there.

  // The file name of the process's program, in UTF-8. 5: the process does not let itself be seen;
  // 87: there is no such process.
  std::function<uint32_t(uint32_t pid, std::string* name)> process_name;
  // 1060: there is no such service.
  std::function<uint32_t(const char* name, ServiceStatus* status)> service_status;
  // An event that falls back by itself when a waiter has seen it, not signalled yet.
  std::function<uint32_t(Handle* event)> create_event;
  std::function<uint32_t(Handle event)> set_event;
  // Waits for any of at most 64 events; `signalled` is the index of the first that was.
  // kWaitTimeout: none was.
  std::function<uint32_t(const Handle* events, uint32_t count, uint32_t milliseconds,
                         uint32_t* signalled)>
      wait_for_events;
  // Not for events that RasConnectionNotificationW knows.
  std::function<uint32_t(Handle event)> close_event;
};

// Calls `visit(library, function, entry)` for every entry, with the exported name by which Windows
// knows it; for the compositions the library is empty and the name is our own. What works on all
// entries goes through here: loading them, testing which are absent, making the n-th call fail.
template <typename Table, typename Visit>
void VisitEntries(Table& api, Visit&& visit) {
  constexpr absl::string_view kRas = "rasapi32.dll";
  visit(kRas, "RasEnumConnectionsW", api.ras_enum_connections);
  visit(kRas, "RasGetConnectStatusW", api.ras_get_connect_status);
  visit(kRas, "RasGetConnectionStatistics", api.ras_get_connection_statistics);
  visit(kRas, "RasGetLinkStatistics", api.ras_get_link_statistics);
  visit(kRas, "RasClearConnectionStatistics", api.ras_clear_connection_statistics);
  visit(kRas, "RasClearLinkStatistics", api.ras_clear_link_statistics);
  visit(kRas, "RasGetProjectionInfoW", api.ras_get_projection_info);
  visit(kRas, "RasGetProjectionInfoEx", api.ras_get_projection_info_ex);
  visit(kRas, "RasGetSubEntryHandleW", api.ras_get_sub_entry_handle);
  visit(kRas, "RasConnectionNotificationW", api.ras_connection_notification);
  visit(kRas, "RasGetErrorStringW", api.ras_get_error_string);

  constexpr absl::string_view kTcp = "iphlpapi.dll";
  visit(kTcp, "GetExtendedTcpTable", api.get_extended_tcp_table);
  visit(kTcp, "GetTcpTable2", api.get_tcp_table2);
  visit(kTcp, "GetTcp6Table2", api.get_tcp6_table2);
  visit(kTcp, "GetOwnerModuleFromTcpEntry", api.get_owner_module_from_tcp_entry);
  visit(kTcp, "GetOwnerModuleFromTcp6Entry", api.get_owner_module_from_tcp6_entry);
  visit(kTcp, "GetTcpStatisticsEx2", api.get_tcp_statistics_ex2);
  visit(kTcp, "GetTcpStatisticsEx", api.get_tcp_statistics_ex);
  visit(kTcp, "GetPerTcpConnectionEStats", api.get_per_tcp_connection_estats);
  visit(kTcp, "GetPerTcp6ConnectionEStats", api.get_per_tcp6_connection_estats);
  visit(kTcp, "SetPerTcpConnectionEStats", api.set_per_tcp_connection_estats);
  visit(kTcp, "SetPerTcp6ConnectionEStats", api.set_per_tcp6_connection_estats);

  constexpr absl::string_view kFilterEngine = "fwpuclnt.dll";
  visit(kFilterEngine, "FwpmEngineOpen0", api.fwpm_engine_open);
  visit(kFilterEngine, "FwpmEngineClose0", api.fwpm_engine_close);
  visit(kFilterEngine, "FwpmFreeMemory0", api.fwpm_free_memory);
  visit(kFilterEngine, "IPsecGetStatistics0", api.ipsec_get_statistics0);
  visit(kFilterEngine, "IPsecGetStatistics1", api.ipsec_get_statistics1);
  visit(kFilterEngine, "IPsecDospGetStatistics0", api.ipsec_dosp_get_statistics);
  visit(kFilterEngine, "IPsecSaContextCreateEnumHandle0", api.ipsec_sa_context_create_enum_handle);
  visit(kFilterEngine, "IPsecSaContextEnum1", api.ipsec_sa_context_enum1);
  visit(kFilterEngine, "IPsecSaContextDestroyEnumHandle0",
        api.ipsec_sa_context_destroy_enum_handle);
  visit(kFilterEngine, "IkeextGetStatistics0", api.ikeext_get_statistics0);
  visit(kFilterEngine, "IkeextGetStatistics1", api.ikeext_get_statistics1);
  visit(kFilterEngine, "IkeextSaCreateEnumHandle0", api.ikeext_sa_create_enum_handle);
  visit(kFilterEngine, "IkeextSaEnum1", api.ikeext_sa_enum1);
  visit(kFilterEngine, "IkeextSaEnum2", api.ikeext_sa_enum2);
  visit(kFilterEngine, "IkeextSaDestroyEnumHandle0", api.ikeext_sa_destroy_enum_handle);

  constexpr absl::string_view kComposed = "";
  visit(kComposed, "process_name", api.process_name);
  visit(kComposed, "service_status", api.service_status);
  visit(kComposed, "create_event", api.create_event);
  visit(kComposed, "set_event", api.set_event);
  visit(kComposed, "wait_for_events", api.wait_for_events);
  visit(kComposed, "close_event", api.close_event);
}

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_API_H_
