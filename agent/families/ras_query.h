// Checks and compiles RasQuery.

#ifndef FARSTAT_AGENT_FAMILIES_RAS_QUERY_H_
#define FARSTAT_AGENT_FAMILIES_RAS_QUERY_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/families/query.h"
#include "farstat/v1/ras.pb.h"

namespace farstat::families {

// The error names the field at fault.
absl::StatusOr<CompiledQuery> CompileRasQuery(const v1::RasQuery& query);

// A RasFilter that has been checked.
struct CompiledRasFilter {
  // The parts of a row that the filter's facts need.
  feed::PartMask parts = 0;
  // Looks at the facts of a row.
  std::shared_ptr<const feed::Filter> filter;
};

// For a filter that stands somewhere else than in a query; `field` is its name, for errors.
absl::StatusOr<CompiledRasFilter> CompileRasFilter(const v1::RasFilter& filter,
                                                   absl::string_view field);

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_RAS_QUERY_H_
