#include "client/watch.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/format/text.h"
#include "client/format/units.h"
#include "common/clock.h"

namespace farstat::client {
namespace {

// A display is drawn at most so often; a fleet would redraw it all the time.
constexpr absl::Duration kRedrawDelay = absl::Milliseconds(50);
constexpr absl::Duration kFleetRedrawDelay = absl::Milliseconds(300);

// Empty for what nobody asked for on the command line.
std::string AdjustmentText(const v1::Adjustment& adjustment) {
  absl::string_view field = adjustment.field();
  absl::ConsumePrefix(&field, "options.");
  if (field == "heartbeat_interval") return "";
  return Printable(absl::StrCat(field, " ", adjustment.requested(), " became ",
                                adjustment.effective(), ": ", adjustment.reason()));
}

absl::string_view GapCause(Gap::Reason reason) {
  return reason == Gap::Reason::kAgentRestarted ? "the agent restarted"
                                                : "the agent sent all rows anew";
}

}  // namespace

WatchCommand::Watched::Watched(WatchCommand& command, const Target& target, uint64_t seed)
    : command_(command),
      target_(target),
      subscription_(command.context_.runtime, target, *command.context_.options.family,
                    command.request_, *this, seed) {}

void WatchCommand::Start() {
  const Options& options = context_.options;
  std::random_device random;
  for (const Target& target : context_.targets) {
    watched_.try_emplace(&target, *this, target, random());
  }
  if (options.duration < absl::InfiniteDuration()) {
    context_.runtime.loop.After(options.duration, [this] {
      Conclude();
      End({FailureClass::kRpcTimeout, "not connected when --duration was over", false});
    });
  }
  for (const Target& target : context_.targets) watched_.at(&target).subscription().Start();
}

void WatchCommand::CancelAll() {
  for (auto& [target, watched] : watched_) watched.subscription().Stop();
}

void WatchCommand::OnAccepted(const Watched& watched, const v1::Accepted& accepted,
                              const Outage* outage) {
  const bool again = outage != nullptr && outage->had_stream;
  TargetEvent event;
  event.resumed = accepted.resumed();
  if (again) event.lost_since = outage->since;
  if (again && !context_.presenter.is_live()) {
    Note(watched.target(),
         absl::StrCat("connected again after ",
                      HumanDuration(context_.runtime.loop.clock().Wall() - outage->since),
                      accepted.resumed() ? ", resumed where it was" : ", with a new full set"));
  } else if (!again) {
    for (const v1::Adjustment& adjustment : accepted.adjustments()) {
      const std::string text = AdjustmentText(adjustment);
      if (!text.empty()) Note(watched.target(), text);
    }
  }
  context_.presenter.TargetChanged(watched.target(), event);
}

void WatchCommand::OnChange(Watched& watched, const Change& change) {
  const bool first_reading = settings_.needs_rates && watched.ticks() == 0;
  if (!settings_.as_snapshot) {
    NoteGap(watched, change);
    if (!first_reading) {
      context_.presenter.Changed(watched.target(), watched.subscription().table(), change);
    }
  }
  if (change.tick_complete) OnTick(watched);
  ScheduleRedraw();
  EndIfDone();
}

void WatchCommand::NoteGap(const Watched& watched, const Change& change) {
  if (change.header.skipped_ticks() > 0) {
    Note(watched.target(),
         absl::StrCat(change.header.skipped_ticks(),
                      " readings were merged, because output is slower than the agent"));
  }
  if (!change.gap.has_value() || change.gap->reason == Gap::Reason::kSkippedTicks) return;
  Note(watched.target(),
       absl::StrCat(change.section->family().title, ": what came and went between ",
                    HumanTime(change.gap->from), " and ", HumanTime(change.gap->until),
                    " was not seen: ", GapCause(change.gap->reason)));
}

void WatchCommand::OnTick(Watched& watched) {
  watched.CountTick();
  const uint64_t shown = watched.ticks() - (settings_.needs_rates ? 1 : 0);
  if (settings_.count > 0 && shown >= settings_.count) Finish(watched);
}

void WatchCommand::Finish(Watched& watched) {
  watched.subscription().Stop();
  if (settings_.as_snapshot) {
    context_.presenter.Snapshot(
        watched.target(),
        std::make_shared<std::vector<Section>>(watched.subscription().table().TakeSections()));
  }
  Answered(watched.target());
}

void WatchCommand::OnLost(Watched& watched, const Outage& outage) {
  // For `get --rate` one failure is the result, as it is for any get.
  if (settings_.as_snapshot) {
    GiveUp(watched, outage.failure);
    EndIfDone();
    return;
  }
  if (NothingToWatch()) {
    for (auto& [target, each] : watched_) {
      if (!HasOutcome(*target)) GiveUp(each, each.subscription().outage()->failure);
    }
    EndIfDone();
    return;
  }
  TargetEvent event;
  event.state = TargetEvent::State::kDisconnected;
  event.failure = outage.failure;
  event.retry_in = outage.retry_in;
  if (outage.had_stream) event.lost_since = outage.since;
  // A live display has a place of its own for this.
  if (!context_.presenter.is_live()) {
    Note(watched.target(),
         absl::StrCat(
             outage.had_stream ? absl::StrCat("lost since ", HumanTime(outage.since), ": ") : "",
             FailureClassName(outage.failure.failure_class), ": ", outage.failure.message,
             "; next try in ", HumanDuration(outage.retry_in)));
  }
  context_.presenter.TargetChanged(watched.target(), event);
  ScheduleRedraw();
}

void WatchCommand::GiveUp(Watched& watched, const Failure& failure) {
  watched.subscription().Stop();
  TargetEvent event;
  event.state = TargetEvent::State::kFailed;
  event.failure = failure;
  context_.presenter.TargetChanged(watched.target(), event);
  Failed(watched.target(), failure);
}

bool WatchCommand::NothingToWatch() const {
  if (context_.options.keep_trying) return false;
  return std::all_of(watched_.begin(), watched_.end(), [](const auto& entry) {
    const absl::optional<Outage>& outage = entry.second.subscription().outage();
    return outage.has_value() && !outage->had_stream;
  });
}

// What streams is well, what does not has failed.
void WatchCommand::Conclude() {
  if (settings_.as_snapshot) return;
  for (auto& [target, watched] : watched_) {
    if (HasOutcome(*target)) continue;
    if (watched.subscription().streaming() && watched.ticks() > 0) {
      Finish(watched);
    } else if (watched.subscription().outage().has_value()) {
      Failed(*target, watched.subscription().outage()->failure);
    }
  }
}

void WatchCommand::Note(const Target& target, const std::string& text) {
  context_.notes.Line(context_.targets.size() > 1 ? absl::StrCat(target.name, ": ", text) : text);
}

void WatchCommand::ScheduleRedraw() {
  if (!context_.presenter.is_live() || redraw_scheduled_) return;
  redraw_scheduled_ = true;
  const absl::Duration delay = watched_.size() > 1 ? kFleetRedrawDelay : kRedrawDelay;
  context_.runtime.loop.After(delay, [this] {
    redraw_scheduled_ = false;
    context_.presenter.Redraw();
    EndIfDone();
  });
}

}  // namespace farstat::client
