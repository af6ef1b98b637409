// The calls that change a host: their requests are checked and handed to whoever can do it here,
// and what came of it becomes an answer.

#ifndef FARSTAT_AGENT_FAMILIES_OPERATIONS_H_
#define FARSTAT_AGENT_FAMILIES_OPERATIONS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/sources/estats_switches.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::families {

// What this host can do, each by a function that may block as long as its operating system does.
// A null one: this host cannot.
struct Operations {
  std::function<absl::StatusOr<sources::EstatsResult>(const sources::EstatsRequest& request)>
      set_estats;
  // Does not block. Not null if set_estats is not.
  std::function<void(uint64_t lease)> end_estats_lease;
  // Does not block. Not null if set_estats is not.
  std::function<std::vector<sources::EstatsLease>()> estats_leases;
};

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_OPERATIONS_H_
