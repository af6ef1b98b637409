#include "agent/rpc/stream_request.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/status.h"

namespace farstat::rpc {
namespace {

using farstat::FromProto;

void Adjust(absl::string_view field, absl::Duration requested, absl::Duration effective,
            absl::string_view reason, std::vector<v1::Adjustment>& adjustments) {
  if (requested == effective) return;
  v1::Adjustment& adjustment = adjustments.emplace_back();
  adjustment.set_field(std::string(field));
  adjustment.set_requested(absl::FormatDuration(requested));
  adjustment.set_effective(absl::FormatDuration(effective));
  adjustment.set_reason(std::string(reason));
}

// The interval that is in force for `requested`.
absl::Duration EffectiveInterval(absl::string_view field, absl::Duration requested,
                                 const Limits& limits, std::vector<v1::Adjustment>& adjustments) {
  const absl::Duration bounded =
      std::min(std::max(requested, limits.min_interval), limits.max_interval);
  const absl::Duration effective = absl::Ceil(bounded, limits.interval_grid);
  Adjust(
      field, requested, effective,
      bounded != requested
          ? absl::StrCat("this agent allows ", absl::FormatDuration(limits.min_interval), " to ",
                         absl::FormatDuration(limits.max_interval))
          : absl::StrCat("intervals are multiples of ", absl::FormatDuration(limits.interval_grid)),
      adjustments);
  return effective;
}

absl::Status CheckNotNegative(absl::string_view field, absl::Duration duration) {
  if (duration >= absl::ZeroDuration()) return absl::OkStatus();
  return InvalidField(field, absl::StrCat(field, " is negative"));
}

}  // namespace

absl::Status ApplyOptions(const v1::SubscriptionOptions& options, const Limits& limits,
                          StreamRequest& request) {
  const absl::Duration interval = FromProto(options.interval());
  const absl::Duration heartbeat = FromProto(options.heartbeat_interval());
  const absl::Duration max_duration = FromProto(options.max_duration());
  absl::Status status = CheckNotNegative("options.interval", interval);
  status.Update(CheckNotNegative("options.heartbeat_interval", heartbeat));
  status.Update(CheckNotNegative("options.max_duration", max_duration));
  for (const FamilyRequest& family : request.families) {
    status.Update(CheckNotNegative("query.interval", family.query.interval));
  }
  if (!status.ok()) return status;

  request.interval =
      interval == absl::ZeroDuration()
          ? limits.default_interval
          : EffectiveInterval("options.interval", interval, limits, request.adjustments);
  for (FamilyRequest& family : request.families) {
    family.query.interval = family.query.interval == absl::ZeroDuration()
                                ? request.interval
                                : EffectiveInterval("query.interval", family.query.interval, limits,
                                                    request.adjustments);
  }
  request.heartbeat_interval = limits.default_heartbeat;
  if (heartbeat != absl::ZeroDuration()) {
    request.heartbeat_interval =
        std::min(std::max(heartbeat, limits.min_heartbeat), limits.max_heartbeat);
    Adjust("options.heartbeat_interval", heartbeat, request.heartbeat_interval,
           absl::StrCat("this agent allows ", absl::FormatDuration(limits.min_heartbeat), " to ",
                        absl::FormatDuration(limits.max_heartbeat)),
           request.adjustments);
  }
  if (max_duration > absl::ZeroDuration()) request.max_duration = max_duration;
  request.resume_token = options.resume_token();
  request.updates_only = options.updates_only();
  return absl::OkStatus();
}

}  // namespace farstat::rpc
