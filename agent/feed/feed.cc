#include "agent/feed/feed.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/feed/collection.h"
#include "common/status.h"

namespace farstat::feed {
namespace {

constexpr SteadyTime kNever = SteadyTime::max();

absl::Duration Since(SteadyTime start, SteadyTime now) { return absl::FromChrono(now - start); }

absl::Status StoppingStatus() {
  return ErrorStatus(absl::StatusCode::kUnavailable, kAgentStopping,
                     "the agent is stopping; try again when it has restarted");
}

}  // namespace

// --- Subscription -------------------------------------------------------------------------------

Feed::Subscription::~Subscription() {
  feed_.mutex_.Lock();
  feed_.subscriptions_.erase(this);
  while (feed_.notifying_ == this) feed_.notified_.wait(feed_.mutex_);
  feed_.last_use_ = feed_.clock_.Steady();
  feed_.mutex_.Unlock();
  feed_.wake_.notify_all();
}

std::unique_ptr<Feed::Subscription> Feed::Subscribe(Demand demand, absl::Duration interval,
                                                    std::function<void()> on_tick) {
  auto subscription = std::unique_ptr<Subscription>(
      new Subscription(*this, std::move(demand), interval, std::move(on_tick)));
  {
    MutexLock lock(mutex_);
    subscription->due_ = clock_.Steady();
    subscriptions_.insert(subscription.get());
  }
  wake_.notify_all();
  return subscription;
}

// --- Feed ---------------------------------------------------------------------------------------

Feed::Feed(Collect collect, const Clock& clock, const Options& options)
    : collect_(std::make_shared<const Collect>(std::move(collect))),
      table_(std::make_shared<Table>(options.table)),
      clock_(clock),
      options_(options),
      epoch_(clock.Steady() - absl::ToChronoNanoseconds(options.phase)),
      last_use_(clock.Steady()),
      watch_(options.watch),
      state_since_(clock.Wall()),
      governor_(options.max_cpu_share, options.grid) {
  if (options_.run_thread) thread_ = std::thread([this] { Loop(); });
}

Feed::~Feed() { Stop(); }

void Feed::Stop(absl::Duration patience) {
  std::vector<Waiting> unserved;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    unserved = TakeWaiting();
  }
  wake_.notify_all();
  for (Waiting& caller : unserved) caller.done(StoppingStatus());
  if (thread_.joinable()) thread_.join();
  std::shared_ptr<Collection> running;
  {
    MutexLock lock(mutex_);
    running = running_;
  }
  if (running != nullptr) {
    MutexLock lock(running->mutex);
    running->feed = nullptr;
  }
  // To end a source may need calls that hang, too.
  if (collect_ != nullptr && options_.run_thread) collector_.Run([collect = collect_] {});
  collect_.reset();
  collector_.End(patience);
}

void Feed::Refresh(Demand demand, absl::Duration max_age, std::function<void(absl::Status)> done,
                   SteadyTime give_up) {
  absl::Status answer;
  {
    MutexLock lock(mutex_);
    const SteadyTime now = clock_.Steady();
    last_use_ = now;
    const TickInfo newest = table_->info();
    const bool fresh = max_age > absl::ZeroDuration() && holds_rows_ &&
                       newest.demands->Cover(demand) && Since(newest.steady_start, now) <= max_age;
    if (!fresh && !stopping_ && !watch_.distrusted()) {
      waiting_.push_back({std::move(demand), std::move(done), give_up});
      wake_.notify_all();
      return;
    }
    if (!fresh) answer = stopping_ ? StoppingStatus() : distrust_;
  }
  done(answer);
}

std::vector<Feed::Waiting> Feed::TakeWaiting() {
  std::vector<Waiting> all = std::exchange(waiting_, {});
  std::move(served_.begin(), served_.end(), std::back_inserter(all));
  served_.clear();
  return all;
}

void Feed::Nudge() {
  {
    MutexLock lock(mutex_);
    if (subscriptions_.empty() || nudged_) return;
    nudged_ = true;
  }
  wake_.notify_all();
}

FeedStatus Feed::status() const {
  FeedStatus status;
  status.newest = table_->info();
  status.condition = table_->condition();
  status.row_bytes = table_->row_bytes();
  MutexLock lock(mutex_);
  const SteadyTime now = clock_.Steady();
  status.collections = collections_;
  status.failed_collections = failed_collections_;
  status.hung_collections = watch_.hangs();
  status.total_duration = total_duration_;
  status.total_cpu_time = total_cpu_time_;
  status.wanted_interval = WantedInterval();
  status.interval = Interval();
  status.state = watch_.state(now, status.interval);
  status.state_since = state_since_;
  if (running_ != nullptr) {
    status.running_for = Since(running_->steady_start, now);
    // That the one that runs has become slow is seen only here.
    if (status.state != noted_state_) status.state_since = running_->start_time;
  }
  if (status.state == SourceState::kQuarantined) {
    status.quarantined_until = WallOf(watch_.quarantined_until());
  }
  return status;
}

absl::Duration Feed::governed_interval() const {
  MutexLock lock(mutex_);
  return governor_.interval();
}

void Feed::SetMaxCpuShare(double share) {
  MutexLock lock(mutex_);
  governor_.SetMaxCpuShare(share);
}

// --- When something is to be done ---------------------------------------------------------------

absl::Duration Feed::WantedInterval() const {
  absl::Duration wanted = absl::InfiniteDuration();
  for (const Subscription* subscription : subscriptions_) {
    wanted = std::min({wanted, subscription->interval_, revisit_within_});
  }
  return wanted;
}

absl::Duration Feed::Interval() const { return std::max(WantedInterval(), governor_.interval()); }

SteadyTime Feed::DueAfter(SteadyTime now, absl::Duration interval) const {
  const absl::Duration since_epoch = Since(epoch_, now);
  const absl::Duration next = absl::Floor(since_epoch, interval) + interval;
  return epoch_ + absl::ToChronoNanoseconds(next);
}

// When subscribers are due for rows; they must have some.
SteadyTime Feed::NextTick() const {
  SteadyTime next = kNever;
  if (nudged_) {
    const absl::Duration rest = std::max(options_.nudge_rest, newest_duration_);
    next = newest_start_ + absl::ToChronoNanoseconds(newest_duration_ + rest);
  }
  for (const Subscription* subscription : subscriptions_) {
    next = std::min(next, subscription->due_);
  }
  if (revisit_within_ != absl::InfiniteDuration()) {
    next = std::min(next, newest_start_ + absl::ToChronoNanoseconds(revisit_within_));
  }
  if (governor_.interval() == absl::ZeroDuration()) return next;
  // From the grid on, or the ticks would drift off it.
  const absl::Duration newest = absl::Floor(Since(epoch_, newest_start_), options_.grid);
  return std::max(next, epoch_ + absl::ToChronoNanoseconds(newest + governor_.interval()));
}

// When the source is to be called, if it is not being called now.
SteadyTime Feed::NextCollection() const {
  // Whether it answers again should be known before somebody asks.
  if (watch_.distrusted()) return watch_.quarantined_until();
  if (!waiting_.empty()) return newest_start_ + absl::ToChronoNanoseconds(options_.spacing);
  return subscriptions_.empty() ? kNever : NextTick();
}

bool Feed::IsWanted() const { return !subscriptions_.empty() || !waiting_.empty(); }

SteadyTime Feed::NextDue() const {
  if (stopping_) return kNever;
  if (ended_at_.has_value()) return SteadyTime::min();
  SteadyTime next = kNever;
  for (const Waiting& caller : waiting_) next = std::min(next, caller.give_up);
  for (const Waiting& caller : served_) next = std::min(next, caller.give_up);
  if (watch_.distrusted()) {
    for (const Subscription* subscription : subscriptions_) {
      next = std::min(next, subscription->due_);
    }
  }
  if (running_ != nullptr) return std::min(next, watch_.next_look().value_or(kNever));
  next = std::min(next, NextCollection());
  if (!IsWanted() && holds_rows_) {
    next = std::min(next, last_use_ + absl::ToChronoNanoseconds(options_.idle_release));
  }
  return next;
}

// --- Telling -------------------------------------------------------------------------------------

void Feed::NoteState() {
  const SourceState state = watch_.state(clock_.Steady(), Interval());
  if (state == std::exchange(noted_state_, state)) return;
  state_since_ = clock_.Wall();
}

absl::Time Feed::WallOf(SteadyTime time) const {
  return clock_.Wall() + Since(clock_.Steady(), time);
}

void Feed::NotifyDue(SteadyTime time) {
  mutex_.Lock();
  std::vector<Subscription*> due;
  for (Subscription* subscription : subscriptions_) {
    if (subscription->due_ > time) continue;
    due.push_back(subscription);
    // From the end of the collection: one that takes longer than the interval skips ticks.
    subscription->due_ = DueAfter(clock_.Steady(), subscription->interval_);
  }
  for (Subscription* subscription : due) {
    // It may have been destroyed while another one's callback ran.
    if (!subscriptions_.contains(subscription)) continue;
    notifying_ = subscription;
    mutex_.Unlock();
    subscription->on_tick_();
    mutex_.Lock();
    notifying_ = nullptr;
    notified_.notify_all();
  }
  mutex_.Unlock();
}

void Feed::ObserveCondition(std::function<void(const Condition&)> observer) {
  MutexLock lock(observer_mutex_);
  observer_ = std::move(observer);
}

void Feed::NotifyObserver() {
  const Condition condition = table_->condition();
  MutexLock lock(observer_mutex_);
  if (condition.version == std::exchange(observed_version_, condition.version)) return;
  if (observer_ != nullptr) observer_(condition);
}

SteadyTime Feed::RunDue() {
  EndCollection();
  WatchSource();
  TellImpatient();
  ReleaseRows();
  BeginCollection();
  // Where it was carried out at once.
  EndCollection();
  MutexLock lock(mutex_);
  return NextDue();
}

void Feed::Loop() {
  while (true) {
    RunDue();
    MutexLock lock(mutex_);
    if (stopping_) return;
    const SteadyTime due = NextDue();
    if (due == kNever) {
      wake_.wait(mutex_);
    } else if (due > clock_.Steady()) {
      wake_.wait_until(mutex_, due);
    }
  }
}

}  // namespace farstat::feed
