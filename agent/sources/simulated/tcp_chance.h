// Chance for one connection: a stream of draws that is 8 bytes large and the same on every system.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_TCP_CHANCE_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_TCP_CHANCE_H_

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace farstat::sources::simulated {

// SplitMix64's mixing of a number: neighbours become strangers.
constexpr uint64_t Mixed(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

// SplitMix64. The distributions of the standard library differ between systems; these do not.
class TcpChance {
 public:
  explicit TcpChance(uint64_t seed) : state_(seed) {}

  uint64_t Bits() { return Mixed(state_ += 0x9E3779B97F4A7C15u); }
  // In [0, 1).
  double Share() { return static_cast<double>(Bits() >> 11) * 0x1.0p-53; }
  double Between(double low, double high) { return low + (high - low) * Share(); }
  bool Happens(double probability) { return Share() < probability; }
  double Exponential(double mean) { return -mean * std::log(1 - Share()); }
  // One of `count`, which is not 0.
  size_t Index(size_t count) { return Bits() % count; }
  // A whole number whose mean is `mean`.
  uint64_t Whole(double mean) {
    return mean <= 0 ? 0 : static_cast<uint64_t>(std::floor(mean + Share()));
  }

 private:
  uint64_t state_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_TCP_CHANCE_H_
