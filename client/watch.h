// farstat watch: a subscription per target, kept alive.
//
// A stream that is lost is begun again, ever more slowly, and resumes where it was if the agent
// still can. Failures that cannot heal (a request that the agent does not understand, missing
// rights) end it. When no target at all could be reached at first, watching ends too: there is
// nothing to watch.

#ifndef FARSTAT_CLIENT_WATCH_H_
#define FARSTAT_CLIENT_WATCH_H_

#include <map>
#include <memory>

#include "absl/types/optional.h"
#include "client/backoff.h"
#include "client/command.h"
#include "client/stream_table.h"

namespace farstat::client {

class WatchCommand : public TargetsCommand {
 public:
  struct Settings {
    // Ticks of each target to show; 0: no end.
    uint64_t count = 0;
    // Nothing is shown before there are rates, and the reading that they start from is not counted.
    bool needs_rates = false;
    // Present only the last one of them, as a snapshot: how `get --rate` takes two readings.
    bool as_snapshot = false;
  };

  // `request` has no resume token.
  WatchCommand(const CommandContext& context, std::unique_ptr<Message> request,
               const Settings& settings)
      : TargetsCommand(context), request_(std::move(request)), settings_(settings) {}

 private:
  struct Stream {
    explicit Stream(const Family& family, uint64_t seed) : table(family), backoff(seed) {}

    StreamTable table;
    Backoff backoff;
    std::shared_ptr<AgentLink> link;
    uint64_t ticks = 0;
    bool holds_slot = false;
    // The agent has accepted the stream that is under way.
    bool accepted = false;
    bool ever_accepted = false;
    // Why it is not streaming.
    absl::optional<Failure> failure;
    absl::optional<v1::Goodbye> goodbye;
    // Fires when nothing has come for too long.
    absl::optional<EventLoop::TimerId> silence;
    absl::Duration longest_silence;
    absl::optional<EventLoop::TimerId> retry;
  };

  void Start() override;
  void Conclude() override;
  void CancelAll() override;

  void Queue(const Target& target);
  void Connect(const Target& target);
  void Subscribe(const Target& target);
  void OnFrame(const Target& target, Message& frame);
  void OnAccepted(const Target& target, const v1::Accepted& accepted);
  void OnTick(const Target& target);
  void OnEnd(const Target& target, const absl::Status& status);
  void OnFailure(const Target& target, const Failure& failure, absl::Duration least_wait);
  // Abandons the stream under way for a reason of this side's own.
  void Break(const Target& target, const Failure& failure);
  void GiveUp(const Target& target, const Failure& failure);
  void Finish(const Target& target);
  void StopWork(Stream& stream);
  void ReleaseSlot(Stream& stream);
  void RestartSilence(const Target& target);
  void Note(const Target& target, const std::string& text);
  void ScheduleRedraw();
  bool NothingToWatch() const;

  const std::unique_ptr<Message> request_;
  const Settings settings_;
  std::map<const Target*, Stream> streams_;
  bool redraw_scheduled_ = false;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_WATCH_H_
