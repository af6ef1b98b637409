// 64-bit totals over counters that Windows keeps in 32 bits.
//
// Between two readings of the same counter its difference modulo 2^32 is what was counted, as long
// as it cannot have gone round more than once. Whether it is the same counter is not visible in its
// value: whoever reads it says so, with a number for the incarnation (of a handle, a creation time,
// a start of a service) that is another one after every restart of the counters. Counters that
// restart count from 0.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_WIDEN_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_WIDEN_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "common/clock.h"
#include "farstat/v1/common.pb.h"

namespace farstat::sources::windows {

// How totals came about: what v1::Accumulation tells.
struct AccumulationHistory {
  absl::Time since;
  uint64_t wraps = 0;
  uint64_t resets = 0;
  bool uncertain = false;

  // For a row whose counters are in several sets: complete is what all of them are.
  void Merge(const AccumulationHistory& other);
  void Fill(v1::Accumulation& message) const;
};

// When counters were read, and whose they are.
struct Reading {
  uint64_t incarnation;
  SteadyTime steady;
  absl::Time wall;
};

// One counter: its total, which never falls.
class WidenedCounter {
 public:
  uint64_t total() const { return total_; }

  // It counted on, to `value`. True: past 2^32.
  bool CountOn(uint32_t value);
  // It began anew at 0 and has come to `value`.
  void BeginAnew(uint32_t value);
  // What it must have counted to show `value`, if it did not begin anew.
  uint32_t Difference(uint32_t value) const { return value - last_; }
  bool Fell(uint32_t value) const { return value < last_; }

 private:
  uint64_t total_ = 0;
  uint32_t last_ = 0;
};

// How fast counters can count at most, in units per second.
using UnitsPerSecond = double;

// How long a counter of that rate needs at least to go round. Readings must be closer together.
absl::Duration WrapTime(UnitsPerSecond fastest);

// Whether a counter can have gone round between readings that far apart.
bool CanWrapUnseen(std::chrono::nanoseconds gap, UnitsPerSecond fastest);

// Whether a counter that shows less than before cannot have got there by going round, because even
// the fastest counting would have taken longer. Somebody has cleared it.
bool WasCleared(uint32_t difference, std::chrono::nanoseconds gap, UnitsPerSecond fastest);

// Counters that are read together and restart together, such as those of one structure. (The time
// that a RAS connection is up is a set of its own: nobody documents whether a Clear restarts it.)
template <size_t kSize>
class WidenedCounters {
 public:
  using Values = std::array<uint32_t, kSize>;
  using Rates = std::array<UnitsPerSecond, kSize>;

  // Takes in what was read. `fastest` are bounds, not estimates: what they rule out did not happen.
  // (The speed that a tunnel claims to have, dwBps, is no bound.)
  void Read(const Values& values, const Reading& reading, const Rates& fastest);

  // 0 before the first reading.
  uint64_t total(size_t index) const { return counters_[index].total(); }
  const AccumulationHistory& history() const { return history_; }

 private:
  bool AnyMayHaveGoneRound(const Values& values, std::chrono::nanoseconds gap, const Rates& fastest,
                           bool restarted) const;
  bool AnyWasCleared(const Values& values, std::chrono::nanoseconds gap,
                     const Rates& fastest) const;
  void CountOn(const Values& values, std::chrono::nanoseconds gap, const Rates& fastest);
  void BeginAnew(const Values& values);

  std::array<WidenedCounter, kSize> counters_;
  AccumulationHistory history_;
  absl::optional<Reading> last_;
};

// The first reading is taken as it is: it is what Windows itself shows, and `since` says from when
// on nothing is missing.
template <size_t kSize>
void WidenedCounters<kSize>::Read(const Values& values, const Reading& reading,
                                  const Rates& fastest) {
  if (!last_) {
    BeginAnew(values);
    history_.since = reading.wall;
    last_ = reading;
    return;
  }
  const std::chrono::nanoseconds gap = reading.steady - last_->steady;
  const bool restarted = reading.incarnation != last_->incarnation;
  if (AnyMayHaveGoneRound(values, gap, fastest, restarted)) history_.uncertain = true;
  if (restarted) {
    BeginAnew(values);
    ++history_.resets;
  } else if (AnyWasCleared(values, gap, fastest)) {
    BeginAnew(values);
    ++history_.resets;
    history_.uncertain = true;
  } else {
    CountOn(values, gap, fastest);
  }
  last_ = reading;
}

// A counter that shows the same as before has not moved: a round that ends exactly where it began
// is not to be expected.
template <size_t kSize>
bool WidenedCounters<kSize>::AnyMayHaveGoneRound(const Values& values, std::chrono::nanoseconds gap,
                                                 const Rates& fastest, bool restarted) const {
  for (size_t i = 0; i < kSize; ++i) {
    const bool moved = restarted ? values[i] != 0 : counters_[i].Difference(values[i]) != 0;
    if (moved && CanWrapUnseen(gap, fastest[i])) return true;
  }
  return false;
}

// After a gap that was too long nobody can tell a wrap from a Clear. What is not known is not
// added: a counter that fell is taken for cleared, and the others for what they show.
template <size_t kSize>
void WidenedCounters<kSize>::CountOn(const Values& values, std::chrono::nanoseconds gap,
                                     const Rates& fastest) {
  bool bridged = false;
  for (size_t i = 0; i < kSize; ++i) {
    WidenedCounter& counter = counters_[i];
    if (counter.Fell(values[i]) && CanWrapUnseen(gap, fastest[i])) {
      counter.BeginAnew(values[i]);
      bridged = true;
    } else {
      history_.wraps += counter.CountOn(values[i]) ? 1 : 0;
    }
  }
  history_.resets += bridged ? 1 : 0;
}

template <size_t kSize>
bool WidenedCounters<kSize>::AnyWasCleared(const Values& values, std::chrono::nanoseconds gap,
                                           const Rates& fastest) const {
  for (size_t i = 0; i < kSize; ++i) {
    const WidenedCounter& counter = counters_[i];
    if (counter.Fell(values[i]) && WasCleared(counter.Difference(values[i]), gap, fastest[i])) {
      return true;
    }
  }
  return false;
}

template <size_t kSize>
void WidenedCounters<kSize>::BeginAnew(const Values& values) {
  for (size_t i = 0; i < kSize; ++i) counters_[i].BeginAnew(values[i]);
}

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_WIDEN_H_
