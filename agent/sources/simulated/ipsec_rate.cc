#include "agent/sources/simulated/ipsec_rate.h"

#include <algorithm>
#include <cmath>

namespace farstat::sources::simulated {
namespace {

constexpr double kTwoPi = 6.283185307179586;
constexpr double kLargestSwing = 0.9;

}  // namespace

IpsecRate::IpsecRate(double per_second, double swing, absl::Duration period, double phase)
    : per_second_(std::max(per_second, 0.0)),
      swing_(std::clamp(swing, 0.0, kLargestSwing)),
      seconds_per_radian_(absl::ToDoubleSeconds(period) / kTwoPi),
      phase_radians_(phase * kTwoPi) {}

double IpsecRate::TotalAt(absl::Duration time) const {
  // Whole milliseconds: rounding errors of the sine are smaller than what a millisecond adds, so
  // that the total never falls.
  const double seconds = static_cast<double>(absl::ToInt64Milliseconds(time)) / 1000;
  if (swing_ == 0) return per_second_ * seconds;
  const double wave = std::sin(seconds / seconds_per_radian_ + phase_radians_);
  return per_second_ * (seconds + swing_ * seconds_per_radian_ * wave);
}

uint64_t IpsecRate::Between(absl::Duration begin, absl::Duration end) const {
  if (per_second_ == 0 || end <= begin) return 0;
  return static_cast<uint64_t>(
      std::max(std::floor(TotalAt(end)) - std::floor(TotalAt(begin)), 0.0));
}

absl::Duration IpsecRate::WhenReached(absl::Duration begin, double amount) const {
  if (per_second_ == 0) return absl::InfiniteDuration();
  const double goal = TotalAt(begin) + amount;
  // The wave moves the time by at most one swing to either side of what the average says.
  const double average = goal / per_second_;
  const double margin = swing_ * seconds_per_radian_ + 0.002;
  absl::Duration low = std::max(begin, absl::Seconds(average - margin));
  absl::Duration high = std::max(begin, absl::Seconds(average + margin));
  while (high - low > absl::Milliseconds(1)) {
    const absl::Duration middle = low + (high - low) / 2;
    (TotalAt(middle) < goal ? low : high) = middle;
  }
  return high;
}

}  // namespace farstat::sources::simulated
