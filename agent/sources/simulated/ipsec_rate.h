// Something that goes on at a rate that swings around its average. How much of it there was between
// two times is a formula, so that a gap of a week costs as much as one of a second, and how often
// somebody looks makes no difference.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_RATE_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_RATE_H_

#include <cstdint>

#include "absl/time/time.h"

namespace farstat::sources::simulated {

class IpsecRate {
 public:
  // Nothing goes on.
  IpsecRate() = default;
  // `swing` is 0 to 0.9 of the average, `phase` is where in a period time 0 is, 0 to 1.
  IpsecRate(double per_second, double swing, absl::Duration period, double phase);

  double per_second() const { return per_second_; }

  // How much there was from `begin` to `end`, in whole units. Grows with `end`.
  uint64_t Between(absl::Duration begin, absl::Duration end) const;
  // When there will have been `amount` since `begin`; infinite if never.
  absl::Duration WhenReached(absl::Duration begin, double amount) const;

 private:
  // The amount since time 0; negative before.
  double TotalAt(absl::Duration time) const;

  double per_second_ = 0;
  double swing_ = 0;
  double seconds_per_radian_ = 1;
  double phase_radians_ = 0;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_RATE_H_
