// The way to one agent: connect, call, and in the end say why it did not work. Used by every
// command and subscription.

#ifndef FARSTAT_CLIENT_AGENT_LINK_H_
#define FARSTAT_CLIENT_AGENT_LINK_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "client/diagnose.h"
#include "client/dial.h"
#include "client/event_loop.h"
#include "client/fan_out.h"
#include "client/target.h"
#include "client/workers.h"

namespace farstat::client {

// Finds out why a call failed and tells it, on the loop.
using Diagnosis =
    std::function<void(const FailedCall& call, std::function<void(const Failure&)> explained)>;
// By the call's status where that tells, else with sockets of its own on `workers`, because that
// blocks. Both outlive it.
Diagnosis ProbingDiagnosis(Workers& workers, EventLoop& loop);

struct LinkSettings {
  DialOptions dial;
  // For each call, once connected; of a subscription for its first frame.
  absl::Duration timeout = absl::Seconds(5);
  // For what is said of failures: calls are to change the host; they ask for EStats that are
  // switched off again at the end.
  bool changes_host = false;
  bool release_disables = false;
};

// What all links share. Outlives them.
struct Runtime {
  EventLoop& loop;
  Dialer& dialer;
  // For connecting to an agent and for what a command does with it: so many at the same time.
  Slots& slots;
  Diagnosis diagnose;
  LinkSettings settings;
};

class AgentLink : public std::enable_shared_from_this<AgentLink> {
 public:
  using OnFailure = std::function<void(const Failure&)>;

  AgentLink(const Runtime& runtime, const Target& target) : runtime_(runtime), target_(target) {}

  // One of the two is called, once. So it is with all calls below.
  void Connect(std::function<void()> connected, OnFailure failed);

  // A call that failed, with the status and a way to learn why; or the answer.
  using OnAnswer = std::function<void(const absl::Status&, std::shared_ptr<Message>)>;
  void Get(const std::string& method, const Message& request, const Descriptor* response,
           OnAnswer done);
  void Subscribe(const std::string& method, const Message& request, const Descriptor* response,
                 Channel::OnMessage on_message, Channel::OnEnd on_end);

  // Finds out why a call ended so.
  void Explain(const absl::Status& status, OnFailure explained);

  // Ends what is under way; nothing is called after this.
  void Cancel();
  bool connected() const { return connected_; }

 private:
  void Diagnose(const FailedCall& call, OnFailure explained);
  FailedCall Failed(const absl::Status& status) const;

  const Runtime& runtime_;
  const Target& target_;
  std::shared_ptr<Channel> channel_;
  std::shared_ptr<Call> call_;
  SteadyTime connect_began_;
  bool connected_ = false;
  bool cancelled_ = false;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_AGENT_LINK_H_
