// The codes that Windows' functions return, with symbol, meaning and a sentence: one table, in
// three files by range. win32_status.h is how it is used.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_WIN32_CODES_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_WIN32_CODES_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace farstat::sources::windows {

// What a code means as the result of a call that the agent made.
enum class Win32Meaning {
  kRefused,  // A call that the agent built was refused: nobody else's fault.
  kLacksPrivilege,
  kNotSupported,
  kStopped,
  kBusy,
  kVanished,
  kNoMemory,
};

struct Win32Code {
  uint32_t code;
  absl::string_view symbol;
  absl::string_view sentence;
  Win32Meaning meaning = Win32Meaning::kRefused;
};

// Win32, RPC, COM and Windows Filtering Platform. In ascending order of codes, as the others are.
absl::Span<const Win32Code> SystemCodes();
// RAS: 600 to 878. Codes that a Windows with this agent cannot deliver any more, of modem scripts,
// X.25, NetBEUI and IPX, are left out.
absl::Span<const Win32Code> RasCodes();
// IKE: 13800 to 13909, without a gap.
absl::Span<const Win32Code> IkeCodes();

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_WIN32_CODES_H_
