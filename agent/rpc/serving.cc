#include "agent/rpc/serving.h"

#include <random>
#include <utility>

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

absl::StatusOr<uint64_t> SnapshotStore::Keep(std::shared_ptr<const RetainedSnapshot> snapshot,
                                             const std::string& peer_host) {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  const SteadyTime expires = clock_.Steady() + absl::ToChronoNanoseconds(retention_);
  uint64_t id;
  {
    MutexLock lock(mutex_);
    absl::StatusOr<Quota::SharePtr> share = quota_.Take(peer_host);
    // The peer's own first: where it is the one that has too many, others' make no room.
    if (!share.ok() && MakeRoom(&peer_host)) share = quota_.Take(peer_host);
    if (!share.ok() && MakeRoom(nullptr)) share = quota_.Take(peer_host);
    if (!share.ok()) return share.status();
    do {
      id = random();
    } while (id == 0 || kept_.count(id) != 0);
    kept_[id] = {std::move(snapshot), expires, false, *std::move(share)};
  }
  queue_.PostAt(expires, [this] { ExpireOld(); });
  return id;
}

// Drops the oldest snapshot that was fetched to its end, of that peer or of any; false: there is
// none.
bool SnapshotStore::MakeRoom(const std::string* peer_host) {
  auto oldest = kept_.end();
  for (auto entry = kept_.begin(); entry != kept_.end(); ++entry) {
    if (!entry->second.may_forget) continue;
    if (peer_host != nullptr && entry->second.share->peer_host() != *peer_host) continue;
    if (oldest == kept_.end() || entry->second.expires < oldest->second.expires) oldest = entry;
  }
  if (oldest == kept_.end()) return false;
  kept_.erase(oldest);
  return true;
}

void SnapshotStore::MayForget(uint64_t id) {
  MutexLock lock(mutex_);
  const auto found = kept_.find(id);
  if (found != kept_.end()) found->second.may_forget = true;
}

std::shared_ptr<const RetainedSnapshot> SnapshotStore::Find(uint64_t id) {
  const SteadyTime expires = clock_.Steady() + absl::ToChronoNanoseconds(retention_);
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
