// Texts as RAS delivers them: arrays of UTF-16 that end at the first zero, or where the array ends.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_RAS_TEXT_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_RAS_TEXT_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace farstat::sources::windows {

class RasText {
 public:
  // The longest text that RAS has; what is beyond it is cut off.
  static constexpr size_t kLongest = 1024;

  // In UTF-8; halves of a pair without the other half become U+FFFD. The text lives as long as this
  // object, until the next call.
  absl::string_view Utf8(absl::Span<const char16_t> text);

 private:
  char utf8_[3 * kLongest];
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_RAS_TEXT_H_
