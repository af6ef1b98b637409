// What all calls of one server share: clock, work queue, limits, the streams that are open and the
// snapshots that are being paged.

#ifndef FARSTAT_AGENT_RPC_SERVING_H_
#define FARSTAT_AGENT_RPC_SERVING_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/families/family.h"
#include "agent/families/query.h"
#include "agent/rpc/work_queue.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "farstat/v1/agent.pb.h"

namespace farstat::rpc {

struct Limits {
  absl::Duration interval_grid = absl::Milliseconds(100);
  absl::Duration min_interval = absl::Milliseconds(100);
  absl::Duration max_interval = absl::Hours(1);
  absl::Duration default_interval = absl::Seconds(1);
  absl::Duration min_heartbeat = absl::Seconds(1);
  absl::Duration max_heartbeat = absl::Hours(1);
  absl::Duration default_heartbeat = absl::Seconds(15);
  absl::Duration max_max_age = absl::Hours(1);
  absl::Duration stalled_stream_timeout = absl::Seconds(60);
  absl::Duration snapshot_retention = absl::Seconds(60);
  // The largest message is this large; rows fill it but for what surrounds them.
  size_t max_message_bytes = 512 << 10;
  size_t max_row_bytes = (512 << 10) - (8 << 10);
  int max_request_bytes = 64 << 10;
  int max_streams = 2000;
  int max_retained_snapshots = 32;
  int max_snapshot_calls = 500;
};

// A family and what is wanted of it.
struct FamilyRequest {
  families::Family* family;
  families::CompiledQuery query;
};

class StatisticsStream;

// The streams that are open.
class StreamRegistry {
 public:
  explicit StreamRegistry(int max_streams) : max_streams_(max_streams) {}

  // RESOURCE_EXHAUSTED above the limit, UNAVAILABLE after Close.
  absl::Status Add(const std::shared_ptr<StatisticsStream>& stream);
  void Remove(const StatisticsStream* stream);
  std::vector<std::shared_ptr<StatisticsStream>> All() const;
  size_t size() const;
  // Lets no more streams in.
  void Close();
  // Returns when no stream is open any more, at `deadline` at the latest.
  void WaitUntilEmpty(SteadyTime deadline) const;

  std::atomic<uint64_t> evicted{0};
  std::atomic<uint64_t> refused{0};

 private:
  const int max_streams_;
  mutable Mutex mutex_;
  mutable ConditionVariable emptied_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_map<const StatisticsStream*, std::shared_ptr<StatisticsStream>> streams_
      ABSL_GUARDED_BY(mutex_);
};

// A snapshot that is fetched page by page.
struct RetainedSnapshot {
  struct Part {
    v1::Family family;
    v1::SectionStatus status;
    feed::Snapshot snapshot;
    feed::PartMask parts;
  };
  std::vector<Part> parts;
  // Rows without totals, in all parts.
  uint64_t total_rows = 0;
  uint64_t fingerprint = 0;
};

// The snapshots that are being paged, each kept until nobody has asked for a page for a while.
class SnapshotStore {
 public:
  SnapshotStore(const Clock& clock, WorkQueue& queue, const Limits& limits)
      : clock_(clock), queue_(queue), limits_(limits) {}

  // RESOURCE_EXHAUSTED when too many are kept.
  absl::StatusOr<uint64_t> Keep(std::shared_ptr<const RetainedSnapshot> snapshot);
  // Null: unknown or expired. Prolongs its life.
  std::shared_ptr<const RetainedSnapshot> Find(uint64_t id);
  // Its last page was fetched: it makes room for others first.
  void MayForget(uint64_t id);
  size_t size() const;

 private:
  struct Kept {
    std::shared_ptr<const RetainedSnapshot> snapshot;
    SteadyTime expires;
    bool may_forget = false;
  };
  void MakeRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ExpireOld();

  const Clock& clock_;
  WorkQueue& queue_;
  const Limits& limits_;
  mutable Mutex mutex_;
  std::map<uint64_t, Kept> kept_ ABSL_GUARDED_BY(mutex_);
};

struct Serving {
  Serving(const Clock& serving_clock, const Limits& serving_limits, uint64_t agent_start_id)
      : clock(serving_clock),
        limits(serving_limits),
        start_id(agent_start_id),
        streams(limits.max_streams),
        snapshots(clock, queue, limits),
        queue(clock) {}

  const Clock& clock;
  const Limits limits;
  // Differs from one start of the agent to the next.
  const uint64_t start_id;
  StreamRegistry streams;
  SnapshotStore snapshots;
  // Snapshots that are waited for or being answered.
  std::atomic<int> snapshot_calls{0};
  // Last: its thread ends before what its work looks at.
  WorkQueue queue;
};

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_SERVING_H_
