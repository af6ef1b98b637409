// What a subscription asks for, taken within the agent's limits.

#ifndef FARSTAT_AGENT_RPC_STREAM_REQUEST_H_
#define FARSTAT_AGENT_RPC_STREAM_REQUEST_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/rpc/serving.h"
#include "agent/rpc/stream_lease.h"
#include "farstat/v1/common.pb.h"

namespace farstat::rpc {

// What a subscription asks for, checked.
struct StreamRequest {
  // Frames are of the host service: rows are wrapped in HostStatistics.
  bool in_host = false;
  std::vector<FamilyRequest> families;
  absl::Duration interval;
  absl::Duration heartbeat_interval;
  // Infinite: none.
  absl::Duration max_duration = absl::InfiniteDuration();
  std::string resume_token;
  bool updates_only = false;
  std::vector<v1::Adjustment> adjustments;
  // Taken before the stream begins, and let go of when it has ended, however it ends.
  StreamLease lease;
};

// Checks the options and takes them within the limits.
absl::Status ApplyOptions(const v1::SubscriptionOptions& options, const Limits& limits,
                          StreamRequest& request);

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_STREAM_REQUEST_H_
