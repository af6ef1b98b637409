// A mark in a row that says when it was published, found again in the bytes that a subscriber gets.

#ifndef FARSTAT_TESTS_BENCH_PUBLISH_MARK_H_
#define FARSTAT_TESTS_BENCH_PUBLISH_MARK_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace farstat::bench {

inline constexpr absl::string_view kPublishMark = "published-at=";
inline constexpr size_t kPublishMarkDigits = 20;

// Nanoseconds of a clock that all processes of the host share.
inline uint64_t MonotonicNow() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

inline std::string MakePublishMark() {
  return absl::StrFormat("%s%020u", kPublishMark, MonotonicNow());
}

inline std::optional<uint64_t> FindPublishMark(absl::string_view bytes) {
  const size_t at = bytes.find(kPublishMark);
  uint64_t time = 0;
  if (at == absl::string_view::npos) return std::nullopt;
  const absl::string_view digits = bytes.substr(at + kPublishMark.size(), kPublishMarkDigits);
  if (digits.size() < kPublishMarkDigits || !absl::SimpleAtoi(digits, &time)) return std::nullopt;
  return time;
}

}  // namespace farstat::bench

#endif  // FARSTAT_TESTS_BENCH_PUBLISH_MARK_H_
