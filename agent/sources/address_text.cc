#include "agent/sources/address_text.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace farstat::sources {
namespace {

constexpr int kGroups = 8;
constexpr char kHexDigits[] = "0123456789abcdef";

// Decimal text of one byte.
struct ByteText {
  char digits[3];
  uint8_t size;
};

constexpr std::array<ByteText, 256> MakeByteTexts() {
  std::array<ByteText, 256> texts = {};
  for (int value = 0; value < 256; ++value) {
    ByteText& text = texts[value];
    if (value >= 100) text.digits[text.size++] = static_cast<char>('0' + value / 100);
    if (value >= 10) text.digits[text.size++] = static_cast<char>('0' + value / 10 % 10);
    text.digits[text.size++] = static_cast<char>('0' + value % 10);
  }
  return texts;
}

constexpr std::array<ByteText, 256> kByteTexts = MakeByteTexts();

char* PutDecimal(char* at, uint8_t value) {
  const ByteText& text = kByteTexts[value];
  std::memcpy(at, text.digits, sizeof(text.digits));
  return at + text.size;
}

char* PutDotted(char* at, const uint8_t* bytes) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) *at++ = '.';
    at = PutDecimal(at, bytes[i]);
  }
  return at;
}

char* PutHex(char* at, uint16_t value) {
  if (value >= 0x1000) *at++ = kHexDigits[value >> 12];
  if (value >= 0x100) *at++ = kHexDigits[value >> 8 & 0xf];
  if (value >= 0x10) *at++ = kHexDigits[value >> 4 & 0xf];
  *at++ = kHexDigits[value & 0xf];
  return at;
}

// Groups that "::" stands for.
struct ZeroRun {
  int start = -1;
  int size = 1;  // A single group of zeros is not shortened.
};

// The first of the longest runs (RFC 5952, 4.2).
ZeroRun LongestZeroRun(const uint16_t* groups) {
  ZeroRun longest;
  for (int i = 0; i < kGroups; ++i) {
    const int start = i;
    while (i < kGroups && groups[i] == 0) ++i;
    if (i - start > longest.size) longest = ZeroRun{start, i - start};
  }
  return longest;
}

// Addresses that hold an IPv4 one: ::ffff:0:0/96, and the deprecated ::/96.
bool EndsDotted(const ZeroRun& zeros, const uint16_t* groups) {
  return zeros.start == 0 && (zeros.size == 6 || (zeros.size == 5 && groups[5] == 0xffff));
}

char* PutColons(char* at, const uint8_t* bytes) {
  uint16_t groups[kGroups];
  for (int i = 0; i < kGroups; ++i) {
    groups[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  }
  const ZeroRun zeros = LongestZeroRun(groups);
  const bool dotted = EndsDotted(zeros, groups);
  for (int i = 0; i < (dotted ? kGroups - 2 : kGroups); ++i) {
    if (i == zeros.start) {
      *at++ = ':';
      i += zeros.size - 1;
      if (i == kGroups - 1) *at++ = ':';
      continue;
    }
    if (i > 0) *at++ = ':';
    at = PutHex(at, groups[i]);
  }
  if (!dotted) return at;
  *at++ = ':';
  return PutDotted(at, bytes + 12);
}

}  // namespace

absl::string_view AddressText::FormatIpv4(const void* address) {
  const char* end = PutDotted(text_, static_cast<const uint8_t*>(address));
  return {text_, static_cast<size_t>(end - text_)};
}

absl::string_view AddressText::FormatIpv6(const void* address) {
  const char* end = PutColons(text_, static_cast<const uint8_t*>(address));
  return {text_, static_cast<size_t>(end - text_)};
}

}  // namespace farstat::sources
