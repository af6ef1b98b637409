#include "agent/families/ike_query.h"

#include "absl/hash/hash.h"
#include "common/clock.h"

namespace farstat::families {

absl::StatusOr<CompiledQuery> CompileIkeQuery(const v1::IkeQuery& query) {
  CompiledQuery compiled;
  compiled.interval = FromProto(query.interval());
  compiled.fingerprint = absl::HashOf(query.SerializeAsString());
  return compiled;
}

}  // namespace farstat::families
