// Who wants which EStats switched, and for how long: requests that are done once, and leases, which
// take in connections that come later and end some time.
//
// A switch that a lease with `undo` has turned on is turned off when no lease wants it any more.
// Whoever asks for the same switch without `undo` wants it to stay: it is forgotten that it was to
// be turned off.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_LEASES_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_LEASES_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/sources/estats_switches.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/estats_journal.h"
#include "agent/sources/windows/estats_switching.h"
#include "agent/sources/windows/tcp_tables.h"
#include "common/clock.h"

namespace farstat::sources::windows {

// How the switching off of what nobody wants any more went.
struct EstatsRelease {
  EstatsResult result;
  absl::Status status;
};

// Called by one thread at a time. Set and Tend make calls into Windows.
class EstatsLeases {
 public:
  // Leases that can live at once: each is compared with every connection, every second.
  static constexpr size_t kMostLeases = 256;
  // While leases live, connections that newly match are looked for so often.
  static constexpr absl::Duration kLookInterval = absl::Seconds(1);
  // What could not be switched off is tried again after this long, and a journal that cannot be
  // used.
  static constexpr absl::Duration kRetryInterval = absl::Minutes(1);

  // Both must outlive it. What the journal holds is what an earlier agent has left on.
  EstatsLeases(const Api& api, const Clock& clock, std::string journal_path);

  absl::StatusOr<EstatsResult> Set(const EstatsRequest& request);

  // What nobody else wants is switched off by the next Tend. Nothing if there is no such lease.
  void End(uint64_t lease);
  void EndAll();

  // What there is to do now: leases whose time is over, connections that newly match, a journal
  // that must be mended, and switching off what nobody wants any more, which is what it returns.
  EstatsRelease Tend();
  // When Tend will have something to do; max(): never.
  SteadyTime next_tend() const { return next_tend_; }

  std::vector<EstatsLease> Describe() const;
  const EstatsJournal& journal() const { return journal_; }

 private:
  struct Lease {
    EstatsLease description;
    EstatsRequest request;
    SteadyTime end;
  };
  // What leases want switched on of a connection; each lease that has seen it is here.
  using Wanted = absl::InlinedVector<std::pair<uint64_t, EstatsSwitches>, 1>;

  absl::Status CheckRequest(const EstatsRequest& request);
  absl::Status MendJournal();
  void TakeUpEntries();
  Lease& AddLease(const EstatsRequest& request);
  absl::Status List();
  void ForgetVanished();
  bool Matches(const EstatsRequest& request, const ListedTcp& connection);
  bool HasSeen(uint64_t lease, const TcpIdentity& connection) const;
  std::vector<EstatsWish> WishesOf(const EstatsRequest& request, uint64_t lease);
  absl::Status Apply(const EstatsRequest& request, Lease* lease, EstatsResult& result);
  EstatsSwitches WantedOn(const TcpIdentity& connection) const;
  EstatsRelease SwitchOffUnwanted();
  void PlanNextTend();

  const Api& api_;
  const Clock& clock_;
  EstatsJournal journal_;
  EstatsSwitching switching_;
  TcpTables tables_;
  // By identity, of the newest listing.
  absl::flat_hash_map<TcpIdentity, const ListedTcp*> listed_;
  // Names of processes, for the newest listing.
  absl::flat_hash_map<uint32_t, std::string> process_names_;

  // Oldest first.
  std::list<Lease> leases_;
  uint64_t newest_lease_ = 0;
  absl::flat_hash_map<TcpIdentity, Wanted> wanted_;
  // When to switch off what is in the journal and wanted by nobody; max(): there is nothing.
  SteadyTime release_due_ = SteadyTime::max();
  // When to try again to put the journal right; max(): there is nothing wrong with it.
  SteadyTime mend_due_ = SteadyTime::max();
  SteadyTime next_tend_ = SteadyTime::max();
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_LEASES_H_
