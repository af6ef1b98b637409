#include "agent/sources/windows/estats_leases.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"

namespace farstat::sources::windows {
namespace {

SteadyTime After(SteadyTime start, absl::Duration duration) {
  const auto nanoseconds = absl::ToChronoNanoseconds(duration);
  return nanoseconds >= SteadyTime::max() - start ? SteadyTime::max() : start + nanoseconds;
}

bool IsThis(const TcpIdentity& wanted, const TcpIdentity& connection) {
  if (wanted.incarnation != 0) return wanted == connection;
  // Whoever names none means the connection that is there now.
  TcpIdentity any = connection;
  any.incarnation = 0;
  return wanted == any;
}

}  // namespace

EstatsLeases::EstatsLeases(const Api& api, const Clock& clock, std::string journal_path)
    : api_(api),
      clock_(clock),
      journal_(std::move(journal_path)),
      switching_(api, journal_),
      tables_(api) {
  TakeUpEntries();
  PlanNextTend();
}

// What the journal holds when it is taken up.
void EstatsLeases::TakeUpEntries() {
  if (!journal_.entries().empty()) release_due_ = clock_.Steady();
  // Without the time when it was made, a connection of an earlier agent cannot be told from a later
  // one with the same end points.
  std::vector<TcpIdentity> unknown;
  for (const auto& [connection, switches] : journal_.entries()) {
    if (connection.incarnation == 0) unknown.push_back(connection);
  }
  for (const TcpIdentity& connection : unknown) journal_.Vanished(connection);
}

absl::Status EstatsLeases::MendJournal() {
  const bool was_usable = journal_.status().ok();
  absl::Status status = journal_.Mend();
  if (!was_usable && journal_.status().ok()) TakeUpEntries();
  mend_due_ = SteadyTime::max();
  PlanNextTend();
  return status;
}

// --- Requests -----------------------------------------------------------------------------------

absl::Status EstatsLeases::CheckRequest(const EstatsRequest& request) {
  if (absl::Status status = switching_.CheckPresent(); !status.ok()) return status;
  if (!journal_.status().ok()) MendJournal().IgnoreError();
  if (request.undo && !journal_.status().ok()) return journal_.status();
  if (request.ttl > absl::ZeroDuration() && leases_.size() >= kMostLeases) {
    return ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached,
                       absl::StrCat("this agent keeps at most ", kMostLeases,
                                    " leases at once; try again when some have ended"));
  }
  return absl::OkStatus();
}

EstatsLeases::Lease& EstatsLeases::AddLease(const EstatsRequest& request) {
  Lease& lease = leases_.emplace_back();
  lease.request = request;
  lease.end = After(clock_.Steady(), request.ttl);
  EstatsLease& description = lease.description;
  description.id = ++newest_lease_;
  description.holder = request.holder;
  description.reason = request.reason;
  description.enable = request.enable;
  description.disable = request.disable;
  description.undo = request.undo;
  description.start_time = clock_.Wall();
  description.end_time = description.start_time + request.ttl;
  return lease;
}

absl::StatusOr<EstatsResult> EstatsLeases::Set(const EstatsRequest& request) {
  absl::Status status = CheckRequest(request);
  if (status.ok()) status = List();
  if (!status.ok()) return status;
  EstatsResult result;
  Lease* lease = request.ttl > absl::ZeroDuration() ? &AddLease(request) : nullptr;
  if (lease != nullptr) result.lease = lease->description.id;
  status = Apply(request, lease, result);
  if (status.ok() && request.connection && result.matched_connections == 0) {
    status = ErrorStatus(absl::StatusCode::kNotFound, kObjectVanished,
                         "there is no such established connection on this host (any more)");
  }
  if (!status.ok() && lease != nullptr) {
    End(lease->description.id);
    SwitchOffUnwanted();
  }
  PlanNextTend();
  if (!status.ok()) return status;
  return result;
}

void EstatsLeases::End(uint64_t lease) {
  const auto found = std::find_if(leases_.begin(), leases_.end(), [&](const Lease& candidate) {
    return candidate.description.id == lease;
  });
  if (found == leases_.end()) return;
  leases_.erase(found);
  for (auto entry = wanted_.begin(); entry != wanted_.end();) {
    Wanted& wanted = entry->second;
    wanted.erase(std::remove_if(wanted.begin(), wanted.end(),
                                [&](const auto& one) { return one.first == lease; }),
                 wanted.end());
    if (wanted.empty()) {
      wanted_.erase(entry++);
    } else {
      ++entry;
    }
  }
  if (!journal_.entries().empty()) release_due_ = clock_.Steady();
  PlanNextTend();
}

void EstatsLeases::EndAll() {
  while (!leases_.empty()) End(leases_.front().description.id);
  if (journal_.needs_mending()) mend_due_ = clock_.Steady();
  PlanNextTend();
}

// --- Connections --------------------------------------------------------------------------------

absl::Status EstatsLeases::List() {
  listed_.clear();
  process_names_.clear();
  if (absl::Status status = tables_.List(); !status.ok()) return status;
  listed_.reserve(tables_.connections().size());
  for (const ListedTcp& connection : tables_.connections()) {
    listed_.emplace(IdentityOf(connection), &connection);
  }
  ForgetVanished();
  return absl::OkStatus();
}

void EstatsLeases::ForgetVanished() {
  for (auto entry = wanted_.begin(); entry != wanted_.end();) {
    if (listed_.contains(entry->first)) {
      ++entry;
    } else {
      wanted_.erase(entry++);
    }
  }
  std::vector<TcpIdentity> vanished;
  for (const auto& [connection, switches] : journal_.entries()) {
    if (!listed_.contains(connection)) vanished.push_back(connection);
  }
  for (const TcpIdentity& connection : vanished) journal_.Vanished(connection);
}

bool EstatsLeases::Matches(const EstatsRequest& request, const ListedTcp& connection) {
  // Others are not switched: LISTEN and TIME_WAIT have nothing to count.
  if (connection.facts.state != v1::TCP_STATE_ESTABLISHED) return false;
  if (request.connection) return IsThis(*request.connection, IdentityOf(connection));
  if (request.filter == nullptr) return true;
  std::string facts(reinterpret_cast<const char*>(&connection.facts), sizeof(connection.facts));
  if (request.filters_process && api_.process_name != nullptr) {
    const auto [name, is_new] = process_names_.try_emplace(connection.facts.pid);
    if (is_new && api_.process_name(connection.facts.pid, &name->second) != kSuccess) {
      name->second.clear();
    }
    facts += name->second;
  }
  return request.filter(facts);
}

bool EstatsLeases::HasSeen(uint64_t lease, const TcpIdentity& connection) const {
  const auto found = wanted_.find(connection);
  return found != wanted_.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [&](const auto& wanted) { return wanted.first == lease; });
}

// Of connections that match, without those that the lease has seen before.
std::vector<EstatsWish> EstatsLeases::WishesOf(const EstatsRequest& request, uint64_t lease) {
  std::vector<EstatsWish> wishes;
  for (const ListedTcp& connection : tables_.connections()) {
    if (lease != 0 && HasSeen(lease, IdentityOf(connection))) continue;
    if (!Matches(request, connection)) continue;
    EstatsWish& wish = wishes.emplace_back();
    wish.connection = &connection;
    wish.on = request.enable;
    wish.off = request.disable;
  }
  return wishes;
}

absl::Status EstatsLeases::Apply(const EstatsRequest& request, Lease* lease, EstatsResult& result) {
  std::vector<EstatsWish> wishes = WishesOf(request, lease == nullptr ? 0 : lease->description.id);
  result.matched_connections += wishes.size();
  if (wishes.empty()) return absl::OkStatus();
  absl::Status status =
      switching_.Fulfil(wishes, request.undo ? EstatsUndo::kRemember : EstatsUndo::kNever, result);
  if (lease == nullptr) return status;
  for (const EstatsWish& wish : wishes) {
    if (wish.fate != EstatsWish::Fate::kTried) continue;
    wanted_[IdentityOf(*wish.connection)].emplace_back(lease->description.id, request.enable);
  }
  return status;
}

// --- Time ---------------------------------------------------------------------------------------

EstatsRelease EstatsLeases::Tend() {
  const SteadyTime now = clock_.Steady();
  std::vector<uint64_t> over;
  for (const Lease& lease : leases_) {
    if (lease.end <= now) over.push_back(lease.description.id);
  }
  for (const uint64_t lease : over) End(lease);
  const absl::Status mended = mend_due_ <= now ? MendJournal() : absl::OkStatus();
  EstatsRelease release;
  const bool release_is_due = release_due_ <= now;
  if (!leases_.empty() || release_is_due) {
    const absl::Status listed = List();
    for (Lease& lease : leases_) {
      EstatsResult newly;
      lease.description.status = listed.ok() ? Apply(lease.request, &lease, newly) : listed;
    }
    if (release_is_due && listed.ok()) {
      release = SwitchOffUnwanted();
    } else if (release_is_due) {
      release.status = listed;
      release_due_ = After(now, kRetryInterval);
    }
  }
  // Whether it can be used at all is told by its status.
  if (journal_.status().ok()) release.status.Update(mended);
  PlanNextTend();
  return release;
}

EstatsSwitches EstatsLeases::WantedOn(const TcpIdentity& connection) const {
  const auto found = wanted_.find(connection);
  EstatsSwitches on = 0;
  if (found == wanted_.end()) return on;
  for (const auto& [lease, switches] : found->second) on |= switches;
  return on;
}

EstatsRelease EstatsLeases::SwitchOffUnwanted() {
  std::vector<EstatsWish> wishes;
  for (const auto& [connection, switches] : journal_.entries()) {
    const EstatsSwitches unwanted = switches & ~WantedOn(connection);
    const auto listed = listed_.find(connection);
    if (unwanted == 0 || listed == listed_.end()) continue;
    EstatsWish& wish = wishes.emplace_back();
    wish.connection = listed->second;
    wish.off = unwanted;
  }
  EstatsRelease release;
  release.result.matched_connections = wishes.size();
  release.status = switching_.Fulfil(wishes, EstatsUndo::kRemember, release.result);
  // What has vanished is looked for once more, too.
  const bool done =
      release.status.ok() && release.result.failed == 0 && release.result.vanished_connections == 0;
  release_due_ = done ? SteadyTime::max() : After(clock_.Steady(), kRetryInterval);
  return release;
}

void EstatsLeases::PlanNextTend() {
  const SteadyTime look = After(clock_.Steady(), kLookInterval);
  if (!journal_.needs_mending()) {
    mend_due_ = SteadyTime::max();
  } else if (mend_due_ == SteadyTime::max()) {
    mend_due_ = After(clock_.Steady(), kRetryInterval);
  }
  next_tend_ = std::min(release_due_, mend_due_);
  for (const Lease& lease : leases_) next_tend_ = std::min({next_tend_, lease.end, look});
}

std::vector<EstatsLease> EstatsLeases::Describe() const {
  absl::flat_hash_map<uint64_t, uint64_t> connections;
  for (const auto& [connection, wanted] : wanted_) {
    for (const auto& [lease, switches] : wanted) ++connections[lease];
  }
  std::vector<EstatsLease> descriptions;
  for (const Lease& lease : leases_) {
    descriptions.push_back(lease.description);
    descriptions.back().connections = connections[lease.description.id];
  }
  return descriptions;
}

}  // namespace farstat::sources::windows
