// Checks and compiles IpsecQuery.

#ifndef FARSTAT_AGENT_FAMILIES_IPSEC_QUERY_H_
#define FARSTAT_AGENT_FAMILIES_IPSEC_QUERY_H_

#include "absl/status/statusor.h"
#include "agent/families/query.h"
#include "farstat/v1/ipsec.pb.h"

namespace farstat::families {

// The error names the field at fault.
absl::StatusOr<CompiledQuery> CompileIpsecQuery(const v1::IpsecQuery& query);

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_IPSEC_QUERY_H_
