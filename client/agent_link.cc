#include "client/agent_link.h"

#include <utility>

#include "common/clock.h"

namespace farstat::client {

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
  connect_began_ = SystemClock().Steady();
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
  call_ = channel_->Unary(method, request, response, runtime_.options.timeout,
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
  const absl::Duration waited = absl::FromChrono(SystemClock().Steady() - connect_began_);
  call.connect_timed_out = !connected_ && waited >= runtime_.options.connect_timeout * 0.9;
  call.tls = runtime_.options.tls;
  call.server_name = runtime_.options.server_name;
  call.release_disables = runtime_.options.release_disables;
  call.changes_host = runtime_.options.changes_hosts();
  call.connect_timeout = runtime_.options.connect_timeout;
  call.timeout = runtime_.options.timeout;
  return call;
}

void AgentLink::Diagnose(const FailedCall& call, OnFailure explained) {
  if (!NeedsProbe(call)) {
    explained(client::Diagnose(call));
    return;
  }
  runtime_.workers.Run([self = shared_from_this(), call, explained = std::move(explained),
                        post = runtime_.loop.poster()] {
    const Failure failure = client::Diagnose(call);
    post([self, failure, explained] {
      if (!self->cancelled_) explained(failure);
    });
  });
}

}  // namespace farstat::client
