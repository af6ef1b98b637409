#include "agent/feed/governor.h"

namespace farstat::feed {

void Governor::Spent(absl::Duration cpu_time) {
  if (share_ <= 0) return;
  cost_ = cost_ == absl::InfiniteDuration() ? cpu_time : cost_ + (cpu_time - cost_) / 4;
  const absl::Duration needed = cost_ / share_;
  if (needed > interval_ || needed * 2 <= interval_) interval_ = RoundUp(needed);
}

// To 1, 2, 5, 10, 20, 50, … times the grid; less than the grid is nothing.
absl::Duration Governor::RoundUp(absl::Duration needed) const {
  if (needed <= grid_) return absl::ZeroDuration();
  for (absl::Duration decade = grid_;; decade *= 10) {
    for (const int step : {1, 2, 5}) {
      if (needed <= decade * step) return decade * step;
    }
  }
}

}  // namespace farstat::feed
