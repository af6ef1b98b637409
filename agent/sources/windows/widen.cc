#include "agent/sources/windows/widen.h"

#include <algorithm>

namespace farstat::sources::windows {
namespace {

constexpr double kRound = 4294967296.0;  // 2^32

// Windows may bring its counters up to date some time after it counted, and a call takes time: what
// is read may belong to a longer time than the readings are apart.
constexpr double kLateSeconds = 2.0;

double Seconds(std::chrono::nanoseconds gap) { return std::chrono::duration<double>(gap).count(); }

}  // namespace

void AccumulationHistory::Merge(const AccumulationHistory& other) {
  since = std::max(since, other.since);
  wraps += other.wraps;
  resets += other.resets;
  uncertain = uncertain || other.uncertain;
}

void AccumulationHistory::Fill(v1::Accumulation& message) const {
  *message.mutable_since() = ToProto(since);
  message.set_wraps(wraps);
  message.set_resets(resets);
  message.set_uncertain(uncertain);
}

bool WidenedCounter::CountOn(uint32_t value) {
  const bool wrapped = Fell(value);
  total_ += Difference(value);
  last_ = value;
  return wrapped;
}

void WidenedCounter::BeginAnew(uint32_t value) {
  total_ += value;
  last_ = value;
}

absl::Duration WrapTime(UnitsPerSecond fastest) {
  return fastest > 0 ? absl::Seconds(kRound / fastest) : absl::InfiniteDuration();
}

bool CanWrapUnseen(std::chrono::nanoseconds gap, UnitsPerSecond fastest) {
  return Seconds(gap) * fastest >= kRound;
}

bool WasCleared(uint32_t difference, std::chrono::nanoseconds gap, UnitsPerSecond fastest) {
  return difference > (Seconds(gap) + kLateSeconds) * fastest;
}

}  // namespace farstat::sources::windows
