// The floor: what gRPC alone costs. A server that sends buffers that were made before, with the
// sizes of farstat's, on a beat of its own. It encodes nothing, knows no cursors, drops no ticks.

#ifndef FARSTAT_TESTS_BENCH_RAW_SERVER_H_
#define FARSTAT_TESTS_BENCH_RAW_SERVER_H_

#include <cstddef>
#include <vector>

#include "absl/time/time.h"

namespace farstat::bench {

// Every call that is not one of a snapshot is a stream.
inline constexpr char kRawSnapshotMethod[] = "/farstat.bench.Raw/Snapshot";
inline constexpr char kRawStreamMethod[] = "/farstat.bench.Raw/Stream";

struct RawPlan {
  // Sent once when a stream begins.
  std::vector<size_t> first_frames;
  // Sent at each beat.
  std::vector<size_t> frames;
  absl::Duration interval;
  size_t snapshot_bytes = 0;
};

[[noreturn]] void RunRawServer(const RawPlan& plan);

}  // namespace farstat::bench

#endif  // FARSTAT_TESTS_BENCH_RAW_SERVER_H_
