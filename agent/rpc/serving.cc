#include "agent/rpc/serving.h"

#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/rpc/stream.h"
#include "common/status.h"

namespace farstat::rpc {

absl::Status StreamRegistry::Add(const std::shared_ptr<StatisticsStream>& stream) {
  MutexLock lock(mutex_);
  if (closed_) {
    ++refused;
    return ErrorStatus(absl::StatusCode::kUnavailable, kAgentStopping,
                       "the agent is stopping; try again when it has restarted");
  }
  if (streams_.size() >= static_cast<size_t>(max_streams_)) {
    ++refused;
    return ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached,
                       absl::StrCat("the agent serves its limit of ", max_streams_,
                                    " streams already; try again later"),
                       {{"limit", "max_streams"}});
  }
  streams_.emplace(stream.get(), stream);
  return absl::OkStatus();
}

void StreamRegistry::Remove(const StatisticsStream* stream) {
  std::shared_ptr<StatisticsStream> removed;  // destroyed without the lock
  MutexLock lock(mutex_);
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  removed = std::move(found->second);
  streams_.erase(found);
  if (streams_.empty()) emptied_.notify_all();
}

void StreamRegistry::WaitUntilEmpty(SteadyTime deadline) const {
  MutexLock lock(mutex_);
  while (!streams_.empty()) {
    if (emptied_.wait_until(mutex_, deadline) == std::cv_status::timeout) return;
  }
}

std::vector<std::shared_ptr<StatisticsStream>> StreamRegistry::All() const {
  MutexLock lock(mutex_);
  std::vector<std::shared_ptr<StatisticsStream>> all;
  for (const auto& [key, stream] : streams_) all.push_back(stream);
  return all;
}

size_t StreamRegistry::size() const {
  MutexLock lock(mutex_);
  return streams_.size();
}

void StreamRegistry::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
}

absl::StatusOr<uint64_t> SnapshotStore::Keep(std::shared_ptr<const RetainedSnapshot> snapshot) {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  const SteadyTime expires =
      clock_.Steady() + absl::ToChronoNanoseconds(limits_.snapshot_retention);
  uint64_t id;
  {
    MutexLock lock(mutex_);
    MakeRoom();
    if (kept_.size() >= static_cast<size_t>(limits_.max_retained_snapshots)) {
      return ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached,
                         "too many large snapshots are being fetched page by page; try again "
                         "later, or narrow the filter or the groups",
                         {{"limit", "max_retained_snapshots"}});
    }
    do {
      id = random();
    } while (id == 0 || kept_.count(id) != 0);
    kept_[id] = {std::move(snapshot), expires, false};
  }
  queue_.PostAt(expires, [this] { ExpireOld(); });
  return id;
}

// Drops the oldest snapshot that was fetched to its end, if there is no room.
void SnapshotStore::MakeRoom() {
  if (kept_.size() < static_cast<size_t>(limits_.max_retained_snapshots)) return;
  auto oldest = kept_.end();
  for (auto entry = kept_.begin(); entry != kept_.end(); ++entry) {
    if (!entry->second.may_forget) continue;
    if (oldest == kept_.end() || entry->second.expires < oldest->second.expires) oldest = entry;
  }
  if (oldest != kept_.end()) kept_.erase(oldest);
}

void SnapshotStore::MayForget(uint64_t id) {
  MutexLock lock(mutex_);
  const auto found = kept_.find(id);
  if (found != kept_.end()) found->second.may_forget = true;
}

std::shared_ptr<const RetainedSnapshot> SnapshotStore::Find(uint64_t id) {
  const SteadyTime expires =
      clock_.Steady() + absl::ToChronoNanoseconds(limits_.snapshot_retention);
  std::shared_ptr<const RetainedSnapshot> snapshot;
  {
    MutexLock lock(mutex_);
    const auto found = kept_.find(id);
    if (found == kept_.end()) return nullptr;
    found->second.expires = expires;
    snapshot = found->second.snapshot;
  }
  queue_.PostAt(expires, [this] { ExpireOld(); });
  return snapshot;
}

void SnapshotStore::ExpireOld() {
  const SteadyTime now = clock_.Steady();
  std::vector<Kept> expired;  // destroyed without the lock
  MutexLock lock(mutex_);
  for (auto entry = kept_.begin(); entry != kept_.end();) {
    if (entry->second.expires > now) {
      ++entry;
      continue;
    }
    expired.push_back(std::move(entry->second));
    entry = kept_.erase(entry);
  }
}

size_t SnapshotStore::size() const {
  MutexLock lock(mutex_);
  return kept_.size();
}

}  // namespace farstat::rpc
