// Sets the counters of RAS connections to zero (RasClearConnectionStatistics,
// RasClearLinkStatistics): the Windows side of ClearRasStatistics. Every program of the host sees
// zero then; whether the caller may have that is decided before.
//
// The collector must be told what was cleared, or it would take the fall for a wrap: RasClearings
// is what the two share. RasSource owns one (RasSource::clearings()); hand that over.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_RAS_CLEAR_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_RAS_CLEAR_H_

#include <cstdint>
#include <map>
#include <utility>

#include "absl/status/statusor.h"
#include "agent/sources/ras_clearing.h"
#include "agent/sources/windows/abi.h"
#include "agent/sources/windows/api.h"
#include "common/mutex.h"

namespace farstat::sources::windows {

// How often the agent has cleared which counters.
class RasClearings {
 public:
  // Held while counters are read or cleared, together with the look at the number of clearings or
  // its change: so a reading is known to be from before or from after a clearing.
  Mutex mutex;

  // `link` 0: the counters of the connection as a whole.
  uint64_t CountOf(Handle connection, uint32_t link) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void Add(Handle connection, uint32_t link) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // The connection is gone.
  void Forget(Handle connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

 private:
  std::map<std::pair<Handle, uint32_t>, uint64_t> counts_ ABSL_GUARDED_BY(mutex);
};

// Clears what is asked for; may be called on any thread, several at a time. It makes calls that can
// block, two or more per connection. An error means that nothing was cleared: the connections could
// not be listed, the one that was named is not there (NOT_FOUND), or this Windows cannot clear
// (UNIMPLEMENTED). What goes wrong with single connections is in the report.
absl::StatusOr<RasClearReport> ClearRasStatistics(const Api& api, RasClearings& clearings,
                                                  const RasClearRequest& request);

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_RAS_CLEAR_H_
