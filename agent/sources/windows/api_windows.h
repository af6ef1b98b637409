// The table of calls of the Windows that this process runs on.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_API_WINDOWS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_API_WINDOWS_H_

#include "agent/sources/windows/api.h"

namespace farstat::sources::windows {

// Functions are looked up in the DLLs of the system folder, which stay loaded until the process
// ends. What this Windows does not export is absent, and so is what Wine exports without having it:
// such a function would end the process.
Api LoadApi();

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_API_WINDOWS_H_
