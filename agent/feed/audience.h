// What the readers of a table share who select the same: which rows they want, and what was
// assembled for them. It exists as long as one of them reads.

#ifndef FARSTAT_AGENT_FEED_AUDIENCE_H_
#define FARSTAT_AGENT_FEED_AUDIENCE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "agent/feed/filter.h"
#include "agent/feed/row.h"

namespace farstat::feed {

// What a reader wants of a table.
struct Selection {
  PartMask parts = ~PartMask{0};
  bool rows = true;
  bool totals = true;
  // Null: every row. Totals are not filtered.
  FilterPtr filter;
};

// Selections that select the same have equal keys.
std::string KeyOf(const Selection& selection);

// Bytes that were assembled once and are held by everyone who sends them.
using SharedBytes = std::shared_ptr<const std::string>;

SharedBytes NoBytes();
// Counts among `total` for as long as somebody holds them.
SharedBytes CountedBytes(std::string bytes, std::shared_ptr<std::atomic<size_t>> total);

// Which slots of a table a filter matches. Each row is judged once for all readers with that
// filter, and again only when its facts have changed.
struct Judgement {
  FilterPtr filter;
  // What changed after this tick has not been looked at.
  Tick as_of = 0;
  std::vector<bool> matches;
};

// Where in a table a reader stands, and how much it takes at once.
struct StepPosition {
  // It holds the table as of this tick; 0: nothing.
  Tick since;
  uint32_t slot;
  size_t max_bytes;

  friend bool operator==(const StepPosition& a, const StepPosition& b) {
    return a.since == b.since && a.slot == b.slot && a.max_bytes == b.max_bytes;
  }
  template <typename Hash>
  friend Hash AbslHashValue(Hash hash, const StepPosition& position) {
    return Hash::combine(std::move(hash), position.since, position.slot, position.max_bytes);
  }
};

// What a reader is sent from a position on.
struct Step {
  SharedBytes bytes;
  uint64_t rows = 0;
  // Where it goes on.
  uint32_t next_slot = 0;
  // How many have taken it.
  size_t readers = 1;
};

// Where in a snapshot a page begins, and how much fits in it.
struct PagePosition {
  size_t first;
  size_t max_bytes;
  // Totals are not counted.
  size_t max_rows;

  friend bool operator==(const PagePosition& a, const PagePosition& b) {
    return a.first == b.first && a.max_bytes == b.max_bytes && a.max_rows == b.max_rows;
  }
  template <typename Hash>
  friend Hash AbslHashValue(Hash hash, const PagePosition& position) {
    return Hash::combine(std::move(hash), position.first, position.max_bytes, position.max_rows);
  }
};

// Rows of a snapshot, up to the one where the next page begins.
struct Page {
  SharedBytes bytes;
  size_t end = 0;
};

struct Snapshot;

// Everything in it is guarded by the lock of its table.
struct Audience {
  Selection selection;
  // Null: no filter.
  std::shared_ptr<Judgement> judgement;
  // Assembled in the newest tick, each until all readers have it.
  absl::flat_hash_map<StepPosition, Step> steps;
  // Taken in the newest tick, while somebody has it; its pages, if more than one took it.
  std::weak_ptr<const Snapshot> snapshot;
  bool snapshot_is_shared = false;
  absl::flat_hash_map<PagePosition, Page> pages;
  // The next one that is no full set will be about as large.
  size_t newest_step_bytes = 0;
};

using AudiencePtr = std::shared_ptr<Audience>;

}  // namespace farstat::feed

#endif  // FARSTAT_AGENT_FEED_AUDIENCE_H_
