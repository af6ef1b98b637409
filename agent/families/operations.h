// The calls that change a host: what this host can do, how their requests are checked, and how what
// came of them becomes an answer.

#ifndef FARSTAT_AGENT_FAMILIES_OPERATIONS_H_
#define FARSTAT_AGENT_FAMILIES_OPERATIONS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/sources/estats_switches.h"
#include "agent/sources/ras_clearing.h"
#include "farstat/v1/agent.pb.h"
#include "farstat/v1/ras.pb.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::families {

// What this host can do, each by a function that may block as long as its operating system does.
// A null one: this host cannot.
struct Operations {
  std::function<absl::StatusOr<sources::EstatsResult>(const sources::EstatsRequest& request)>
      set_estats;
  // Does not block. Not null if set_estats is not.
  std::function<void(uint64_t lease)> end_estats_lease;
  // Does not block. Not null if set_estats is not.
  std::function<std::vector<sources::EstatsLease>()> estats_leases;
  // Why set_estats is null, where there is more to say than that it is.
  absl::Status estats_unavailable;

  std::function<absl::StatusOr<sources::RasClearReport>(const sources::RasClearRequest& request)>
      clear_ras;
  // Why clear_ras is null, where there is more to say than that it is.
  absl::Status ras_clearing_unavailable;
};

// --- SetTcpEstatsCollection
// -----------------------------------------------------------------------

// OK, or why EStats cannot be switched on this host.
absl::Status CheckEstatsAvailable(const Operations& operations);

// Checks a request. The error names the field at fault. Holder and reason are left to the caller.
absl::StatusOr<sources::EstatsRequest> CompileEstatsRequest(
    const v1::SetTcpEstatsCollectionRequest& request);
// Checks the request that a subscription carries: a lease without end.
absl::StatusOr<sources::EstatsRequest> CompileEstatsRequest(
    const v1::SubscribeTcpStatisticsRequest& subscription);

v1::SetTcpEstatsCollectionResponse ToProto(const sources::EstatsResult& result);
v1::EstatsLease ToProto(const sources::EstatsLease& lease);

// As it is called in logs and answers.
std::string EstatsLeaseName(uint64_t lease);

// --- ClearRasStatistics
// ---------------------------------------------------------------------------

// OK, or why counters cannot be cleared on this host.
absl::Status CheckRasClearingAvailable(const Operations& operations);

// Checks a request. The error names the field at fault.
absl::StatusOr<sources::RasClearRequest> CompileRasClearRequest(
    const v1::ClearRasStatisticsRequest& request);

// The error is that of the call, when Windows refuses the agent altogether.
absl::StatusOr<v1::ClearRasStatisticsResponse> ToProto(const sources::RasClearReport& report);

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_OPERATIONS_H_
