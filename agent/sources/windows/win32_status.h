// Windows' codes as statuses with a cause, and as symbols and sentences for rows.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_WIN32_STATUS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_WIN32_STATUS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "agent/sources/windows/win32_codes.h"

namespace farstat::sources::windows {

// Codes that the collectors act upon. The table knows many more.
inline constexpr uint32_t kSuccess = 0;
inline constexpr uint32_t kErrorAccessDenied = 5;
inline constexpr uint32_t kErrorInvalidHandle = 6;
inline constexpr uint32_t kErrorNotSupported = 50;
inline constexpr uint32_t kErrorInvalidParameter = 87;
inline constexpr uint32_t kErrorInsufficientBuffer = 122;  // Buffers of iphlpapi.
inline constexpr uint32_t kErrorNoMoreItems = 259;
inline constexpr uint32_t kErrorBufferTooSmall = 603;  // Buffers of RAS.
inline constexpr uint32_t kErrorPortNotOpen = 618;
inline constexpr uint32_t kErrorInvalidSize = 632;
inline constexpr uint32_t kErrorProjectionNotComplete = 730;
inline constexpr uint32_t kErrorProtocolNotConfigured = 731;
inline constexpr uint32_t kErrorNotFound = 1168;
inline constexpr uint32_t kErrorDospNotInstalled = 13931;
inline constexpr uint32_t kErrorInvalidArgument = 0x80070057;

// What came of a call: `code` as the function named `api` returned it. 0 gives OK. The cause says
// api, win32_code (in decimal) and win32_symbol.
absl::Status Win32Status(absl::string_view api, uint32_t code);

// The function named `api` is absent from this Windows.
absl::Status AbsentEntry(absl::string_view api);

// The list that the function named `api` delivers changed faster than it could be read.
absl::Status TableChanging(absl::string_view api);

// The code that `status` was made from; 0 where it was not made by Win32Status.
uint32_t Win32CodeOf(const absl::Status& status);

// What is known of a code; null: nothing. For the errors in rows: a connection's may be a code of
// RAS, of IKE or of Win32.
const Win32Code* FindWin32Code(uint32_t code);

// The error that is counted at this index of the table of frequencies, 0 to kIkeErrorCodeCount - 1.
const Win32Code& IkeErrorAt(int index);

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_WIN32_STATUS_H_
