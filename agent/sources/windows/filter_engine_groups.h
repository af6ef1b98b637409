// Makes the outcome of a collection of what came of the family's groups. Each group needs calls and
// rights of its own, so that some may be read while others are not.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_FILTER_ENGINE_GROUPS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_FILTER_ENGINE_GROUPS_H_

#include "absl/status/status.h"
#include "agent/sources/source.h"
#include "agent/sources/windows/filter_engine.h"

namespace farstat::sources::windows {

class FilterEngineGroups {
 public:
  // A group was read, or why it was not.
  void Add(const absl::Status& status);
  // The same for a group of rows. A list that broke off after some rows voids the collection: the
  // sink has these rows and would take the others for gone.
  void AddList(const absl::Status& status, bool any_rows);

  // Good is what is complete (`status` of Outcome). A group that could not be read for a reason
  // that stays (rights, no such function) is missing (`partial`); any other failure voids the
  // collection, so that older rows stay, marked as such, instead of vanishing for a while.
  void Settle(const FilterEngine& engine, Outcome& outcome) const;

 private:
  bool any_read_ = false;
  // The first failure of each kind.
  absl::Status missing_;
  absl::Status void_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_FILTER_ENGINE_GROUPS_H_
