// The 64-bit totals of one RAS connection or link over its 32-bit counters, and how a new beginning
// of the counters is told from a wrap.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_RAS_TOTALS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_RAS_TOTALS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "agent/sources/windows/abi_ras.h"
#include "agent/sources/windows/widen.h"
#include "common/clock.h"

namespace farstat::sources::windows {

// The members of RAS_STATS that count, in their order, except the time.
inline constexpr size_t kRasCounters = 10;
using RasCounterValues = std::array<uint32_t, kRasCounters>;
RasCounterValues CountersOf(const RasStats& stats);

// While somebody watches, counters are read at least so often.
absl::Duration RasRevisitTime();

// What, beside the values, tells that counters began anew.
struct RasCounterSigns {
  // Start of the service's process; 0: not known.
  uint64_t service_start = 0;
  // How often the agent has cleared these counters (RasClearings).
  uint64_t clearings = 0;
  // How often the link was seen to be down.
  uint64_t times_down = 0;
};

// When Windows was asked and when it had answered: it read its counters at some time between.
struct RasReadingTime {
  SteadyTime before;
  SteadyTime after;
  absl::Time wall;
};

class RasTotals {
 public:
  // Takes in what was read.
  void Read(const RasStats& stats, const RasCounterSigns& signs, const RasReadingTime& time);

  // In the order of CountersOf.
  uint64_t counter(size_t index) const { return counters_.total(index); }
  uint64_t connect_duration_ms() const { return duration_.total(0); }
  AccumulationHistory history() const;

 private:
  // What the newest reading was.
  struct Last {
    uint32_t duration_ms;
    RasCounterSigns signs;
    RasReadingTime time;
  };

  bool WasRedialled(uint32_t duration_ms, const RasCounterSigns& signs,
                    const RasReadingTime& time) const;

  WidenedCounters<kRasCounters> counters_;
  // A set of its own: nobody documents whether clearing restarts the time as well.
  WidenedCounters<1> duration_;
  uint64_t counters_incarnation_ = 0;
  uint64_t duration_incarnation_ = 0;
  absl::optional<Last> last_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_RAS_TOTALS_H_
