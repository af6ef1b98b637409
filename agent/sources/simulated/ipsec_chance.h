// Chance of one peer: small, and the same whatever the other peers draw.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_CHANCE_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_CHANCE_H_

#include <cmath>
#include <cstdint>

#include "absl/time/time.h"

namespace farstat::sources::simulated {

// SplitMix64. A host may have many thousands of peers, for which std::mt19937_64 is too large.
class IpsecChance {
 public:
  explicit IpsecChance(uint64_t seed) : state_(seed) {}

  uint64_t Bits() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  // From 0 up to but not including 1.
  double Share() { return static_cast<double>(Bits() >> 11) * 0x1p-53; }
  bool Happens(double probability) { return Share() < probability; }
  double Between(double low, double high) { return low + (high - low) * Share(); }
  // Exponentially distributed; at least a millisecond.
  absl::Duration Around(absl::Duration mean) {
    return absl::Milliseconds(1) + mean * -std::log(1 - Share());
  }

 private:
  uint64_t state_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_CHANCE_H_
