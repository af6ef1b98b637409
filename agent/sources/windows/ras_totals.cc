#include "agent/sources/windows/ras_totals.h"

#include <chrono>

namespace farstat::sources::windows {
namespace {

// Bounds on what a tunnel or a line carries, not estimates: 10 Gbit/s, and at that speed frames of
// the shortest length that Ethernet carries (84 bytes with gap and preamble). The README says why.
constexpr UnitsPerSecond kFastestBits = 10e9;
constexpr UnitsPerSecond kFastestBytes = kFastestBits / 8;
constexpr UnitsPerSecond kFastestFrames = kFastestBits / (84 * 8);
// A clock that is a hundredth too fast is broken.
constexpr UnitsPerSecond kFastestMilliseconds = 1010;

// Bytes and frames in both directions, then errors, which are frames.
constexpr WidenedCounters<kRasCounters>::Rates kFastest = {
    kFastestBytes,  kFastestBytes,  kFastestFrames, kFastestFrames, kFastestFrames,
    kFastestFrames, kFastestFrames, kFastestFrames, kFastestFrames, kFastestFrames};

// By how much the connect duration and the time between two readings may differ: calls take time,
// and Windows may bring the duration up to date once a second only.
constexpr int64_t kDurationSlackMs = 2000;

int64_t Milliseconds(std::chrono::nanoseconds gap) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(gap).count();
}

}  // namespace

RasCounterValues CountersOf(const RasStats& stats) {
  return {
      stats.bytes_xmited, stats.bytes_rcved,       stats.frames_xmited, stats.frames_rcved,
      stats.crc_err,      stats.timeout_err,       stats.alignment_err, stats.hardware_overrun_err,
      stats.framing_err,  stats.buffer_overrun_err};
}

absl::Duration RasRevisitTime() { return WrapTime(kFastestBytes) / 2; }

// Whether it ended and was made anew between the newest reading and this one. The handle is part of
// the row's identity, but a link has none of its own, and a service that was started again counts
// handles from the beginning. What was made anew has been up for less time than has passed; so what
// has been up for longer is still the same, whatever the signs say, unless its time fell.
bool RasTotals::WasRedialled(uint32_t duration_ms, const RasCounterSigns& signs,
                             const RasReadingTime& time) const {
  const int64_t shortest_gap_ms = Milliseconds(time.before - last_->time.after);
  const int64_t longest_gap_ms = Milliseconds(time.after - last_->time.before);
  // Modulo 2^32: the time may have wrapped.
  const uint32_t advance_ms = duration_ms - last_->duration_ms;
  const bool kept_going = advance_ms + kDurationSlackMs >= shortest_gap_ms &&
                          advance_ms <= longest_gap_ms + kDurationSlackMs;
  if (duration_ms > longest_gap_ms + kDurationSlackMs) {
    return !kept_going && duration_ms < last_->duration_ms;
  }
  return !kept_going || signs.times_down != last_->signs.times_down ||
         signs.service_start != last_->signs.service_start;
}

void RasTotals::Read(const RasStats& stats, const RasCounterSigns& signs,
                     const RasReadingTime& time) {
  RasCounterSigns seen = signs;
  if (last_) {
    if (seen.service_start == 0) seen.service_start = last_->signs.service_start;
    const bool redialled = WasRedialled(stats.connect_duration, seen, time);
    if (redialled) ++duration_incarnation_;
    if (redialled || seen.clearings != last_->signs.clearings) ++counters_incarnation_;
  }
  counters_.Read(CountersOf(stats), {counters_incarnation_, time.after, time.wall}, kFastest);
  duration_.Read({stats.connect_duration}, {duration_incarnation_, time.after, time.wall},
                 {kFastestMilliseconds});
  last_ = Last{stats.connect_duration, seen, time};
}

AccumulationHistory RasTotals::history() const {
  AccumulationHistory history = counters_.history();
  const AccumulationHistory& duration = duration_.history();
  // Whatever restarts the time restarts the counters too, and is counted once.
  history.wraps += duration.wraps;
  history.uncertain = history.uncertain || duration.uncertain;
  return history;
}

}  // namespace farstat::sources::windows
