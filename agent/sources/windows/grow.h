// Fetches a list whose size is known only to Windows: grow the buffer and call again while it is
// too small, a bounded number of times.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_GROW_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_GROW_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"

namespace farstat::sources::windows {

// Calls that one fetch makes at most.
inline constexpr int kGrowTries = 8;
// A list that needs more is not fetched: more than 1.5 million TCP connections.
inline constexpr uint32_t kLargestBuffer = 256u << 20;

// Memory for a list. Kept from one collection to the next it is allocated once. At addresses that 8
// divides, so that every structure may begin there.
class AlignedBuffer {
 public:
  explicit AlignedBuffer(uint32_t bytes) { Grow(bytes); }

  void* data() { return words_.data(); }
  uint32_t size() const { return static_cast<uint32_t>(words_.size() * sizeof(uint64_t)); }

  // To at least so many bytes; never smaller.
  void Grow(uint32_t bytes) {
    const size_t words = (size_t{bytes} + sizeof(uint64_t) - 1) / sizeof(uint64_t);
    if (words > words_.size()) words_.resize(words);
  }
  // So that a call that delivers nothing, but says that it did, leaves no old rows.
  void Clear() { std::fill(words_.begin(), words_.end(), uint64_t{0}); }

 private:
  std::vector<uint64_t> words_;
};

// The size to try after `reported` were said to be needed where `given` were not enough: with a
// quarter to spare, because the list may grow again meanwhile. Always larger than `given`, also
// when what was reported is not.
constexpr uint32_t NextBufferSize(uint32_t given, uint32_t reported) {
  const uint64_t needed = reported > given ? reported : uint64_t{given} * 2;
  const uint64_t size = std::max<uint64_t>(needed + needed / 4, uint64_t{given} + 8);
  return static_cast<uint32_t>(std::min<uint64_t>(size, UINT32_MAX));
}

// Calls `call(data, &bytes)`, which returns a code of Windows and sets `bytes` to what it needs or
// has written, until it no longer returns `too_small`: 603 for RAS, 122 for iphlpapi. Returns the
// number of bytes that are good. A call that succeeds with more bytes than it was given is not
// believed, but counts as too small.
template <typename Call>
absl::StatusOr<uint32_t> FetchGrowing(absl::string_view api, uint32_t too_small,
                                      AlignedBuffer& buffer, Call&& call) {
  for (int tries = 0; tries < kGrowTries; ++tries) {
    buffer.Clear();
    const uint32_t given = buffer.size();
    uint32_t bytes = given;
    const uint32_t code = call(buffer.data(), &bytes);
    if (code == kSuccess && bytes <= given) return bytes;
    if (code != kSuccess && code != too_small) return Win32Status(api, code);
    const uint32_t next = NextBufferSize(given, bytes);
    if (next > kLargestBuffer) {
      return ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached,
                         absl::StrCat(api, " wants a buffer of ", next, " bytes."),
                         {{"api", std::string(api)}});
    }
    buffer.Grow(next);
  }
  return TableChanging(api);
}

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_GROW_H_
