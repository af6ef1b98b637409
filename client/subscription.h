// A subscription to one agent that outlives its streams.
//
// It connects, applies the frames to a table, and begins again when the stream is lost: after a
// time that grows and is random (full jitter), at least as long as the agent asked for, from the
// newest resume token. If the agent cannot go on from there, its full set replaces the table, and
// the gap is told (Change::gap). A stream that is silent for longer than its heartbeats allow is
// given up, whatever TCP thinks of it. What trying again cannot heal ends the subscription.
//
// Everything happens on the event loop's thread; gRPC's few threads serve all subscriptions of a
// process, and each holds at most one frame that is not applied yet.

#ifndef FARSTAT_CLIENT_SUBSCRIPTION_H_
#define FARSTAT_CLIENT_SUBSCRIPTION_H_

#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "client/agent_link.h"
#include "client/backoff.h"
#include "client/family.h"
#include "client/stream_table.h"
#include "client/target.h"

namespace farstat::client {

// The time without a stream, until the agent accepts the next one.
struct Outage {
  // Why there is none: of the newest try.
  Failure failure;
  // When the agent was heard last; if it never was, when the first try began. By this host's clock.
  absl::Time since;
  // There was a stream before.
  bool had_stream = false;
  // The next try begins so long after it.
  absl::Duration retry_in;
};

class Subscription {
 public:
  // Told what happens, on the loop. It may call Stop, but not destroy the subscription.
  class Observer {
   public:
    virtual ~Observer() = default;
    // A stream begins. `outage`: what it ends; null if this is the first try.
    virtual void OnAccepted(const v1::Accepted& accepted, const Outage* outage) = 0;
    // A frame was applied to table().
    virtual void OnChange(const Change& change) = 0;
    // There is no stream; it will be tried again.
    virtual void OnLost(const Outage& outage) = 0;
    // Trying again cannot help: the subscription has stopped.
    virtual void OnEnd(const Failure& failure) = 0;
  };

  // `request` is for the family's Subscribe method, without resume token and without updates_only.
  // `seed` makes the waits of subscriptions differ. `runtime`, `target` and `observer` outlive it.
  Subscription(const Runtime& runtime, const Target& target, const Family& family,
               std::shared_ptr<const Message> request, Observer& observer, uint64_t seed);
  ~Subscription() { Stop(); }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  // Once.
  void Start();
  // Ends what is under way; nothing is told after this. The table stays.
  void Stop();

  // As of the newest frame; after a loss, as it was then.
  const StreamTable& table() const { return table_; }
  StreamTable& table() { return table_; }
  // The agent has accepted the stream that is under way.
  bool streaming() const { return accepted_; }
  // The newest failure since there was a stream.
  const absl::optional<Outage>& outage() const { return outage_; }

  // Heartbeats that may be missing before a stream is taken for dead.
  static constexpr int kMissingHeartbeats = 3;
  // A stream that lasts so long is stable: after it, the waits begin anew.
  static constexpr absl::Duration kStable = absl::Seconds(30);
  // What TLS refuses heals when certificates are renewed, which takes no account of our waits.
  static constexpr absl::Duration kTlsRetry = absl::Seconds(30);

 private:
  void Queue();
  void Connect();
  void Open();
  void OnFrame(Message& frame);
  void Accept(const v1::Accepted& accepted);
  void OnStreamEnd(const absl::Status& status);
  // Abandons the stream under way for a reason of this side's own.
  void Break(const Failure& failure) { Lose(failure, absl::ZeroDuration()); }
  void Lose(const Failure& failure, absl::Duration least_wait);
  // How long to wait before the next try.
  absl::Duration WaitAfter(const Failure& failure, absl::Duration least_wait);
  void ReleaseSlot();
  void RestartSilence();

  const Runtime& runtime_;
  const Target& target_;
  const Family& family_;
  const std::shared_ptr<const Message> request_;
  Observer& observer_;
  StreamTable table_;
  Backoff backoff_;
  Slots::Ticket ticket_ = 0;
  bool holds_slot_ = false;
  std::shared_ptr<AgentLink> link_;
  bool accepted_ = false;
  bool ever_accepted_ = false;
  SteadyTime accepted_at_;
  // When the newest frame came.
  absl::Time heard_ = absl::InfinitePast();
  absl::optional<Outage> outage_;
  absl::optional<v1::Goodbye> goodbye_;
  // Fires when nothing has come for too long.
  absl::optional<EventLoop::TimerId> silence_;
  absl::Duration longest_silence_;
  absl::optional<EventLoop::TimerId> retry_;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_SUBSCRIPTION_H_
