// How long to wait before a lost agent is tried again: exponential, with full jitter, so that a
// thousand clients of an agent that restarts do not come back together.

#ifndef FARSTAT_CLIENT_BACKOFF_H_
#define FARSTAT_CLIENT_BACKOFF_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace farstat::client {

class Backoff {
 public:
  explicit Backoff(uint64_t seed) : random_(seed) {}

  // At least `least`, which is what the agent asked for.
  absl::Duration Next(absl::Duration least) {
    const absl::Duration ceiling = std::min(kLongest, kFirst * std::exp2(std::min(failures_, 16)));
    ++failures_;
    std::uniform_real_distribution<double> part(0, 1);
    return least + ceiling * part(random_);
  }
  // What does not heal by itself, such as a certificate, is tried at a steady pace.
  absl::Duration Around(absl::Duration pace) {
    std::uniform_real_distribution<double> part(0.8, 1.2);
    return pace * part(random_);
  }
  // It worked.
  void Reset() { failures_ = 0; }

  static constexpr absl::Duration kFirst = absl::Seconds(1);
  static constexpr absl::Duration kLongest = absl::Seconds(30);

 private:
  std::mt19937_64 random_;
  int failures_ = 0;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_BACKOFF_H_
