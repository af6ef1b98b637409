// Holds a mirror to the layout of the structure of Windows: to the numbers of the Windows SDK for
// x64 wherever it is compiled, and to the headers themselves when it is compiled for Windows.
//
// For each structure there is a struct with the aliases Mirror and (FARSTAT_NATIVE) Native, a
// FARSTAT_SIZE and a FARSTAT_AT for each member. The …_UNCHECKED forms are for what the headers of
// mingw-w64 10 lack or have wrong: only the numbers are checked then.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_ABI_CHECK_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_ABI_CHECK_H_

#include <cstddef>

#ifdef _WIN32

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <fwpmu.h>
#include <iphlpapi.h>
#include <ras.h>

#define FARSTAT_NATIVE(native) using Native = native
#define FARSTAT_SIZE(bytes) \
  static_assert(sizeof(Mirror) == (bytes) && sizeof(Native) == sizeof(Mirror))
#define FARSTAT_AT(member, native_member, offset)              \
  static_assert(offsetof(Mirror, member) == (offset) &&        \
                offsetof(Native, native_member) == (offset) && \
                sizeof(Native::native_member) == sizeof(Mirror::member))

#else

#define FARSTAT_NATIVE(native) static_assert(true)
#define FARSTAT_SIZE(bytes) FARSTAT_SIZE_UNCHECKED(bytes)
#define FARSTAT_AT(member, native_member, offset) FARSTAT_AT_UNCHECKED(member, offset)

#endif

#define FARSTAT_SIZE_UNCHECKED(bytes) static_assert(sizeof(Mirror) == (bytes))
#define FARSTAT_AT_UNCHECKED(member, offset) static_assert(offsetof(Mirror, member) == (offset))

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_ABI_CHECK_H_
