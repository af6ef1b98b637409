#include "agent/sources/windows/filter_engine_groups.h"

namespace farstat::sources::windows {

void FilterEngineGroups::Add(const absl::Status& status) {
  if (status.ok()) {
    any_read_ = true;
    return;
  }
  void_ = void_ || absl::IsUnavailable(status);
  failure_.Update(status);
}

void FilterEngineGroups::AddList(const absl::Status& status, bool any_rows) {
  Add(status);
  void_ = void_ || (!status.ok() && any_rows);
}

void FilterEngineGroups::Settle(const FilterEngine& engine, Outcome& outcome) const {
  if (failure_.ok()) return;
  const bool cut_off = any_read_ && !engine.is_open();
  (void_ || cut_off || !any_read_ ? outcome.status : outcome.partial) = failure_;
}

}  // namespace farstat::sources::windows
