// The little of protobuf's wire format that is needed to put encoded rows into messages: a message
// is the concatenation of its encoded fields.

#ifndef FARSTAT_AGENT_FEED_WIRE_H_
#define FARSTAT_AGENT_FEED_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace farstat::feed {

inline size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

inline void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// Tag and length of a message, string or bytes field whose `size` bytes the caller appends.
inline void AppendLengthDelimitedHeader(int field, size_t size, std::string& out) {
  AppendVarint(static_cast<uint64_t>(field) << 3 | 2, out);
  AppendVarint(size, out);
}

inline void AppendLengthDelimited(int field, absl::string_view bytes, std::string& out) {
  AppendLengthDelimitedHeader(field, bytes.size(), out);
  out.append(bytes.data(), bytes.size());
}

// What AppendLengthDelimited appends.
inline size_t LengthDelimitedSize(int field, size_t size) {
  return VarintSize(static_cast<uint64_t>(field) << 3) + VarintSize(size) + size;
}

}  // namespace farstat::feed

#endif  // FARSTAT_AGENT_FEED_WIRE_H_
