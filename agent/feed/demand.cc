#include "agent/feed/demand.h"

#include <cstddef>

namespace farstat::feed {
namespace {

// With more filters than these, comparing costs more than it saves: every row is collected whole.
constexpr size_t kMaxFilters = 8;

}  // namespace

void Demands::Add(const Demand& demand) {
  parts_ |= demand.parts;
  if ((demand.parts & ~of_every_row_) == 0) return;
  if (demand.filter == nullptr) {
    of_every_row_ |= demand.parts;
    return;
  }
  for (Demand& known : filtered_) {
    if (!SameFilter(known.filter, demand.filter)) continue;
    known.parts |= demand.parts;
    return;
  }
  if (filtered_.size() < kMaxFilters) {
    filtered_.push_back(demand);
  } else {
    of_every_row_ |= demand.parts;
  }
}

PartMask Demands::PartsOf(absl::string_view facts) const {
  PartMask parts = of_every_row_;
  for (const Demand& demand : filtered_) {
    if (parts == parts_) break;
    if ((demand.parts & ~parts) != 0 && (*demand.filter)(facts)) parts |= demand.parts;
  }
  return parts;
}

bool Demands::Cover(const Demand& demand) const {
  PartMask missing = demand.parts & ~of_every_row_;
  for (const Demand& known : filtered_) {
    if (SameFilter(known.filter, demand.filter)) missing &= ~known.parts;
  }
  return missing == 0;
}

}  // namespace farstat::feed
