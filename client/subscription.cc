#include "client/subscription.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/format/text.h"
#include "client/format/units.h"
#include "client/query.h"
#include "common/clock.h"

namespace farstat::client {
namespace {

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

Failure FailureOf(const v1::Goodbye& goodbye) {
  const bool stops = goodbye.reason() == v1::GOODBYE_REASON_SHUTDOWN;
  return {stops ? FailureClass::kBusy : FailureClass::kInternal, GoodbyeText(goodbye),
          /*permanent=*/goodbye.reason() == v1::GOODBYE_REASON_POLICY};
}

}  // namespace

Subscription::Subscription(const Runtime& runtime, const Target& target, const Family& family,
                           std::shared_ptr<const Message> request, Observer& observer,
                           uint64_t seed)
    : runtime_(runtime),
      target_(target),
      family_(family),
      request_(std::move(request)),
      observer_(observer),
      table_(family),
      backoff_(seed) {}

void Subscription::Start() {
  heard_ = runtime_.loop.clock().Wall();
  Queue();
}

void Subscription::Stop() {
  runtime_.slots.Withdraw(ticket_);
  ReleaseSlot();
  accepted_ = false;
  if (link_ != nullptr) link_->Cancel();
  link_ = nullptr;
  if (silence_.has_value()) runtime_.loop.Cancel(*silence_);
  if (retry_.has_value()) runtime_.loop.Cancel(*retry_);
  silence_.reset();
  retry_.reset();
}

void Subscription::Queue() {
  ticket_ = runtime_.slots.Acquire([this] {
    holds_slot_ = true;
    Connect();
  });
}

void Subscription::Connect() {
  goodbye_.reset();
  link_ = std::make_shared<AgentLink>(runtime_, target_);
  link_->Connect([this] { Open(); },
                 [this](const Failure& failure) { Lose(failure, absl::ZeroDuration()); });
}

void Subscription::Open() {
  const std::unique_ptr<Message> request(request_->New());
  request->CopyFrom(*request_);
  if (!table_.resume_token().empty()) SetResumeToken(*request, table_.resume_token());
  table_.BeginStream();
  // The first frame is an answer and has the time of one.
  longest_silence_ = runtime_.settings.timeout;
  RestartSilence();
  link_->Subscribe(
      family_.subscribe_method, *request, family_.subscribe_response,
      [this](Message& frame) { OnFrame(frame); },
      [this](const absl::Status& status) { OnStreamEnd(status); });
}

void Subscription::OnFrame(Message& frame) {
  heard_ = runtime_.loop.clock().Wall();
  RestartSilence();
  const absl::StatusOr<Change> change = table_.Apply(frame);
  if (!change.ok()) {
    table_.ForgetResumeToken();
    Break({FailureClass::kInternal, std::string(change.status().message()), false});
    return;
  }
  if (change->goodbye.has_value()) goodbye_ = change->goodbye;
  if (change->accepted.has_value()) Accept(*change->accepted);
  // Whoever was told of that may have stopped it.
  if (link_ != nullptr) observer_.OnChange(*change);
}

void Subscription::Accept(const v1::Accepted& accepted) {
  ReleaseSlot();
  accepted_ = true;
  ever_accepted_ = true;
  accepted_at_ = runtime_.loop.clock().Steady();
  // The agent promises a frame per heartbeat.
  longest_silence_ = kMissingHeartbeats * FromProto(accepted.heartbeat_interval()) +
                     FromProto(accepted.interval()) + runtime_.settings.timeout;
  RestartSilence();
  const absl::optional<Outage> ended = std::exchange(outage_, absl::nullopt);
  observer_.OnAccepted(accepted, ended.has_value() ? &*ended : nullptr);
}

void Subscription::OnStreamEnd(const absl::Status& status) {
  if (goodbye_.has_value()) {
    Lose(FailureOf(*goodbye_), FromProto(goodbye_->retry_after()));
    return;
  }
  if (status.ok()) {
    Break({FailureClass::kInternal, "the agent ended the stream without a reason", false});
    return;
  }
  const absl::Duration least_wait = RetryDelayOf(status).value_or(absl::ZeroDuration());
  link_->Explain(status, [this, least_wait](const Failure& failure) { Lose(failure, least_wait); });
}

void Subscription::Lose(const Failure& failure, absl::Duration least_wait) {
  const absl::Duration lasted =
      accepted_ ? absl::FromChrono(runtime_.loop.clock().Steady() - accepted_at_)
                : absl::ZeroDuration();
  if (lasted >= kStable) backoff_.Reset();
  Stop();
  if (!outage_.has_value()) outage_ = Outage{failure, heard_, ever_accepted_, absl::ZeroDuration()};
  outage_->failure = failure;
  if (failure.permanent) {
    observer_.OnEnd(failure);
    return;
  }
  outage_->retry_in = WaitAfter(failure, least_wait);
  retry_ = runtime_.loop.After(outage_->retry_in, [this] {
    retry_.reset();
    Queue();
  });
  observer_.OnLost(*outage_);
}

absl::Duration Subscription::WaitAfter(const Failure& failure, absl::Duration least_wait) {
  if (failure.failure_class != FailureClass::kTls) return backoff_.Next(least_wait);
  return std::max(backoff_.Around(kTlsRetry), least_wait);
}

void Subscription::ReleaseSlot() {
  if (std::exchange(holds_slot_, false)) runtime_.slots.Release();
}

void Subscription::RestartSilence() {
  if (silence_.has_value()) runtime_.loop.Cancel(*silence_);
  silence_ = runtime_.loop.After(longest_silence_, [this] {
    silence_.reset();
    Break({FailureClass::kRpcTimeout,
           absl::StrCat("connected, but nothing came for ", HumanDuration(longest_silence_)),
           false});
  });
}

}  // namespace farstat::client
