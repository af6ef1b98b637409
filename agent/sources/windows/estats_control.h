// Switches EStats of TCP connections on and off, and remembers for whom: leases that also take in
// connections that come later, and that clean up behind themselves, also after a crash.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_CONTROL_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_CONTROL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/sources/estats_switches.h"
#include "agent/sources/windows/api.h"
#include "common/clock.h"

namespace farstat::sources::windows {

// Any thread may call; calls into Windows are made by one at a time.
class EstatsControl {
 public:
  // Both must outlive it. `journal_path`: the file that remembers what must be switched off after
  // a crash; what an earlier agent left there is switched off soon. Empty: none, and leases that
  // switch off at their end are refused.
  EstatsControl(const Api& api, const Clock& clock, std::string journal_path);
  // Ends all leases, and switches off what they want switched off.
  ~EstatsControl();
  EstatsControl(const EstatsControl&) = delete;
  EstatsControl& operator=(const EstatsControl&) = delete;

  // Does what is asked for, and keeps the lease if it is one. Blocks as long as Windows does. An
  // error means that there is no lease, and that what it would have undone is undone.
  absl::StatusOr<EstatsResult> Set(const EstatsRequest& request);

  // Ends a lease soon; does not block. Nothing if there is none of that number.
  void End(uint64_t lease);

  // Those that live, oldest first. Does not block.
  std::vector<EstatsLease> Leases() const;

 private:
  class Worker;
  const std::unique_ptr<Worker> worker_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_CONTROL_H_
