// Checks and compiles IkeQuery.

#ifndef FARSTAT_AGENT_FAMILIES_IKE_QUERY_H_
#define FARSTAT_AGENT_FAMILIES_IKE_QUERY_H_

#include "absl/status/statusor.h"
#include "agent/families/query.h"
#include "farstat/v1/ike.pb.h"

namespace farstat::families {

// The error names the field at fault.
absl::StatusOr<CompiledQuery> CompileIkeQuery(const v1::IkeQuery& query);

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_IKE_QUERY_H_
