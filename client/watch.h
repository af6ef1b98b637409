// farstat watch: a subscription per target, kept alive.
//
// Streams that are lost begin again by themselves (subscription.h); here is what of it is shown,
// and when it is enough. Failures that cannot heal end a target. When no target at all could be
// reached at first, watching ends too: there is nothing to watch.

#ifndef FARSTAT_CLIENT_WATCH_H_
#define FARSTAT_CLIENT_WATCH_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "client/command.h"
#include "client/subscription.h"

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
  // A target and how far it is.
  class Watched : public Subscription::Observer {
   public:
    Watched(WatchCommand& command, const Target& target, uint64_t seed);

    const Target& target() const { return target_; }
    Subscription& subscription() { return subscription_; }
    const Subscription& subscription() const { return subscription_; }
    uint64_t ticks() const { return ticks_; }
    void CountTick() { ++ticks_; }

    void OnAccepted(const v1::Accepted& accepted, const Outage* outage) override {
      command_.OnAccepted(*this, accepted, outage);
    }
    void OnChange(const Change& change) override { command_.OnChange(*this, change); }
    void OnLost(const Outage& outage) override { command_.OnLost(*this, outage); }
    void OnEnd(const Failure& failure) override {
      command_.GiveUp(*this, failure);
      command_.EndIfDone();
    }

   private:
    WatchCommand& command_;
    const Target& target_;
    Subscription subscription_;
    uint64_t ticks_ = 0;
  };

  void Start() override;
  void Conclude() override;
  void CancelAll() override;

  void OnAccepted(const Watched& watched, const v1::Accepted& accepted, const Outage* outage);
  void OnChange(Watched& watched, const Change& change);
  void OnTick(Watched& watched);
  void OnLost(Watched& watched, const Outage& outage);
  void GiveUp(Watched& watched, const Failure& failure);
  void Finish(Watched& watched);
  void NoteGap(const Watched& watched, const Change& change);
  void Note(const Target& target, const std::string& text);
  void ScheduleRedraw();
  bool NothingToWatch() const;

  const std::shared_ptr<const Message> request_;
  const Settings settings_;
  std::map<const Target*, Watched> watched_;
  bool redraw_scheduled_ = false;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_WATCH_H_
