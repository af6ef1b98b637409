#include "agent/sources/windows/filter_engine_groups.h"

#include "common/status.h"

namespace farstat::sources::windows {
namespace {

// Trying again would not help: the account lacks a right, or this Windows lacks the function.
bool IsMissingForGood(const absl::Status& status) {
  return absl::IsUnimplemented(status) || ErrorInfoOf(status).reason() == kAgentLacksPrivilege;
}

}  // namespace

void FilterEngineGroups::Add(const absl::Status& status) {
  if (status.ok()) {
    any_read_ = true;
  } else if (IsMissingForGood(status)) {
    missing_.Update(status);
  } else {
    void_.Update(status);
  }
}

void FilterEngineGroups::AddList(const absl::Status& status, bool any_rows) {
  Add(status);
  if (any_rows) void_.Update(status);
}

void FilterEngineGroups::Settle(const FilterEngine& engine, Outcome& outcome) const {
  if (!void_.ok()) {
    outcome.status = void_;
    return;
  }
  const bool cut_off = any_read_ && !engine.is_open();
  (cut_off || !any_read_ ? outcome.status : outcome.partial) = missing_;
}

}  // namespace farstat::sources::windows
