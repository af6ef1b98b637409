#include "agent/feed/source_watch.h"

#include <algorithm>

namespace farstat::feed {

bool SourceWatch::Look(SteadyTime now) {
  const std::optional<SteadyTime> look = next_look();
  if (!look.has_value() || now < *look) return false;
  hanging_ = true;
  ++hangs_;
  ++hangs_in_a_row_;
  state_ = SourceState::kHung;
  return true;
}

void SourceWatch::End(SteadyTime now, absl::Duration interval) {
  Look(now);  // It may have ended before anybody looked.
  const bool slow = IsSlow(now, interval);
  running_since_.reset();
  if (!hanging_) {
    hangs_in_a_row_ = 0;
    state_ = slow ? SourceState::kSlow : SourceState::kOk;
  } else if (hangs_in_a_row_ < options_.quarantine_after) {
    state_ = SourceState::kSlow;
  } else {
    state_ = SourceState::kQuarantined;
    quarantined_until_ = now + absl::ToChronoNanoseconds(Quarantine());
  }
  hanging_ = false;
}

SourceState SourceWatch::state(SteadyTime now, absl::Duration interval) const {
  return state_ == SourceState::kOk && IsSlow(now, interval) ? SourceState::kSlow : state_;
}

bool SourceWatch::IsSlow(SteadyTime now, absl::Duration interval) const {
  return running_since_.has_value() &&
         absl::FromChrono(now - *running_since_) > std::min(interval, options_.slow_after);
}

std::optional<SteadyTime> SourceWatch::next_look() const {
  if (!running_since_.has_value() || hanging_) return std::nullopt;
  return *running_since_ + absl::ToChronoNanoseconds(options_.hung_after);
}

absl::Duration SourceWatch::Quarantine() const {
  absl::Duration quarantine = options_.first_quarantine;
  for (int hangs = options_.quarantine_after; hangs < hangs_in_a_row_; ++hangs) {
    quarantine = std::min(quarantine * 2, options_.longest_quarantine);
  }
  return quarantine;
}

}  // namespace farstat::feed
