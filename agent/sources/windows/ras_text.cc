#include "agent/sources/windows/ras_text.h"

#include <cstddef>

namespace farstat::sources::windows {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool IsHighSurrogate(char16_t unit) { return (unit & 0xFC00) == 0xD800; }
bool IsLowSurrogate(char16_t unit) { return (unit & 0xFC00) == 0xDC00; }

// At most 3 bytes for each 16 bits of UTF-16.
char* PutUtf8(char* at, char32_t code_point) {
  const auto tail = [&](int shift) {
    *at++ = static_cast<char>(0x80 | (code_point >> shift & 0x3F));
  };
  if (code_point < 0x80) {
    *at++ = static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    *at++ = static_cast<char>(0xC0 | code_point >> 6);
    tail(0);
  } else if (code_point < 0x10000) {
    *at++ = static_cast<char>(0xE0 | code_point >> 12);
    tail(6);
    tail(0);
  } else {
    *at++ = static_cast<char>(0xF0 | code_point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
  return at;
}

}  // namespace

absl::string_view RasText::Utf8(absl::Span<const char16_t> text) {
  text = text.subspan(0, kLongest);
  char* at = utf8_;
  for (size_t i = 0; i < text.size() && text[i] != 0; ++i) {
    const char16_t unit = text[i];
    if (IsHighSurrogate(unit) && i + 1 < text.size() && IsLowSurrogate(text[i + 1])) {
      ++i;
      at = PutUtf8(at, 0x10000 + ((unit & char32_t{0x3FF}) << 10 | (text[i] & 0x3FF)));
    } else {
      at = PutUtf8(at, IsHighSurrogate(unit) || IsLowSurrogate(unit) ? kReplacement : unit);
    }
  }
  return {utf8_, static_cast<size_t>(at - utf8_)};
}

}  // namespace farstat::sources::windows
