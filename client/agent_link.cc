#include "client/agent_link.h"

#include <utility>

#include "common/clock.h"

namespace farstat::client {

Diagnosis ProbingDiagnosis(Workers& workers, EventLoop& loop) {
  return [&workers, post = loop.poster()](const FailedCall& call,
                                          std::function<void(const Failure&)> explained) {
    if (!NeedsProbe(call)) {
      explained(Diagnose(call));
      return;
    }
    workers.Run([call, explained = std::move(explained), post] {
      post([explained, failure = Diagnose(call)] { explained(failure); });
    });
  };
}

void AgentLink::Connect(std::function<void()> connected, OnFailure failed) {
  absl::StatusOr<std::shared_ptr<Channel>> channel = runtime_.dialer.Dial(target_);
  if (!channel.ok()) {
    // Not at once: thousands of targets would fail inside each other.
    runtime_.loop.Post([failed = std::move(failed), status = channel.status()] {
      failed({FailureClass::kTls, std::string(status.message()), true});
    });
    return;
  }
  channel_ = *std::move(channel);
  connect_began_ = runtime_.loop.clock().Steady();
  channel_->Connect([self = shared_from_this(), connected = std::move(connected),
                     failed = std::move(failed)](bool success) {
    if (self->cancelled_) return;
    self->connected_ = success;
    if (success) {
      connected();
    } else {
      self->Diagnose(self->Failed(absl::OkStatus()), failed);
    }
  });
}

void AgentLink::Get(const std::string& method, const Message& request, const Descriptor* response,
                    OnAnswer done) {
  call_ = channel_->Unary(method, request, response, runtime_.settings.timeout,
                          [self = shared_from_this(), done = std::move(done)](
                              const absl::Status& status, std::shared_ptr<Message> answer) {
                            if (!self->cancelled_) done(status, std::move(answer));
                          });
}

void AgentLink::Subscribe(const std::string& method, const Message& request,
                          const Descriptor* response, Channel::OnMessage on_message,
                          Channel::OnEnd on_end) {
  call_ = channel_->Stream(method, request, response, std::move(on_message), std::move(on_end));
}

void AgentLink::Explain(const absl::Status& status, OnFailure explained) {
  Diagnose(Failed(status), std::move(explained));
}

void AgentLink::Cancel() {
  cancelled_ = true;
  if (call_ != nullptr) call_->Cancel();
}

FailedCall AgentLink::Failed(const absl::Status& status) const {
  FailedCall call;
  call.target = target_;
  call.status = status;
  const absl::Duration waited = absl::FromChrono(runtime_.loop.clock().Steady() - connect_began_);
  const LinkSettings& settings = runtime_.settings;
  call.connect_timed_out = !connected_ && waited >= settings.dial.connect_timeout * 0.9;
  call.tls = settings.dial.tls;
  call.server_name = settings.dial.server_name;
  call.release_disables = settings.release_disables;
  call.changes_host = settings.changes_host;
  call.connect_timeout = settings.dial.connect_timeout;
  call.timeout = settings.timeout;
  return call;
}

void AgentLink::Diagnose(const FailedCall& call, OnFailure explained) {
  runtime_.diagnose(
      call, [self = shared_from_this(), explained = std::move(explained)](const Failure& failure) {
        if (!self->cancelled_) explained(failure);
      });
}

}  // namespace farstat::client
