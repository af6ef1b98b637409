// UTF-16, which Windows speaks, and UTF-8, which everything else does. For Windows only.

#ifndef FARSTAT_COMMON_UTF16_H_
#define FARSTAT_COMMON_UTF16_H_

#include <string>

#include "absl/strings/string_view.h"

namespace farstat {

// What is not valid becomes U+FFFD.
std::string Utf8(const std::wstring& text);
std::wstring Utf16(absl::string_view text);

}  // namespace farstat

#endif  // FARSTAT_COMMON_UTF16_H_
