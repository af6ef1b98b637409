// GUIDs of Windows as text.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_GUID_TEXT_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_GUID_TEXT_H_

#include "agent/sources/guid_text.h"
#include "agent/sources/windows/abi.h"

namespace farstat::sources::windows {

GuidText FormatGuid(const Guid& guid);

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_GUID_TEXT_H_
