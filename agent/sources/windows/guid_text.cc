#include "agent/sources/windows/guid_text.h"

#include <cstdint>

namespace farstat::sources::windows {
namespace {

char* PutHex(char* at, uint64_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    *at++ = "0123456789abcdef"[value >> shift & 0xF];
  }
  return at;
}

}  // namespace

GuidText FormatGuid(const Guid& guid) {
  GuidText text;
  char* at = PutHex(text.data(), guid.data1, 8);
  *at++ = '-';
  at = PutHex(at, guid.data2, 4);
  *at++ = '-';
  at = PutHex(at, guid.data3, 4);
  *at++ = '-';
  for (int i = 0; i < 8; ++i) {
    if (i == 2) *at++ = '-';
    at = PutHex(at, guid.data4[i], 2);
  }
  return text;
}

}  // namespace farstat::sources::windows
