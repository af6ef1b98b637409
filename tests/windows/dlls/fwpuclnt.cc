// What the replaced fwpuclnt.dll exports.

#include <cstdio>

#include "agent/sources/windows/abi_ike.h"
#include "agent/sources/windows/abi_ipsec.h"
#include "tests/windows/dlls/simulation.h"

namespace farstat::testing {

using sources::windows::FwpmSession;
using sources::windows::Handle;
using sources::windows::IkeSaDetails;
using sources::windows::IkeStatistics0;
using sources::windows::IkeStatistics1;
using sources::windows::IpsecDospStatistics;
using sources::windows::IpsecSaContext;
using sources::windows::IpsecStatistics0;
using sources::windows::IpsecStatistics1;

FARSTAT_WINDOWS_FUNCTION uint32_t FwpmEngineOpen0(const char16_t* server, uint32_t authentication,
                                                  void* identity, const FwpmSession* session,
                                                  Handle* engine) {
  return SimulatedWindows().fwpm_engine_open(server, authentication, identity, session, engine);
}

FARSTAT_WINDOWS_FUNCTION uint32_t FwpmEngineClose0(Handle engine) {
  const uint32_t code = SimulatedWindows().fwpm_engine_close(engine);
  const sources::simulated::FilterEngineModel& model = SimulatedHost().filter_engine();
  if (model.LiveEngines() == 0) {
    // For the test, which sees no more of this process than what it says.
    std::fprintf(stderr, "replaced DLLs: every session is closed; %d arrays kept, %d violations\n",
                 model.LiveArrays(), model.Violations());
    std::fflush(stderr);
  }
  return code;
}

FARSTAT_WINDOWS_FUNCTION void FwpmFreeMemory0(void** memory) {
  SimulatedWindows().fwpm_free_memory(memory);
}

FARSTAT_WINDOWS_FUNCTION uint32_t IPsecGetStatistics0(Handle engine, IpsecStatistics0* statistics) {
  return SimulatedWindows().ipsec_get_statistics0(engine, statistics);
}

FARSTAT_WINDOWS_FUNCTION uint32_t IPsecGetStatistics1(Handle engine, IpsecStatistics1* statistics) {
  return SimulatedWindows().ipsec_get_statistics1(engine, statistics);
}

FARSTAT_WINDOWS_FUNCTION uint32_t IPsecDospGetStatistics0(Handle engine,
                                                          IpsecDospStatistics* statistics) {
  return SimulatedWindows().ipsec_dosp_get_statistics(engine, statistics);
}

FARSTAT_WINDOWS_FUNCTION uint32_t IPsecSaContextCreateEnumHandle0(Handle engine,
                                                                  const void* enum_template,
                                                                  Handle* enum_handle) {
  return SimulatedWindows().ipsec_sa_context_create_enum_handle(engine, enum_template, enum_handle);
}

FARSTAT_WINDOWS_FUNCTION uint32_t IPsecSaContextEnum1(Handle engine, Handle enum_handle,
                                                      uint32_t wanted, IpsecSaContext*** entries,
                                                      uint32_t* returned) {
  return SimulatedWindows().ipsec_sa_context_enum1(engine, enum_handle, wanted, entries, returned);
}

FARSTAT_WINDOWS_FUNCTION uint32_t IPsecSaContextDestroyEnumHandle0(Handle engine,
                                                                   Handle enum_handle) {
  return SimulatedWindows().ipsec_sa_context_destroy_enum_handle(engine, enum_handle);
}

FARSTAT_WINDOWS_FUNCTION uint32_t IkeextGetStatistics0(Handle engine, IkeStatistics0* statistics) {
  return SimulatedWindows().ikeext_get_statistics0(engine, statistics);
}

FARSTAT_WINDOWS_FUNCTION uint32_t IkeextGetStatistics1(Handle engine, IkeStatistics1* statistics) {
  return SimulatedWindows().ikeext_get_statistics1(engine, statistics);
}

FARSTAT_WINDOWS_FUNCTION uint32_t IkeextSaCreateEnumHandle0(Handle engine,
                                                            const void* enum_template,
                                                            Handle* enum_handle) {
  return SimulatedWindows().ikeext_sa_create_enum_handle(engine, enum_template, enum_handle);
}

FARSTAT_WINDOWS_FUNCTION uint32_t IkeextSaEnum1(Handle engine, Handle enum_handle, uint32_t wanted,
                                                IkeSaDetails*** entries, uint32_t* returned) {
  return SimulatedWindows().ikeext_sa_enum1(engine, enum_handle, wanted, entries, returned);
}

FARSTAT_WINDOWS_FUNCTION uint32_t IkeextSaEnum2(Handle engine, Handle enum_handle, uint32_t wanted,
                                                IkeSaDetails*** entries, uint32_t* returned) {
  return SimulatedWindows().ikeext_sa_enum2(engine, enum_handle, wanted, entries, returned);
}

FARSTAT_WINDOWS_FUNCTION uint32_t IkeextSaDestroyEnumHandle0(Handle engine, Handle enum_handle) {
  return SimulatedWindows().ikeext_sa_destroy_enum_handle(engine, enum_handle);
}

}  // namespace farstat::testing
