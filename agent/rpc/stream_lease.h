// Something that a stream holds as long as it lives.

#ifndef FARSTAT_AGENT_RPC_STREAM_LEASE_H_
#define FARSTAT_AGENT_RPC_STREAM_LEASE_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace farstat::rpc {

struct StreamLease {
  // Takes it, some time, on another thread, and calls `done` once with its number or with why there
  // is none. `is_wanted` is asked when its turn has come: nothing is done for a stream that has
  // ended by then. Null: the stream needs no lease.
  std::function<void(std::function<bool()> is_wanted,
                     std::function<void(absl::StatusOr<uint64_t>)> done)>
      take;
  // Lets go of it. Does not block.
  std::function<void(uint64_t lease)> end;
};

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_STREAM_LEASE_H_
