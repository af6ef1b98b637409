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
#include "client/query.h"
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

std::string GoodbyeText(const v1::Goodbye& goodbye) {
  if (!goodbye.message().empty()) return Printable(goodbye.message());
  switch (goodbye.reason()) {
    case v1::GOODBYE_REASON_SHUTDOWN:
      return "the agent stops or restarts";
    case v1::GOODBYE_REASON_MAX_DURATION:
      return "the agent ended the stream because its time was up";
    case v1::GOODBYE_REASON_POLICY:
      return "the agent's settings no longer allow this stream";
    default:
      return "the agent ended the stream";
  }
}

}  // namespace

void WatchCommand::Start() {
  std::random_device random;
  for (const Target& target : context_.targets) {
    streams_.try_emplace(&target, *context_.runtime.options.family, random());
  }
  if (context_.runtime.options.duration < absl::InfiniteDuration()) {
    context_.runtime.loop.After(context_.runtime.options.duration, [this] {
      Conclude();
      End({FailureClass::kRpcTimeout, "not connected when --duration was over", false});
    });
  }
  for (const Target& target : context_.targets) Queue(target);
}

void WatchCommand::CancelAll() {
  for (auto& [target, stream] : streams_) StopWork(stream);
}

void WatchCommand::Queue(const Target& target) {
  slots_.Acquire([this, &target] {
    streams_.at(&target).holds_slot = true;
    Connect(target);
  });
}

void WatchCommand::Connect(const Target& target) {
  Stream& stream = streams_.at(&target);
  stream.accepted = false;
  stream.goodbye.reset();
  stream.link = std::make_shared<AgentLink>(context_.runtime, target);
  stream.link->Connect([this, &target] { Subscribe(target); },
                       [this, &target](const Failure& failure) {
                         OnFailure(target, failure, absl::ZeroDuration());
                       });
}

void WatchCommand::Subscribe(const Target& target) {
  Stream& stream = streams_.at(&target);
  const Family& family = *context_.runtime.options.family;
  const std::unique_ptr<Message> request(request_->New());
  request->CopyFrom(*request_);
  if (!stream.table.resume_token().empty()) SetResumeToken(*request, stream.table.resume_token());
  stream.table.BeginStream();
  // The first frame is an answer and has the time of one.
  stream.longest_silence = context_.runtime.options.timeout;
  RestartSilence(target);
  stream.link->Subscribe(
      family.subscribe_method, *request, family.subscribe_response,
      [this, &target](Message& frame) { OnFrame(target, frame); },
      [this, &target](const absl::Status& status) { OnEnd(target, status); });
}

void WatchCommand::OnFrame(const Target& target, Message& frame) {
  Stream& stream = streams_.at(&target);
  RestartSilence(target);
  const absl::StatusOr<Change> change = stream.table.Apply(frame);
  if (!change.ok()) {
    stream.table.ForgetResumeToken();
    Break(target, {FailureClass::kInternal, std::string(change.status().message()), false});
    return;
  }
  if (change->accepted.has_value()) OnAccepted(target, *change->accepted);
  if (change->goodbye.has_value()) stream.goodbye = change->goodbye;
  if (change->header.skipped_ticks() > 0 && !settings_.as_snapshot) {
    Note(target, absl::StrCat(change->header.skipped_ticks(),
                              " readings were merged, because output is slower than the agent"));
  }
  const bool first_reading = settings_.needs_rates && stream.ticks == 0;
  if (!settings_.as_snapshot && !first_reading) {
    context_.presenter.Changed(target, stream.table, *change);
  }
  if (change->tick_complete) OnTick(target);
  ScheduleRedraw();
  EndIfDone();
}

void WatchCommand::OnAccepted(const Target& target, const v1::Accepted& accepted) {
  Stream& stream = streams_.at(&target);
  ReleaseSlot(stream);
  const bool again = stream.ever_accepted;
  stream.accepted = true;
  stream.ever_accepted = true;
  stream.failure.reset();
  // The agent promises a frame per heartbeat; three missing ones are a silence.
  stream.longest_silence = 3 * FromProto(accepted.heartbeat_interval()) +
                           FromProto(accepted.interval()) + context_.runtime.options.timeout;
  RestartSilence(target);
  if (again && !context_.presenter.is_live()) {
    Note(target, accepted.resumed() ? "connected again, resumed where it was"
                                    : "connected again, with a new full set");
  } else if (!again) {
    for (const v1::Adjustment& adjustment : accepted.adjustments()) {
      const std::string text = AdjustmentText(adjustment);
      if (!text.empty()) Note(target, text);
    }
  }
  context_.presenter.TargetChanged(target,
                                   {TargetEvent::State::kConnected, accepted.resumed(), {}, {}});
}

void WatchCommand::OnTick(const Target& target) {
  Stream& stream = streams_.at(&target);
  stream.backoff.Reset();
  ++stream.ticks;
  const uint64_t shown = stream.ticks - (settings_.needs_rates ? 1 : 0);
  if (settings_.count > 0 && shown >= settings_.count) Finish(target);
}

void WatchCommand::Finish(const Target& target) {
  Stream& stream = streams_.at(&target);
  StopWork(stream);
  if (settings_.as_snapshot) {
    context_.presenter.Snapshot(
        target, std::make_shared<std::vector<Section>>(stream.table.TakeSections()));
  }
  Answered(target);
}

void WatchCommand::OnEnd(const Target& target, const absl::Status& status) {
  Stream& stream = streams_.at(&target);
  if (stream.goodbye.has_value()) {
    const Failure failure = {
        stream.goodbye->reason() == v1::GOODBYE_REASON_SHUTDOWN ? FailureClass::kBusy
                                                                : FailureClass::kInternal,
        GoodbyeText(*stream.goodbye), stream.goodbye->reason() == v1::GOODBYE_REASON_POLICY};
    OnFailure(target, failure, FromProto(stream.goodbye->retry_after()));
    return;
  }
  if (status.ok()) {
    OnFailure(target,
              {FailureClass::kInternal, "the agent ended the stream without a reason", false},
              absl::ZeroDuration());
    return;
  }
  const absl::Duration least_wait = RetryDelayOf(status).value_or(absl::ZeroDuration());
  stream.link->Explain(status, [this, &target, least_wait](const Failure& failure) {
    OnFailure(target, failure, least_wait);
  });
}

void WatchCommand::Break(const Target& target, const Failure& failure) {
  streams_.at(&target).link->Cancel();
  OnFailure(target, failure, absl::ZeroDuration());
}

void WatchCommand::OnFailure(const Target& target, const Failure& failure,
                             absl::Duration least_wait) {
  Stream& stream = streams_.at(&target);
  StopWork(stream);
  stream.failure = failure;
  // For `get --rate` one failure is the result, as it is for any get.
  if (failure.permanent || settings_.as_snapshot) {
    GiveUp(target, failure);
    EndIfDone();
    return;
  }
  if (NothingToWatch()) {
    for (const Target& each : context_.targets) {
      if (!HasOutcome(each)) GiveUp(each, *streams_.at(&each).failure);
    }
    EndIfDone();
    return;
  }
  const absl::Duration wait = stream.backoff.Next(least_wait);
  // A live display has a place of its own for this.
  if (!context_.presenter.is_live()) {
    Note(target, absl::StrCat(FailureClassName(failure.failure_class), ": ", failure.message,
                              "; next try in ", HumanDuration(wait)));
  }
  context_.presenter.TargetChanged(target,
                                   {TargetEvent::State::kDisconnected, false, failure, wait});
  stream.retry = context_.runtime.loop.After(wait, [this, &target] {
    streams_.at(&target).retry.reset();
    Queue(target);
  });
  ScheduleRedraw();
}

void WatchCommand::GiveUp(const Target& target, const Failure& failure) {
  StopWork(streams_.at(&target));
  context_.presenter.TargetChanged(target, {TargetEvent::State::kFailed, false, failure, {}});
  Failed(target, failure);
}

bool WatchCommand::NothingToWatch() const {
  if (context_.runtime.options.keep_trying) return false;
  return std::all_of(streams_.begin(), streams_.end(), [](const auto& entry) {
    return entry.second.failure.has_value() && !entry.second.ever_accepted;
  });
}

// What streams is well, what does not has failed.
void WatchCommand::Conclude() {
  if (settings_.as_snapshot) return;
  for (const Target& target : context_.targets) {
    const Stream& stream = streams_.at(&target);
    if (HasOutcome(target)) continue;
    if (stream.accepted && stream.ticks > 0) {
      Finish(target);
    } else if (stream.failure.has_value()) {
      Failed(target, *stream.failure);
    }
  }
}

void WatchCommand::StopWork(Stream& stream) {
  ReleaseSlot(stream);
  stream.accepted = false;
  if (stream.link != nullptr) stream.link->Cancel();
  if (stream.silence.has_value()) context_.runtime.loop.Cancel(*stream.silence);
  if (stream.retry.has_value()) context_.runtime.loop.Cancel(*stream.retry);
  stream.silence.reset();
  stream.retry.reset();
}

void WatchCommand::ReleaseSlot(Stream& stream) {
  if (std::exchange(stream.holds_slot, false)) slots_.Release();
}

void WatchCommand::RestartSilence(const Target& target) {
  Stream& stream = streams_.at(&target);
  if (stream.silence.has_value()) context_.runtime.loop.Cancel(*stream.silence);
  stream.silence = context_.runtime.loop.After(stream.longest_silence, [this, &target] {
    const std::string waited = HumanDuration(streams_.at(&target).longest_silence);
    Break(target, {FailureClass::kRpcTimeout,
                   absl::StrCat("connected, but nothing came for ", waited), false});
  });
}

void WatchCommand::Note(const Target& target, const std::string& text) {
  context_.notes.Line(context_.targets.size() > 1 ? absl::StrCat(target.name, ": ", text) : text);
}

void WatchCommand::ScheduleRedraw() {
  if (!context_.presenter.is_live() || redraw_scheduled_) return;
  redraw_scheduled_ = true;
  const absl::Duration delay = streams_.size() > 1 ? kFleetRedrawDelay : kRedrawDelay;
  context_.runtime.loop.After(delay, [this] {
    redraw_scheduled_ = false;
    context_.presenter.Redraw();
    EndIfDone();
  });
}

}  // namespace farstat::client
