// Compiles the query of any family; one overload per family's message.

#ifndef FARSTAT_AGENT_FAMILIES_QUERIES_H_
#define FARSTAT_AGENT_FAMILIES_QUERIES_H_

#include "absl/status/statusor.h"
#include "agent/families/family.h"
#include "agent/families/ike_query.h"
#include "agent/families/ipsec_query.h"
#include "agent/families/query.h"
#include "agent/families/ras_query.h"
#include "agent/families/tcp_query.h"
#include "farstat/v1/ike.pb.h"
#include "farstat/v1/ipsec.pb.h"
#include "farstat/v1/ras.pb.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::families {

inline absl::StatusOr<CompiledQuery> Compile(const Family& family, const v1::TcpQuery& query) {
  return CompileTcpQuery(query, family.tcp_groups);
}

inline absl::StatusOr<CompiledQuery> Compile(const Family&, const v1::RasQuery& query) {
  return CompileRasQuery(query);
}
inline absl::StatusOr<CompiledQuery> Compile(const Family&, const v1::IpsecQuery& query) {
  return CompileIpsecQuery(query);
}
inline absl::StatusOr<CompiledQuery> Compile(const Family&, const v1::IkeQuery& query) {
  return CompileIkeQuery(query);
}

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_QUERIES_H_
