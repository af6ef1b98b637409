// What an agent needs of a host to serve it, whatever its system: who the host is, and its
// families.

#ifndef FARSTAT_AGENT_HOSTS_HOST_H_
#define FARSTAT_AGENT_HOSTS_HOST_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/families/family.h"
#include "agent/families/operations.h"
#include "agent/sources/source.h"
#include "common/clock.h"
#include "farstat/v1/agent.pb.h"
#include "farstat/v1/common.pb.h"

namespace farstat::hosts {

struct Host {
  // Its name, its operating system, and whether it is a simulated one.
  v1::GetAgentInfoResponse identity;
  // In the order of v1::Family.
  std::vector<std::unique_ptr<families::Family>> families;
  families::Operations operations;
};

// A family that is collected from `source`. `phase`: see feed::Feed::Options.
std::unique_ptr<families::Family> CollectedFamily(v1::Family id,
                                                  std::shared_ptr<sources::Source> source,
                                                  const Clock& clock, absl::Duration phase);

// A family that this host cannot deliver, and why.
std::unique_ptr<families::Family> AbsentFamily(v1::Family id, absl::Status why);

// For all families of a host. Agents that start together do not collect in the same instant.
absl::Duration RandomPhase();

}  // namespace farstat::hosts

#endif  // FARSTAT_AGENT_HOSTS_HOST_H_
