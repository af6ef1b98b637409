// Judges how a source keeps its time: by when its collections begin and end, nothing else.

#ifndef FARSTAT_AGENT_FEED_SOURCE_WATCH_H_
#define FARSTAT_AGENT_FEED_SOURCE_WATCH_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "common/clock.h"

namespace farstat::feed {

enum class SourceState {
  kOk,
  // Its newest collection took, or the one that runs takes, longer than it should.
  kSlow,
  // The collection that runs does not end.
  kHung,
  // It hangs again and again, so it is left alone for a while, or is being tried again.
  kQuarantined,
};

class SourceWatch {
 public:
  struct Options {
    // A collection is slow when it takes longer than the interval, and in any case after so long.
    absl::Duration slow_after = absl::Seconds(2);
    // After so long it is said to hang.
    absl::Duration hung_after = absl::Seconds(10);
    // So many hanging collections in a row put the source into quarantine: for so long at first,
    // and twice as long after each further one.
    int quarantine_after = 2;
    absl::Duration first_quarantine = absl::Seconds(10);
    absl::Duration longest_quarantine = absl::Minutes(5);
  };

  explicit SourceWatch(const Options& options) : options_(options) {}

  void Begin(SteadyTime now) { running_since_ = now; }
  // Looks at the collection that runs. True: it is now found to hang.
  bool Look(SteadyTime now);
  // The collection, which is wanted every `interval`, has ended, well or not.
  void End(SteadyTime now, absl::Duration interval);

  SourceState state(SteadyTime now, absl::Duration interval) const;
  // Nobody should wait for the source: it hangs, or has hung too often.
  bool distrusted() const {
    return state_ == SourceState::kHung || state_ == SourceState::kQuarantined;
  }
  // When to look again at the collection that runs; absent: there is nothing to see.
  std::optional<SteadyTime> next_look() const;
  // The source is not to be called before.
  SteadyTime quarantined_until() const { return quarantined_until_; }
  int hangs_in_a_row() const { return hangs_in_a_row_; }
  // Collections that hung, in all.
  uint64_t hangs() const { return hangs_; }

 private:
  bool IsSlow(SteadyTime now, absl::Duration interval) const;
  absl::Duration Quarantine() const;

  const Options options_;
  SourceState state_ = SourceState::kOk;
  std::optional<SteadyTime> running_since_;
  bool hanging_ = false;
  SteadyTime quarantined_until_ = SteadyTime::min();
  int hangs_in_a_row_ = 0;
  uint64_t hangs_ = 0;
};

}  // namespace farstat::feed

#endif  // FARSTAT_AGENT_FEED_SOURCE_WATCH_H_
