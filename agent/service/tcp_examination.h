// Whether TCP statistics count: a connection over loopback, with a known number of bytes.

#ifndef FARSTAT_AGENT_SERVICE_TCP_EXAMINATION_H_
#define FARSTAT_AGENT_SERVICE_TCP_EXAMINATION_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/families/family.h"
#include "agent/families/operations.h"
#include "agent/service/doctor.pb.h"

namespace farstat::service {

// Makes the connection, switches its extended statistics on where that is needed (and off again),
// sends, and compares what the family says. `family` has a feed.
Finding ExamineTcp(const families::Family& family, const families::Operations& operations,
                   absl::Duration patience);

// Collects `parts` now. DEADLINE_EXCEEDED: it takes longer than `patience`.
absl::Status CollectOnce(feed::Feed& feed, feed::PartMask parts, absl::Duration patience);

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_TCP_EXAMINATION_H_
