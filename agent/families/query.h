// A query of a family, checked and compiled; the same shape for every family.

#ifndef FARSTAT_AGENT_FAMILIES_QUERY_H_
#define FARSTAT_AGENT_FAMILIES_QUERY_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/feed/table.h"

namespace farstat::families {

struct CompiledQuery {
  // What the source must collect.
  feed::PartMask demand = 0;
  // What is sent of the table.
  feed::Selection selection;
  // The query's own interval; zero: none.
  absl::Duration interval;
  // OK, or what was selected and cannot be delivered on this host.
  absl::Status unsupported;
  // Equal queries have equal fingerprints. Resume and page tokens are bound to it.
  uint64_t fingerprint = 0;

  // What the source must collect, of which rows.
  feed::Demand WholeDemand() const { return {demand, selection.filter}; }
};

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_QUERY_H_
