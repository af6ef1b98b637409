// The simulated Windows of this process: what the replaced DLLs answer from.

#ifndef FARSTAT_TESTS_WINDOWS_DLLS_SIMULATION_H_
#define FARSTAT_TESTS_WINDOWS_DLLS_SIMULATION_H_

#include <cstdint>

#include "agent/sources/simulated/host.h"
#include "agent/sources/windows/api.h"

// A function of Windows, as the thin DLLs forward it to this one. On x64 there is one calling
// convention, and the mirrors have the layout of Windows' structures.
#define FARSTAT_WINDOWS_FUNCTION extern "C" __declspec(dllexport)

namespace farstat::testing {

// Made by the first call, from the environment:
//   FARSTAT_TEST_SCENARIO  what it is like: a file, or the name of a shipped scenario
//   FARSTAT_TEST_SINCE     when it began, in seconds since 1970. Default: now. The same scenario
//   since
//                          the same time is the same host, also in another process.
// Ends the process, saying why, where that is not possible.
const sources::simulated::Host& SimulatedHost();
// Its functions.
inline const sources::windows::Api& SimulatedWindows() { return SimulatedHost().api(); }

// RasConnectionNotificationW, with an event of the real Windows.
uint32_t NotifyOfRasChanges(sources::windows::Handle connection, sources::windows::Handle event,
                            uint32_t flags);

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_WINDOWS_DLLS_SIMULATION_H_
