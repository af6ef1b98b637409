// The feed of one family: a sampler thread that collects when somebody wants something, at the
// shortest interval that somebody asked for, and the table that the collections go into.
//
// Nobody subscribed and nothing asked: the thread sleeps without a time-out.

#ifndef FARSTAT_AGENT_FEED_FEED_H_
#define FARSTAT_AGENT_FEED_FEED_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/feed/demand.h"
#include "agent/feed/table.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace farstat::feed {

// What came of a collection; the rows went to `put`.
struct Collected {
  absl::Status status;
  absl::Status partial;
  uint64_t native_calls = 0;
  uint64_t vanished_rows = 0;
  // False: rows were not asked for, so that none came does not mean that they are gone.
  bool rows_listed = true;
  // While somebody subscribes, the next collection begins at most so long after this one.
  absl::Duration revisit_within = absl::InfiniteDuration();
};

// Collects all rows of the family, each with the parts that are wanted of it. Called by the sampler
// alone.
using Collect =
    std::function<Collected(const Demands& demands, absl::FunctionRef<void(const RowInput&)> put)>;

// How the sampler has been doing.
struct FeedStatus {
  TickInfo newest;
  Condition condition;
  uint64_t collections = 0;
  uint64_t failed_collections = 0;
  absl::Duration total_duration;
  // The longest time between collections now; InfiniteDuration when nobody subscribes.
  absl::Duration interval = absl::InfiniteDuration();
  // How long the collection that is running now has been running; zero when none is.
  absl::Duration running_for;
  size_t row_bytes = 0;
};

class Feed {
 public:
  struct Options {
    // Ticks fall on multiples of the grid after `phase`, so that subscribers share them; agents
    // differ in phase, so that a fleet does not answer in the same instant.
    absl::Duration grid = absl::Milliseconds(100);
    absl::Duration phase;
    // Collections for callers who will not take an older one begin at least so far apart; those who
    // come in between share the next.
    absl::Duration spacing = absl::Milliseconds(20);
    // A collection for a nudge leaves the source alone for so long after the one before ended, and
    // for as long as that one took: what changes all the time is not looked at all the time.
    absl::Duration nudge_rest = absl::Milliseconds(200);
    // Rows are forgotten when nobody has asked for them for so long.
    absl::Duration idle_release = absl::Seconds(90);
    Table::Options table;
    // False: no thread; a test calls RunDue.
    bool run_thread = true;
  };

  // Wants ticks for as long as it lives. Its destructor waits for a running callback.
  class Subscription {
   public:
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

   private:
    friend class Feed;
    Subscription(Feed& feed, Demand demand, absl::Duration interval, std::function<void()> on_tick)
        : feed_(feed),
          demand_(std::move(demand)),
          interval_(interval),
          on_tick_(std::move(on_tick)) {}

    Feed& feed_;
    const Demand demand_;
    const absl::Duration interval_;
    const std::function<void()> on_tick_;
    SteadyTime due_;  // guarded by feed_.mutex_
  };

  Feed(Collect collect, const Clock& clock, const Options& options);
  ~Feed();

  // Ticks every `interval` (a multiple of the grid), the first one at once. `on_tick` is called on
  // the sampler's thread after each tick that is due, also if the collection failed; it must not
  // block and must not destroy the subscription.
  std::unique_ptr<Subscription> Subscribe(Demand demand, absl::Duration interval,
                                          std::function<void()> on_tick);

  // Calls `done` once, when the table holds what `demand` wants and it is at most `max_age` old, or
  // a collection for it failed: at once if it does already, else on the sampler's thread before it
  // collects again. All callers that wait share the collection. `done` gets a status when the feed
  // stops before.
  void Refresh(Demand demand, absl::Duration max_age, std::function<void(absl::Status)> done);

  // Something changed that subscribers want to see before their next tick: collects at once, as a
  // tick that all of them are due for. Does nothing when nobody subscribes. Nudges that come sooner
  // than `nudge_rest` after a collection ended share the next one. From any thread; does not block.
  void Nudge();

  // Calls `observer` on the sampler's thread whenever the table's condition has changed. Null: no
  // more; returns when a call that runs has ended.
  void ObserveCondition(std::function<void(const Condition&)> observer);

  const Table& table() const { return table_; }
  FeedStatus status() const;

  // Ends the thread; callers that wait get a status. Nothing is collected any more.
  void Stop();

  // Does what is due and tells when to call again (InfiniteFuture: when something new is asked
  // for). The thread's loop; called directly by tests that drive the clock.
  SteadyTime RunDue();

 private:
  struct Waiting {
    Demand demand;
    std::function<void(absl::Status)> done;
  };

  SteadyTime NextDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  SteadyTime DueAfter(SteadyTime now, absl::Duration interval) const;
  void Tick(std::shared_ptr<const Demands> demands);
  void NotifyDue(SteadyTime now);
  void NotifyObserver();
  void Loop();

  const Collect collect_;
  const Clock& clock_;
  const Options options_;
  const SteadyTime epoch_;
  Table table_;

  mutable Mutex mutex_;
  ConditionVariable wake_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<Subscription*> subscriptions_ ABSL_GUARDED_BY(mutex_);
  // The subscription whose callback runs now; its destructor waits until that is over.
  Subscription* notifying_ ABSL_GUARDED_BY(mutex_) = nullptr;
  ConditionVariable notified_;
  Mutex observer_mutex_;
  std::function<void(const Condition&)> observer_ ABSL_GUARDED_BY(observer_mutex_);
  uint64_t observed_version_ ABSL_GUARDED_BY(observer_mutex_) = 0;
  std::vector<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  // When anything was last asked for.
  SteadyTime last_use_ ABSL_GUARDED_BY(mutex_);
  bool holds_rows_ ABSL_GUARDED_BY(mutex_) = false;
  // When the newest collection began: see Options::spacing, and what it asked for.
  SteadyTime newest_start_ ABSL_GUARDED_BY(mutex_);
  absl::Duration newest_duration_ ABSL_GUARDED_BY(mutex_);
  absl::Duration revisit_within_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();
  // Nudged since the newest collection began.
  bool nudged_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<SteadyTime> running_since_ ABSL_GUARDED_BY(mutex_);
  uint64_t collections_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t failed_collections_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration total_duration_ ABSL_GUARDED_BY(mutex_);

  // Last: started when everything else is there.
  std::thread thread_;
};

}  // namespace farstat::feed

#endif  // FARSTAT_AGENT_FEED_FEED_H_
