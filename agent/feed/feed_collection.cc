// What becomes of a collection: it is begun, watched, and ends late, soon or never.

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/feed/collection.h"
#include "agent/feed/feed.h"
#include "common/status.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace farstat::feed {
namespace {

constexpr SteadyTime kNever = SteadyTime::max();

// glibc keeps freed memory; an agent that is idle again should not look as if it used it.
void ReturnMemoryToSystem() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

absl::Status HungStatus(absl::Time since, absl::string_view what) {
  return ErrorStatus(
      absl::StatusCode::kUnavailable, kSourceHung,
      absl::StrCat(what, "; rows from before can be had with a max_age that allows their age"),
      {{"since", absl::FormatTime(since, absl::UTCTimeZone())}});
}

absl::Status Unanswered(absl::Time since) {
  return HungStatus(since,
                    absl::StrCat("the source has not answered since ",
                                 absl::FormatTime("%H:%M:%S", since, absl::UTCTimeZone()), " UTC"));
}

}  // namespace

void Feed::BeginCollection() {
  auto collection = std::make_shared<Collection>();
  {
    MutexLock lock(mutex_);
    const SteadyTime now = clock_.Steady();
    if (stopping_ || running_ != nullptr || NextCollection() > now) return;
    const bool wanted = IsWanted();
    served_ = std::exchange(waiting_, {});
    auto demands = std::make_shared<Demands>();
    for (const Waiting& caller : served_) demands->Add(caller.demand);
    const bool nudged = std::exchange(nudged_, false);
    for (Subscription* subscription : subscriptions_) {
      demands->Add(subscription->demand_);
      if (nudged) subscription->due_ = std::min(subscription->due_, now);
    }
    // Nobody wants anything: a trial.
    if (wanted) tried_ = std::move(demands);
    collection->demands = tried_;
    collection->start_time = clock_.Wall();
    collection->steady_start = now;
    running_ = collection;
    watch_.Begin(now);
  }
  {
    MutexLock lock(collection->mutex);
    collection->feed = this;
  }
  table_->BeginTick();
  CarryOut(collection);
}

void Feed::CarryOut(const std::shared_ptr<Collection>& collection) {
  // Nothing of the feed's but what it may have without the feed.
  auto work = [collection, collect = collect_, table = table_,
               cpu_time = options_.thread_cpu_time] {
    const absl::Duration before = cpu_time == nullptr ? absl::ZeroDuration() : cpu_time();
    Collected collected =
        (*collect)(*collection->demands, [&table](const RowInput& row) { table->Put(row); });
    const absl::Duration after = cpu_time == nullptr ? absl::ZeroDuration() : cpu_time();
    MutexLock lock(collection->mutex);
    collection->collected = std::move(collected);
    collection->cpu_time = after - before;
    if (collection->feed != nullptr) collection->feed->OnCollected();
  };
  if (options_.run_collection != nullptr) {
    options_.run_collection(std::move(work));
  } else if (options_.run_thread) {
    collector_.Run(std::move(work));
  } else {
    work();
  }
}

void Feed::OnCollected() {
  {
    MutexLock lock(mutex_);
    ended_at_ = clock_.Steady();
  }
  wake_.notify_all();
}

void Feed::EndCollection() {
  std::shared_ptr<Collection> ended;
  SteadyTime ended_at;
  {
    MutexLock lock(mutex_);
    if (!ended_at_.has_value()) return;
    ended = running_;
    ended_at = *ended_at_;
  }
  const Result result = ResultOf(*ended, ended_at);
  Publish(result);
  std::vector<Waiting> served;
  bool was_distrusted = false;
  {
    MutexLock lock(mutex_);
    was_distrusted = watch_.distrusted();
    watch_.End(ended_at, Interval());
    Account(result);
    running_.reset();
    ended_at_.reset();
    served.swap(served_);
  }
  NotifyObserver();
  for (Waiting& caller : served) caller.done(absl::OkStatus());
  // That rows are to be had again, or not, is news for everybody.
  NotifyDue(was_distrusted ? kNever : result.info.steady_start);
}

Feed::Result Feed::ResultOf(Collection& ended, SteadyTime ended_at) {
  MutexLock lock(ended.mutex);
  Result result;
  result.collected = std::move(ended.collected);
  result.cpu_time = ended.cpu_time;
  result.info.start_time = ended.start_time;
  result.info.steady_start = ended.steady_start;
  result.info.duration = absl::FromChrono(ended_at - ended.steady_start);
  result.info.native_calls = result.collected.native_calls;
  result.info.vanished_rows = result.collected.vanished_rows;
  result.info.demands = ended.demands;
  return result;
}

void Feed::Publish(const Result& result) {
  const Collected& collected = result.collected;
  if (collected.status.ok()) {
    table_->EndTick(result.info, collected.partial, collected.rows_listed);
  } else {
    table_->FailTick(collected.status, result.info.start_time);
  }
}

void Feed::Account(const Result& result) {
  newest_start_ = result.info.steady_start;
  newest_duration_ = result.info.duration;
  revisit_within_ = std::max(result.collected.revisit_within, options_.spacing);
  ++collections_;
  total_duration_ += result.info.duration;
  total_cpu_time_ += result.cpu_time;
  if (options_.thread_cpu_time != nullptr) governor_.Spent(result.cpu_time);
  if (result.collected.status.ok()) {
    holds_rows_ = true;
  } else {
    ++failed_collections_;
  }
  NoteState();
  if (watch_.hangs_in_a_row() == 1) hanging_since_ = result.info.start_time;
  if (watch_.distrusted()) {
    const absl::Time until = WallOf(watch_.quarantined_until());
    Distrust(
        HungStatus(hanging_since_,
                   absl::StrCat("the source has hung ", watch_.hangs_in_a_row(),
                                " times in a row and is left alone until ",
                                absl::FormatTime("%H:%M:%S", until, absl::UTCTimeZone()), " UTC")));
  } else {
    distrust_ = absl::OkStatus();
  }
}

// Nobody waits for the source from now on.
void Feed::Distrust(absl::Status why) {
  distrust_ = std::move(why);
  table_->MarkStale(distrust_, hanging_since_);
}

void Feed::WatchSource() {
  std::vector<Waiting> unserved;
  absl::Status why;
  {
    MutexLock lock(mutex_);
    if (running_ == nullptr || ended_at_.has_value() || !watch_.Look(clock_.Steady())) return;
    if (watch_.hangs_in_a_row() == 1) hanging_since_ = running_->start_time;
    NoteState();
    Distrust(Unanswered(running_->start_time));
    why = distrust_;
    unserved = TakeWaiting();
  }
  NotifyObserver();
  for (Waiting& caller : unserved) caller.done(why);
  NotifyDue(kNever);
}

// Those whose time is nearly up, and new subscribers of a source that hangs, are told at once.
void Feed::TellImpatient() {
  std::vector<Waiting> unserved;
  absl::Time since;
  bool distrusted = false;
  const SteadyTime now = clock_.Steady();
  {
    MutexLock lock(mutex_);
    distrusted = watch_.distrusted();
    since = running_ == nullptr ? clock_.Wall() : running_->start_time;
    for (std::vector<Waiting>* callers : {&waiting_, &served_}) {
      const auto patient =
          std::stable_partition(callers->begin(), callers->end(),
                                [now](const Waiting& caller) { return caller.give_up <= now; });
      std::move(callers->begin(), patient, std::back_inserter(unserved));
      callers->erase(callers->begin(), patient);
    }
  }
  for (Waiting& caller : unserved) caller.done(Unanswered(since));
  if (distrusted) NotifyDue(now);
}

// Nobody has wanted the rows for a while.
void Feed::ReleaseRows() {
  {
    MutexLock lock(mutex_);
    const SteadyTime idle = last_use_ + absl::ToChronoNanoseconds(options_.idle_release);
    if (running_ != nullptr || IsWanted() || !holds_rows_ || clock_.Steady() < idle) return;
    holds_rows_ = false;
  }
  table_->Clear();
  ReturnMemoryToSystem();
}

}  // namespace farstat::feed
