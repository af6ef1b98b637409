#include "client/format/units.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace farstat::client {
namespace {

// One decimal below ten, none above: "0.5", "9.0", "10", "999".
std::string TwoDigits(double value) {
  return absl::StrFormat("%.*f", std::abs(value) < 9.95 ? 1 : 0, value);
}

// The same, but whole numbers stay whole.
std::string ShortNumber(double value) {
  if (value == std::floor(value) && std::abs(value) < 1000) return absl::StrFormat("%.0f", value);
  return TwoDigits(value);
}

// "1.2 M": the number, a space, the prefix and the unit.
std::string Scaled(double value, absl::string_view unit) {
  constexpr std::array<absl::string_view, 7> kPrefixes = {"", "k", "M", "G", "T", "P", "E"};
  size_t prefix = 0;
  // 999.6 would be shown as 1000.
  while (std::abs(value) >= 999.5 && prefix + 1 < kPrefixes.size()) {
    value /= 1000;
    ++prefix;
  }
  const std::string number = prefix == 0 ? ShortNumber(value) : TwoDigits(value);
  const std::string suffix = absl::StrCat(kPrefixes[prefix], unit);
  return suffix.empty() ? number : absl::StrCat(number, " ", suffix);
}

// "3m20s": two neighbouring units.
std::string TwoUnits(int64_t seconds) {
  const int64_t minutes = seconds / 60;
  const int64_t hours = minutes / 60;
  const int64_t days = hours / 24;
  if (hours == 0) return absl::StrFormat("%dm%02ds", minutes, seconds % 60);
  if (days == 0) return absl::StrFormat("%dh%02dm", hours, minutes % 60);
  return absl::StrFormat("%dd%02dh", days, hours % 24);
}

std::string Ago(absl::Duration age) {
  // Clocks of the agent and of its kernel may differ by a little.
  if (age < absl::Milliseconds(1)) return "now";
  return absl::StrCat(HumanDuration(age), " ago");
}

}  // namespace

std::string HumanBytes(double bytes) { return Scaled(bytes, "B"); }

std::string HumanCount(double count) {
  if (std::abs(count) < 100'000 && count == std::floor(count)) {
    return absl::StrFormat("%.0f", count);
  }
  return Scaled(count, "");
}

std::string HumanDuration(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) return absl::StrCat("-", HumanDuration(-duration));
  if (duration == absl::InfiniteDuration()) return "forever";
  const double us = absl::ToDoubleMicroseconds(duration);
  if (us == 0) return "0 s";
  if (us < 999.5) return absl::StrCat(ShortNumber(us), " µs");
  if (us < 999'500) return absl::StrCat(ShortNumber(us / 1e3), " ms");
  if (us < 59.5e6) return absl::StrCat(ShortNumber(us / 1e6), " s");
  return TwoUnits(static_cast<int64_t>(std::llround(us / 1e6)));
}

std::string HumanTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::LocalTimeZone());
}

std::string HumanValue(v1::Unit unit, double value, absl::Time now) {
  switch (unit) {
    case v1::UNIT_BYTES:
      return HumanBytes(value);
    case v1::UNIT_KILOBYTES:
      return HumanBytes(value * 1024);
    case v1::UNIT_BYTES_PER_SECOND:
      return Scaled(value, "B/s");
    case v1::UNIT_BITS_PER_SECOND:
      return Scaled(value, "bit/s");
    case v1::UNIT_MICROSECONDS:
      return HumanDuration(absl::Microseconds(value));
    case v1::UNIT_MILLISECONDS:
      return HumanDuration(absl::Milliseconds(value));
    case v1::UNIT_SECONDS:
      return HumanDuration(absl::Seconds(value));
    case v1::UNIT_UNIX_MILLISECONDS:
      return Ago(now - absl::FromUnixMillis(static_cast<int64_t>(value)));
    default:
      return HumanCount(value);
  }
}

std::string HumanRate(v1::Unit unit, double per_second, bool share_of_time) {
  double microseconds = 0;
  switch (unit) {
    case v1::UNIT_BYTES:
      return Scaled(per_second, "B/s");
    case v1::UNIT_MICROSECONDS:
      microseconds = per_second;
      break;
    case v1::UNIT_MILLISECONDS:
      microseconds = per_second * 1e3;
      break;
    case v1::UNIT_SECONDS:
      microseconds = per_second * 1e6;
      break;
    default:
      return per_second < 999.5 ? absl::StrCat(ShortNumber(per_second), "/s")
                                : Scaled(per_second, "/s");
  }
  if (share_of_time) return absl::StrCat(ShortNumber(microseconds / 1e4), " %");
  return absl::StrCat(HumanDuration(absl::Microseconds(microseconds)), "/s");
}

}  // namespace farstat::client
