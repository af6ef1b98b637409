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
#include "agent/rpc/quota.h"
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
  // While more than this waits, in one family, for clients that do not read it, frames are small.
  size_t max_unsent_bytes = 32 << 20;
  size_t small_row_bytes = 16 << 10;
  // Three quarters of what there is for one peer: it cannot keep all others out.
  int max_streams = 2000;
  int max_streams_per_peer = 1500;
  int max_retained_snapshots = 32;
  int max_retained_snapshots_per_peer = 24;
  int max_snapshot_calls = 500;
  int max_snapshot_calls_per_peer = 375;
  // A connection that has been silent for so long is asked whether it lives, and ends if no answer
  // comes.
  absl::Duration keepalive_time = absl::Seconds(60);
  absl::Duration keepalive_timeout = absl::Seconds(20);
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
  // UNAVAILABLE after Close.
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
    // Null: there is nothing of this family. Else of that table.
    feed::SnapshotPtr snapshot;
    const feed::Table* table = nullptr;
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
      : clock_(clock),
        queue_(queue),
        retention_(limits.snapshot_retention),
        quota_({"max_retained_snapshots", "large snapshots that are fetched page by page",
                "try again later, or narrow the filter or the groups",
                limits.max_retained_snapshots, limits.max_retained_snapshots_per_peer}) {}

  // RESOURCE_EXHAUSTED when too many are kept.
  absl::StatusOr<uint64_t> Keep(std::shared_ptr<const RetainedSnapshot> snapshot,
                                const std::string& peer_host);
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
    Quota::SharePtr share;
  };
  bool MakeRoom(const std::string* peer_host) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ExpireOld();

  const Clock& clock_;
  WorkQueue& queue_;
  const absl::Duration retention_;
  Quota quota_;
  mutable Mutex mutex_;
  std::map<uint64_t, Kept> kept_ ABSL_GUARDED_BY(mutex_);
};

struct Serving {
  Serving(const Clock& serving_clock, const Limits& serving_limits, uint64_t agent_start_id)
      : clock(serving_clock),
        limits(serving_limits),
        start_id(agent_start_id),
        stream_quota({"max_streams", "streams", "try again later", limits.max_streams,
                      limits.max_streams_per_peer}),
        snapshot_call_quota({"max_snapshot_calls", "snapshots that are being collected",
                             "try again later", limits.max_snapshot_calls,
                             limits.max_snapshot_calls_per_peer}),
        snapshots(clock, queue, limits),
        queue(clock) {}

  const Clock& clock;
  const Limits limits;
  // Differs from one start of the agent to the next.
  const uint64_t start_id;
  Quota stream_quota;
  // Of snapshots that are waited for or being answered.
  Quota snapshot_call_quota;
  StreamRegistry streams;
  SnapshotStore snapshots;
  // Last: its thread ends before what its work looks at.
  WorkQueue queue;
};

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_SERVING_H_
