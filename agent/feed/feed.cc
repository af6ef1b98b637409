#include "agent/feed/feed.h"

#include <algorithm>
#include <utility>

#include "common/status.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace farstat::feed {
namespace {

constexpr SteadyTime kNever = SteadyTime::max();

absl::Duration Since(SteadyTime start, SteadyTime now) { return absl::FromChrono(now - start); }

// glibc keeps freed memory; an agent that is idle again should not look as if it used it.
void ReturnMemoryToSystem() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

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
    : collect_(std::move(collect)),
      clock_(clock),
      options_(options),
      epoch_(clock.Steady() - absl::ToChronoNanoseconds(options.phase)),
      table_(options.table),
      last_use_(clock.Steady()) {
  if (options_.run_thread) thread_ = std::thread([this] { Loop(); });
}

Feed::~Feed() { Stop(); }

void Feed::Stop() {
  std::vector<Waiting> waiting;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    waiting.swap(waiting_);
  }
  wake_.notify_all();
  for (Waiting& caller : waiting) caller.done(StoppingStatus());
  if (thread_.joinable()) thread_.join();
}

void Feed::Refresh(Demand demand, absl::Duration max_age, std::function<void(absl::Status)> done) {
  absl::Status answer;
  {
    MutexLock lock(mutex_);
    const SteadyTime now = clock_.Steady();
    last_use_ = now;
    const TickInfo newest = table_.info();
    const bool fresh = max_age > absl::ZeroDuration() && holds_rows_ &&
                       newest.demands->Cover(demand) && Since(newest.steady_start, now) <= max_age;
    if (!fresh && !stopping_) {
      waiting_.push_back({std::move(demand), std::move(done)});
      wake_.notify_all();
      return;
    }
    if (!fresh) answer = StoppingStatus();
  }
  done(answer);
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
  status.newest = table_.info();
  status.condition = table_.condition();
  status.row_bytes = table_.row_bytes();
  MutexLock lock(mutex_);
  status.collections = collections_;
  status.failed_collections = failed_collections_;
  status.total_duration = total_duration_;
  for (const Subscription* subscription : subscriptions_) {
    status.interval = std::min({status.interval, subscription->interval_, revisit_within_});
  }
  if (running_since_.has_value()) {
    status.running_for = Since(*running_since_, clock_.Steady());
  }
  return status;
}

SteadyTime Feed::DueAfter(SteadyTime now, absl::Duration interval) const {
  const absl::Duration since_epoch = Since(epoch_, now);
  const absl::Duration next = absl::Floor(since_epoch, interval) + interval;
  return epoch_ + absl::ToChronoNanoseconds(next);
}

SteadyTime Feed::NextDue() const {
  if (!waiting_.empty()) return newest_start_ + absl::ToChronoNanoseconds(options_.spacing);
  SteadyTime next = kNever;
  if (nudged_ && !subscriptions_.empty()) {
    const absl::Duration rest = std::max(options_.nudge_rest, newest_duration_);
    next = newest_start_ + absl::ToChronoNanoseconds(newest_duration_ + rest);
  }
  for (const Subscription* subscription : subscriptions_) {
    next = std::min(next, subscription->due_);
  }
  if (!subscriptions_.empty() && revisit_within_ != absl::InfiniteDuration()) {
    next = std::min(next, newest_start_ + absl::ToChronoNanoseconds(revisit_within_));
  }
  if (subscriptions_.empty() && holds_rows_) {
    next = last_use_ + absl::ToChronoNanoseconds(options_.idle_release);
  }
  return next;
}

void Feed::Tick(std::shared_ptr<const Demands> demands) {
  TickInfo info;
  info.start_time = clock_.Wall();
  info.steady_start = clock_.Steady();
  table_.BeginTick();
  const Collected collected = collect_(*demands, [this](const RowInput& row) { table_.Put(row); });
  info.duration = Since(info.steady_start, clock_.Steady());
  info.native_calls = collected.native_calls;
  info.vanished_rows = collected.vanished_rows;
  info.demands = std::move(demands);
  if (collected.status.ok()) {
    table_.EndTick(info, collected.partial, collected.rows_listed);
  } else {
    table_.FailTick(collected.status, info.start_time);
  }
  MutexLock lock(mutex_);
  newest_start_ = info.steady_start;
  newest_duration_ = info.duration;
  revisit_within_ = std::max(collected.revisit_within, options_.spacing);
  ++collections_;
  total_duration_ += info.duration;
  if (collected.status.ok()) {
    holds_rows_ = true;
  } else {
    ++failed_collections_;
  }
}

void Feed::NotifyDue(SteadyTime now) {
  mutex_.Lock();
  std::vector<Subscription*> due;
  for (Subscription* subscription : subscriptions_) {
    if (subscription->due_ > now) continue;
    due.push_back(subscription);
    // From the end of the collection: one that takes longer than the interval skips ticks.
    subscription->due_ = DueAfter(std::max(now, clock_.Steady()), subscription->interval_);
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
  const Condition condition = table_.condition();
  MutexLock lock(observer_mutex_);
  if (condition.version == std::exchange(observed_version_, condition.version)) return;
  if (observer_ != nullptr) observer_(condition);
}

SteadyTime Feed::RunDue() {
  std::shared_ptr<Demands> demands;
  std::vector<Waiting> waiting;
  const SteadyTime now = clock_.Steady();
  bool release = false;
  {
    MutexLock lock(mutex_);
    if (stopping_) return kNever;
    if (const SteadyTime next = NextDue(); next > now) return next;
    release = waiting_.empty() && subscriptions_.empty();
    waiting.swap(waiting_);
    demands = std::make_shared<Demands>();
    for (const Waiting& caller : waiting) demands->Add(caller.demand);
    const bool nudged = std::exchange(nudged_, false);
    for (Subscription* subscription : subscriptions_) {
      demands->Add(subscription->demand_);
      if (nudged) subscription->due_ = std::min(subscription->due_, now);
    }
    running_since_ = now;
    if (release) holds_rows_ = false;
  }
  if (release) {
    table_.Clear();
    ReturnMemoryToSystem();
  } else {
    Tick(std::move(demands));
    NotifyObserver();
  }
  {
    MutexLock lock(mutex_);
    running_since_.reset();
  }
  for (Waiting& caller : waiting) caller.done(absl::OkStatus());
  if (!release) NotifyDue(now);
  MutexLock lock(mutex_);
  return NextDue();
}

void Feed::Loop() {
  while (true) {
    const SteadyTime next = RunDue();
    MutexLock lock(mutex_);
    if (stopping_) return;
    // What was asked for since RunDue looked is due now.
    const SteadyTime due = std::min(next, NextDue());
    if (due == kNever) {
      wake_.wait(mutex_);
    } else if (due > clock_.Steady()) {
      wake_.wait_until(mutex_, due);
    }
  }
}

}  // namespace farstat::feed
