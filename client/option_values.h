// The values of options, from text to what they mean. Every error says what would be right.

#ifndef FARSTAT_CLIENT_OPTION_VALUES_H_
#define FARSTAT_CLIENT_OPTION_VALUES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/family.h"

namespace farstat::client {

// "500ms", "1s", "1h30m": longer than zero, at most a year. `flag` is named in errors.
absl::StatusOr<absl::Duration> ParseDurationOption(absl::string_view flag, absl::string_view text);

absl::StatusOr<uint64_t> ParseNumberOption(absl::string_view flag, absl::string_view text,
                                           uint64_t smallest, uint64_t largest);

// "10.0.0.0/8", "2001:db8::1".
absl::Status CheckCidr(absl::string_view flag, const std::string& text);

// "443", "8000-8100".
absl::StatusOr<std::pair<uint32_t, uint32_t>> ParsePorts(absl::string_view text);

// A state of the family's rows by name, letter case ignored.
absl::StatusOr<int> ParseState(const Family& family, absl::string_view text);
// The enumeration of the states that the family's filter knows; null if it knows none.
const EnumDescriptor* StatesOf(const Family& family);

// A group of the family by name; also by the names that EStats have on Windows.
absl::StatusOr<int> ParseGroup(const Family& family, absl::string_view text);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_OPTION_VALUES_H_
