// The feed of one family: a sampler that has rows collected when somebody wants something, at the
// shortest interval that somebody asked for, and the table that the collections go into.
//
// The sampler's thread never calls the source: another one does, which may hang without anybody
// waiting for it. Nobody subscribed and nothing asked: both sleep without a time-out.

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
#include "agent/feed/abandonable_thread.h"
#include "agent/feed/demand.h"
#include "agent/feed/governor.h"
#include "agent/feed/source_watch.h"
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

// Collects all rows of the family, each with the parts that are wanted of it. Called by one thread
// at a time. May hang, and then go on after the feed has ended: what it touches it must keep alive.
using Collect =
    std::function<Collected(const Demands& demands, absl::FunctionRef<void(const RowInput&)> put)>;

// How the sampler has been doing.
struct FeedStatus {
  TickInfo newest;
  Condition condition;
  uint64_t collections = 0;
  uint64_t failed_collections = 0;
  absl::Duration total_duration;
  // Processor time of the collecting thread, where that can be known.
  absl::Duration total_cpu_time;
  // How the source keeps its time, and since when it is so.
  SourceState state = SourceState::kOk;
  absl::Time state_since;
  // Collections that hung.
  uint64_t hung_collections = 0;
  // When a source that is left alone is tried again; InfinitePast: it is not left alone.
  absl::Time quarantined_until = absl::InfinitePast();
  // The longest time between collections now; InfiniteDuration when nobody subscribes.
  absl::Duration interval = absl::InfiniteDuration();
  // The same if the governor had not lengthened it.
  absl::Duration wanted_interval = absl::InfiniteDuration();
  // How long the collection that is running now has been running; zero when none is.
  absl::Duration running_for;
  size_t row_bytes = 0;
};

class Feed {
 public:
  static constexpr absl::Duration kPatience = absl::Milliseconds(500);

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
    SourceWatch::Options watch;
    // Ticks are made rarer before collections cost more than this share of one core.
    double max_cpu_share = 0.1;
    // Processor time that the calling thread has used. Null: not known, and nothing is made rarer.
    std::function<absl::Duration()> thread_cpu_time;
    // False: no sampler thread; a test calls RunDue.
    bool run_thread = true;
    // Carries out a collection, soon, later or never. Null: a thread of the feed's does, or RunDue
    // itself where there is no sampler thread.
    std::function<void(std::function<void()> collection)> run_collection;
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
  // a collection for it failed: at once if it does already, else on the sampler's thread
  // before it collects again. All callers that wait share the collection. `done` gets a status when
  // there will be no such rows soon: the source hangs, or has not answered by `give_up`, or the
  // feed stops before.
  void Refresh(Demand demand, absl::Duration max_age, std::function<void(absl::Status)> done,
               SteadyTime give_up = SteadyTime::max());

  // Something changed that subscribers want to see before their next tick: collects at once, as a
  // tick that all of them are due for. Does nothing when nobody subscribes. Nudges that come sooner
  // than `nudge_rest` after a collection ended share the next one. From any thread; does not block.
  void Nudge();

  // Calls `observer` on the sampler's thread whenever the table's condition has changed. Null: no
  // more; returns when a call that runs has ended.
  void ObserveCondition(std::function<void(const Condition&)> observer);

  const Table& table() const { return *table_; }
  FeedStatus status() const;
  // Ticks do not come faster than this, whatever is asked for; zero: any interval can be had.
  absl::Duration governed_interval() const;
  // See Options.
  void SetMaxCpuShare(double share);

  // Ends the threads; callers that wait get a status. Nothing is collected any more: a collection
  // that runs may take `patience` to end, then it is abandoned to its thread.
  void Stop(absl::Duration patience = kPatience);

  // Does what is due and tells when to call again (InfiniteFuture: when something new is asked
  // for). The thread's loop; called directly by tests that drive the clock.
  SteadyTime RunDue();

 private:
  struct Waiting {
    Demand demand;
    std::function<void(absl::Status)> done;
    SteadyTime give_up;
  };
  // A collection that is being carried out; shared with the thread that does it.
  struct Collection;
  // What came of it.
  struct Result {
    TickInfo info;
    Collected collected;
    absl::Duration cpu_time;
  };

  // --- When something is to be done
  SteadyTime NextDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  SteadyTime NextTick() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  SteadyTime NextCollection() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  SteadyTime DueAfter(SteadyTime now, absl::Duration interval) const;
  absl::Duration WantedInterval() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration Interval() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // --- What is done when it is due
  void BeginCollection();
  void EndCollection();
  void WatchSource();
  void TellImpatient();
  void ReleaseRows();

  std::vector<Waiting> TakeWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsWanted() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CarryOut(const std::shared_ptr<Collection>& collection);
  void OnCollected();
  static Result ResultOf(Collection& ended, SteadyTime ended_at);
  void Publish(const Result& result);
  void Account(const Result& result) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Distrust(absl::Status why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteState() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Time WallOf(SteadyTime time) const;
  // Calls those who are due by `time`.
  void NotifyDue(SteadyTime time);
  void NotifyObserver();
  void Loop();

  // The source and the table outlive the feed while a collection is on its way.
  std::shared_ptr<const Collect> collect_;
  const std::shared_ptr<Table> table_;
  const Clock& clock_;
  const Options options_;
  const SteadyTime epoch_;

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
  // Callers who wait for the next collection, and for the one that runs.
  std::vector<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  std::vector<Waiting> served_ ABSL_GUARDED_BY(mutex_);
  // What the newest collection was for. Null: there was none.
  std::shared_ptr<const Demands> tried_ ABSL_GUARDED_BY(mutex_);
  // When anything was last asked for.
  SteadyTime last_use_ ABSL_GUARDED_BY(mutex_);
  bool holds_rows_ ABSL_GUARDED_BY(mutex_) = false;
  // When the newest collection began: see Options::spacing, and what it asked for.
  SteadyTime newest_start_ ABSL_GUARDED_BY(mutex_);
  absl::Duration newest_duration_ ABSL_GUARDED_BY(mutex_);
  absl::Duration revisit_within_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteDuration();
  // Nudged since the newest collection began.
  bool nudged_ ABSL_GUARDED_BY(mutex_) = false;
  // Null: none runs. `ended_at_`: it has ended, and its rows are to be published.
  std::shared_ptr<Collection> running_ ABSL_GUARDED_BY(mutex_);
  std::optional<SteadyTime> ended_at_ ABSL_GUARDED_BY(mutex_);
  SourceWatch watch_ ABSL_GUARDED_BY(mutex_);
  // Why nobody should wait for the source, while that is so.
  absl::Status distrust_ ABSL_GUARDED_BY(mutex_);
  // When the first of the hanging collections in a row began.
  absl::Time hanging_since_ ABSL_GUARDED_BY(mutex_);
  SourceState noted_state_ ABSL_GUARDED_BY(mutex_) = SourceState::kOk;
  absl::Time state_since_ ABSL_GUARDED_BY(mutex_);
  Governor governor_ ABSL_GUARDED_BY(mutex_);
  uint64_t collections_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t failed_collections_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration total_duration_ ABSL_GUARDED_BY(mutex_);
  absl::Duration total_cpu_time_ ABSL_GUARDED_BY(mutex_);

  AbandonableThread collector_;
  // Last: started when everything else is there.
  std::thread thread_;
};

}  // namespace farstat::feed

#endif  // FARSTAT_AGENT_FEED_FEED_H_
