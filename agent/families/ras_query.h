// Checks and compiles RasQuery.

#ifndef FARSTAT_AGENT_FAMILIES_RAS_QUERY_H_
#define FARSTAT_AGENT_FAMILIES_RAS_QUERY_H_

#include "absl/status/statusor.h"
#include "agent/families/query.h"
#include "farstat/v1/ras.pb.h"

namespace farstat::families {

// The error names the field at fault.
absl::StatusOr<CompiledQuery> CompileRasQuery(const v1::RasQuery& query);

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_RAS_QUERY_H_
