// Windows' event log. Only for *_windows.cc.

#ifndef FARSTAT_AGENT_SERVICE_EVENT_LOG_WINDOWS_H_
#define FARSTAT_AGENT_SERVICE_EVENT_LOG_WINDOWS_H_

#include "agent/service/events.h"

namespace farstat::service {

// Writes to the log "Application", as the source that `install` registers.
EventSink WindowsEventLog();

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_EVENT_LOG_WINDOWS_H_
