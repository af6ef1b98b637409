// Checks and compiles TcpQuery.

#ifndef FARSTAT_AGENT_FAMILIES_TCP_QUERY_H_
#define FARSTAT_AGENT_FAMILIES_TCP_QUERY_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/families/query.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::families {

// `deliverable`: the groups that this host delivers. The error names the field at fault.
absl::StatusOr<CompiledQuery> CompileTcpQuery(const v1::TcpQuery& query,
                                              const std::vector<v1::TcpGroup>& deliverable);

// A TcpFilter that has been checked.
struct CompiledTcpFilter {
  // It looks at the owner, or at the name of the owner's process.
  bool needs_owner = false;
  bool needs_process = false;
  // Looks at the facts of a row.
  std::shared_ptr<const feed::Filter> filter;
};

// For a filter that stands somewhere else than in a query; `field` is its name, for errors.
absl::StatusOr<CompiledTcpFilter> CompileTcpFilter(const v1::TcpFilter& filter,
                                                   absl::string_view field);

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_TCP_QUERY_H_
