// Agents that a test plays itself, without a network and without threads: for what depends on time.

#ifndef FARSTAT_TESTS_SUPPORT_SCRIPTED_DIALER_H_
#define FARSTAT_TESTS_SUPPORT_SCRIPTED_DIALER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/dial.h"
#include "farstat/v1/tcp.pb.h"
#include "tests/support/fake_agent.h"

namespace farstat::client {

// One stream of TCP statistics, seen from the agent.
class ScriptedStream : public Call {
 public:
  ScriptedStream(const Message& request, Channel::OnMessage on_message, Channel::OnEnd on_end)
      : on_message_(std::move(on_message)), on_end_(std::move(on_end)) {
    request_.CopyFrom(request);
  }

  const v1::SubscribeTcpStatisticsRequest& request() const { return request_; }
  const std::string& resume_token() const { return request_.options().resume_token(); }
  // Sends frames; those after the client has gone are lost.
  FakeStream& frames() { return frames_; }
  void End(const absl::Status& status) {
    if (on_end_ != nullptr) std::exchange(on_end_, nullptr)(status);
  }
  void Cancel() override {
    on_message_ = nullptr;
    on_end_ = nullptr;
  }
  bool cancelled() const { return on_message_ == nullptr; }

 private:
  bool Deliver(FakeStream::Frame frame) const {
    // A copy, because what it does may cancel this call.
    const Channel::OnMessage on_message = on_message_;
    if (on_message == nullptr) return false;
    on_message(frame);
    return true;
  }

  v1::SubscribeTcpStatisticsRequest request_;
  Channel::OnMessage on_message_;
  Channel::OnEnd on_end_;
  FakeStream frames_{FakeStream::Write([this](const auto& frame) { return Deliver(frame); })};
};

class ScriptedDialer : public Dialer {
 public:
  explicit ScriptedDialer(EventLoop& loop) : loop_(loop) {}

  absl::StatusOr<std::shared_ptr<Channel>> Dial(const Target& /*target*/) override {
    ++dials_;
    return std::make_shared<ScriptedChannel>(*this);
  }

  // Whether connections come about.
  void set_reachable(bool reachable) { reachable_ = reachable; }
  int dials() const { return dials_; }
  // All streams that were ever begun.
  const std::vector<std::shared_ptr<ScriptedStream>>& streams() const { return streams_; }

 private:
  class ScriptedChannel : public Channel {
   public:
    explicit ScriptedChannel(ScriptedDialer& dialer) : dialer_(dialer) {}
    void Connect(std::function<void(bool)> done) override {
      dialer_.loop_.Post(
          [done = std::move(done), reachable = dialer_.reachable_] { done(reachable); });
    }
    std::shared_ptr<Call> Unary(const std::string& /*method*/, const Message& /*request*/,
                                const Descriptor* /*response*/, absl::Duration /*timeout*/,
                                UnaryDone /*done*/) override {
      return nullptr;
    }
    std::shared_ptr<Call> Stream(const std::string& /*method*/, const Message& request,
                                 const Descriptor* /*response*/, OnMessage on_message,
                                 OnEnd on_end) override {
      dialer_.streams_.push_back(
          std::make_shared<ScriptedStream>(request, std::move(on_message), std::move(on_end)));
      return dialer_.streams_.back();
    }

   private:
    ScriptedDialer& dialer_;
  };

  EventLoop& loop_;
  bool reachable_ = true;
  int dials_ = 0;
  std::vector<std::shared_ptr<ScriptedStream>> streams_;
};

}  // namespace farstat::client

#endif  // FARSTAT_TESTS_SUPPORT_SCRIPTED_DIALER_H_
