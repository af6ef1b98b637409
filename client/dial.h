// Channels and calls: all that the CLI knows of gRPC. Methods are called by name with messages by
// descriptor, so one code serves all services. Callbacks run on the event loop.

#ifndef FARSTAT_CLIENT_DIAL_H_
#define FARSTAT_CLIENT_DIAL_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "client/event_loop.h"
#include "client/family.h"
#include "client/target.h"
#include "common/certificates.h"

namespace farstat::client {

struct DialOptions {
  // Empty: loopback targets only.
  TlsFiles tls;
  // The name that the agent's certificate must have, if it is not the target's host.
  std::string server_name;
  absl::Duration connect_timeout = absl::Seconds(3);
  // Connections are for subscriptions: keep little in flight, so that an agent notices a slow
  // reader and merges what it has not taken.
  bool streaming = false;
};

// A call under way. Letting go of it does not end it; its callbacks may still come.
class Call {
 public:
  virtual ~Call() = default;
  // No callback comes after this.
  virtual void Cancel() = 0;
};

class Channel {
 public:
  virtual ~Channel() = default;

  // Calls `done` once: true when the agent can be called, false when that failed or took longer
  // than the connect timeout.
  virtual void Connect(std::function<void(bool)> done) = 0;

  using UnaryDone = std::function<void(const absl::Status&, std::shared_ptr<Message>)>;
  // The answer is of type `response`.
  virtual std::shared_ptr<Call> Unary(const std::string& method, const Message& request,
                                      const Descriptor* response, absl::Duration timeout,
                                      UnaryDone done) = 0;

  using OnMessage = std::function<void(Message&)>;
  using OnEnd = std::function<void(const absl::Status&)>;
  // A server stream of `response`. The next message is read only after `on_message` has returned:
  // a slow output slows the agent down, and nothing piles up here.
  virtual std::shared_ptr<Call> Stream(const std::string& method, const Message& request,
                                       const Descriptor* response, OnMessage on_message,
                                       OnEnd on_end) = 0;
};

// How long the agent asks to wait before a new try; nothing if it does not say.
absl::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

// Makes channels. Outlives them; its end ends all calls, and waits for connects under way.
class Dialer {
 public:
  virtual ~Dialer() = default;
  // Certificates are read anew now and then. An error is about this side alone.
  virtual absl::StatusOr<std::shared_ptr<Channel>> Dial(const Target& target) = 0;
};

std::unique_ptr<Dialer> MakeDialer(EventLoop& loop, const DialOptions& options);

// Versions of gRPC and Protobuf in use.
std::string LibraryVersions();

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_DIAL_H_
