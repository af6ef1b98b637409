// What is wanted of a source: by one caller, and by all of them together.

#ifndef FARSTAT_AGENT_FEED_DEMAND_H_
#define FARSTAT_AGENT_FEED_DEMAND_H_

#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "agent/feed/filter.h"
#include "agent/feed/row.h"

namespace farstat::feed {

// Parts of the rows that a filter matches.
struct Demand {
  // Implicit: parts of every row are the usual demand.
  Demand(PartMask wanted_parts)  // NOLINT(google-explicit-constructor): see above
      : parts(wanted_parts) {}
  Demand(PartMask wanted_parts, FilterPtr of_rows)
      : parts(wanted_parts), filter(std::move(of_rows)) {}

  PartMask parts;
  FilterPtr filter;
};

// The union of the demands that one collection serves.
class Demands {
 public:
  void Add(const Demand& demand);

  // What is wanted of some row or other.
  PartMask parts() const { return parts_; }
  // What is wanted of a row with these facts. A source that pays for parts row by row asks.
  PartMask PartsOf(absl::string_view facts) const;
  // Whether what was collected for these demands holds all that `demand` wants.
  bool Cover(const Demand& demand) const;

 private:
  PartMask parts_ = 0;
  // Wanted of every row.
  PartMask of_every_row_ = 0;
  // With filters, each different; only a few of them, for every row is compared with each.
  std::vector<Demand> filtered_;
};

}  // namespace farstat::feed

#endif  // FARSTAT_AGENT_FEED_DEMAND_H_
