// Checks and compiles TcpQuery.

#ifndef FARSTAT_AGENT_FAMILIES_TCP_QUERY_H_
#define FARSTAT_AGENT_FAMILIES_TCP_QUERY_H_

#include <vector>

#include "absl/status/statusor.h"
#include "agent/families/query.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::families {

// `deliverable`: the groups that this host delivers. The error names the field at fault.
absl::StatusOr<CompiledQuery> CompileTcpQuery(const v1::TcpQuery& query,
                                              const std::vector<v1::TcpGroup>& deliverable);

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_TCP_QUERY_H_
