// Keeps what collecting costs within a share of one processor core, by lengthening the time between
// collections.

#ifndef FARSTAT_AGENT_FEED_GOVERNOR_H_
#define FARSTAT_AGENT_FEED_GOVERNOR_H_

#include "absl/time/time.h"

namespace farstat::feed {

class Governor {
 public:
  // `max_cpu_share`: of one core, such as 0.1; 0: nothing is kept within anything. Intervals are
  // multiples of `grid`.
  Governor(double max_cpu_share, absl::Duration grid) : share_(max_cpu_share), grid_(grid) {}

  void SetMaxCpuShare(double share) { share_ = share; }

  // A collection has used so much processor time.
  void Spent(absl::Duration cpu_time);

  // The shortest time between the beginnings of two collections; zero: any. Moves in coarse steps,
  // up at once and down only when half of it would do: it is told to people.
  absl::Duration interval() const { return interval_; }

 private:
  absl::Duration RoundUp(absl::Duration needed) const;

  double share_;
  const absl::Duration grid_;
  // Of a collection, newer ones counting more; infinite before the first.
  absl::Duration cost_ = absl::InfiniteDuration();
  absl::Duration interval_;
};

}  // namespace farstat::feed

#endif  // FARSTAT_AGENT_FEED_GOVERNOR_H_
