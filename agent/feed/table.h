// The versioned table of one family: its rows, each with the tick in which it last changed, and
// what a reader at some cursor must be sent. No gRPC, no operating system, no knowledge of
// families.
//
// One thread (the sampler) writes: it puts the rows of a collection, which are compared and staged
// without any lock, and then publishes them all at once. Any thread reads. What is found out and
// assembled for one reader serves all who select the same.

#ifndef FARSTAT_AGENT_FEED_TABLE_H_
#define FARSTAT_AGENT_FEED_TABLE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/feed/audience.h"
#include "agent/feed/demand.h"
#include "agent/feed/row.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace farstat::feed {

// How a collection went.
struct TickInfo {
  Tick tick = 0;
  absl::Time start_time;
  SteadyTime steady_start;
  absl::Duration duration;
  uint64_t native_calls = 0;
  uint64_t vanished_rows = 0;
  uint64_t row_count = 0;
  // What was collected; null before the first tick.
  std::shared_ptr<const Demands> demands;
  // The rows of the tick have been forgotten since, because nobody read them.
  bool released = false;
};

// How good the table's rows are.
struct Condition {
  // OK, or why the newest collection failed or (with `stale` false) what is missing in it.
  absl::Status status;
  // The rows are older than the newest collection.
  bool stale = false;
  // Since when it has been so.
  absl::Time since;
  // Grows by one with each change of condition.
  uint64_t version = 0;
};

// A reader's position. A reader passes over the slots of the table in order, sends what changed
// since `complete`, and at the end is complete up to the tick in which the pass began. So each row
// is sent at most once in a pass, with its newest contents, and a slow reader is fair to all rows.
struct Cursor {
  // The reader holds the table as of this tick; 0: it holds nothing.
  Tick complete = 0;
  // When that tick's collection began.
  absl::Time complete_time;
  // The tick in which the pass under way began; 0: none is.
  Tick target = 0;
  absl::Time target_time;
  uint32_t next_slot = 0;
  // The pass under way is a full set, and has sent so many rows.
  bool full = false;
  uint64_t rows_sent = 0;
};

// What one step of a pass yields.
struct Batch {
  // A full set begins with this batch; `resync` says that it replaces what the reader held.
  bool begins_full_set = false;
  bool resync = false;
  // A full set ends with this batch, after so many rows in all.
  bool ends_full_set = false;
  uint64_t full_set_rows = 0;
  // Rows and removed keys as fields of the family's statistics message. May be empty, never null;
  // shared by the readers who are sent the same.
  SharedBytes bytes;
  // The pass has ended. (If not, read on.)
  bool pass_ended = false;
  // After this batch the reader holds exactly the table of `info.tick`.
  bool complete = false;
  // Up to when the reader was complete before the pass; InfinitePast in full sets.
  absl::Time base_time = absl::InfinitePast();
  TickInfo info;
};

// All rows of a selection at one tick. Callers who ask for the same in one tick share it.
struct Snapshot {
  TickInfo info;
  Condition condition;
  // Totals first.
  std::vector<RowPtr> rows;
  size_t totals = 0;
  // Who it was made for; its pages are kept there.
  AudiencePtr audience;
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

class Table {
 public:
  struct Options {
    // Removed keys are remembered within these bounds; a reader that is further behind is sent a
    // full set again.
    absl::Duration tombstone_age = absl::Minutes(2);
    size_t tombstone_bytes = 8 << 20;
    // What was assembled in this tick and is kept for readers who will ask for the same.
    size_t kept_bytes = 8 << 20;
  };

  Table() : Table(Options()) {}
  explicit Table(const Options& options);

  // --- The writer -------------------------------------------------------------------------------

  // Begins the next tick and returns its number.
  Tick BeginTick();
  void Put(const RowInput& input);
  // Publishes what was put. Rows that were not put are removed if rows were listed at all.
  void EndTick(TickInfo info, const absl::Status& partial, bool rows_listed = true);
  // The collection failed: what was put is dropped, the rows of the tick before stay.
  void FailTick(const absl::Status& why, absl::Time now);
  // A collection is due or on its way and does not come to an end; for such a time the rows grow
  // old. From any thread.
  void MarkStale(const absl::Status& why, absl::Time since);
  // Forgets all rows: nobody reads any more. Whoever comes back is sent a full set.
  void Clear();

  // --- Readers ----------------------------------------------------------------------------------

  // Who reads again and again joins those who select the same, for as long as it reads.
  AudiencePtr Join(const Selection& selection) const;
  // The next step of a reader's pass, of about `max_bytes` at most. Begins a pass if none is under
  // way and something is newer than the cursor; returns an empty batch with `complete` otherwise.
  Batch Read(const AudiencePtr& audience, size_t max_bytes, Cursor& cursor) const;
  // Whether a reader at `tick` can go on from there.
  bool CanResume(Tick tick) const;
  SnapshotPtr TakeSnapshot(const Selection& selection) const;
  // The rows of a snapshot from a position on.
  Page TakePage(const SnapshotPtr& snapshot, const PagePosition& position) const;

  Tick tick() const;
  TickInfo info() const;
  Condition condition() const;
  size_t row_bytes() const;
  // Bytes of batches that somebody still holds: readers who have not sent them yet.
  size_t batch_bytes() const { return *batch_bytes_; }
  // Different selections that somebody reads by, and perhaps some that nobody does any more.
  size_t audiences() const;

 private:
  struct Slot {
    RowPtr row;
    // The newest tick in which the row's facts changed: before it, other filters matched.
    Tick facts_version = 0;
    bool removed = false;
  };
  struct Staged {
    uint32_t slot;
    // Null: removed.
    RowPtr row;
    // What the writer held before, to go back to if the tick fails.
    RowPtr old_row;
    bool was_removed;
    bool facts_changed;
  };
  struct Tombstone {
    uint32_t slot;
    Tick tick;
    size_t bytes;
    // When the row was gone; steady, because the host's clock may step.
    SteadyTime time;
  };
  // The writer's view of a slot. A removed row keeps its slot until its tombstone is forgotten, so
  // that a key that comes back takes the same slot and a pass never meets a key twice.
  struct Entry {
    RowPtr row;
    bool removed = false;
    Tick seen = 0;
    // Of the row's key: the index grows and probes without a look at the rows themselves.
    size_t hash = 0;
  };
  // A key to look up.
  struct Key {
    absl::string_view bytes;
    size_t hash;
  };
  struct SlotHash {
    using is_transparent = void;
    const std::vector<Entry>* entries;
    size_t operator()(const Key& key) const { return key.hash; }
    size_t operator()(uint32_t slot) const { return (*entries)[slot].hash; }
  };
  struct SlotEqual {
    using is_transparent = void;
    const std::vector<Entry>* entries;
    bool operator()(uint32_t a, uint32_t b) const { return a == b; }
    bool operator()(uint32_t slot, const Key& key) const {
      const Entry& entry = (*entries)[slot];
      return entry.hash == key.hash && entry.row->key() == key.bytes;
    }
    bool operator()(const Key& key, uint32_t slot) const { return (*this)(slot, key); }
  };

  void StageRow(uint32_t slot, RowPtr row);
  void StageRemovals();
  void Apply(const Staged& staged, SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetTombstones(SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetCondition(const absl::Status& status, bool stale, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void BeginPass(Cursor& cursor, Batch& batch) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndPass(Cursor& cursor, Batch& batch) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool ContinuePass(Cursor& cursor, Batch& batch) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Step TakeStep(const AudiencePtr& audience, const StepPosition& position) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Step MakeStep(Audience& audience, const StepPosition& position) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool ReadSlot(uint32_t slot, const Audience& audience, const StepPosition& position, Step& step,
                std::string& out) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void KeepStep(Audience& audience, const StepPosition& position, const Step& step) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool FindPage(const SnapshotPtr& snapshot, const PagePosition& position, Page& page) const;
  void KeepPage(const SnapshotPtr& snapshot, const PagePosition& position, const Page& page) const;
  void MakeRoomFor(size_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetWhoLeft() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetSteps() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Judge(Judgement& judgement) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;

  // The writer's own; no other thread looks at it.
  Tick writing_ = 0;
  std::vector<Entry> entries_;
  absl::flat_hash_set<uint32_t, SlotHash, SlotEqual> index_;
  std::vector<uint32_t> free_slots_;
  std::vector<Staged> staged_;
  uint64_t put_rows_ = 0;

  mutable Mutex mutex_;
  // versions_[n] is the tick in which slot n last changed; apart from slots_ because passes scan
  // it.
  std::vector<Tick> versions_ ABSL_GUARDED_BY(mutex_);
  std::vector<Slot> slots_ ABSL_GUARDED_BY(mutex_);
  std::deque<Tombstone> tombstones_ ABSL_GUARDED_BY(mutex_);
  size_t tombstone_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t row_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // Removals up to this tick are forgotten: a cursor before it needs a full set.
  Tick forgotten_ ABSL_GUARDED_BY(mutex_) = 0;
  TickInfo info_ ABSL_GUARDED_BY(mutex_);
  Condition condition_ ABSL_GUARDED_BY(mutex_);
  // Who reads, by what they select, and their filters by key. What these point to is guarded, too.
  mutable absl::flat_hash_map<std::string, std::weak_ptr<Audience>> audiences_
      ABSL_GUARDED_BY(mutex_);
  mutable absl::flat_hash_map<std::string, std::weak_ptr<Judgement>> judgements_
      ABSL_GUARDED_BY(mutex_);
  // At so many audiences it is time to see which have no readers any more.
  mutable size_t look_at_audiences_ ABSL_GUARDED_BY(mutex_) = 0;
  // Bytes of the steps and pages that are kept in audiences.
  mutable size_t kept_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // Outlives the table where batches do.
  const std::shared_ptr<std::atomic<size_t>> batch_bytes_ =
      std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace farstat::feed

#endif  // FARSTAT_AGENT_FEED_TABLE_H_
