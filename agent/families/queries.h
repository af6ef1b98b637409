// Compiles the query of any family; one overload per family's message.

#ifndef FARSTAT_AGENT_FAMILIES_QUERIES_H_
#define FARSTAT_AGENT_FAMILIES_QUERIES_H_

#include "absl/hash/hash.h"
#include "absl/status/statusor.h"
#include "agent/families/family.h"
#include "agent/families/query.h"
#include "agent/families/tcp_query.h"
#include "common/clock.h"
#include "farstat/v1/ike.pb.h"
#include "farstat/v1/ipsec.pb.h"
#include "farstat/v1/ras.pb.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::families {

inline absl::StatusOr<CompiledQuery> Compile(const Family& family, const v1::TcpQuery& query) {
  return CompileTcpQuery(query, family.tcp_groups);
}

// A family that no source of this agent delivers has nothing to compile against: its feed is null
// and the call or the section is refused with the reason.
template <typename Query>
CompiledQuery CompileForAbsentFamily(const Query& query) {
  CompiledQuery compiled;
  compiled.interval = FromProto(query.interval());
  compiled.fingerprint = absl::HashOf(query.SerializeAsString());
  return compiled;
}

inline absl::StatusOr<CompiledQuery> Compile(const Family&, const v1::RasQuery& query) {
  return CompileForAbsentFamily(query);
}
inline absl::StatusOr<CompiledQuery> Compile(const Family&, const v1::IpsecQuery& query) {
  return CompileForAbsentFamily(query);
}
inline absl::StatusOr<CompiledQuery> Compile(const Family&, const v1::IkeQuery& query) {
  return CompileForAbsentFamily(query);
}

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_QUERIES_H_
