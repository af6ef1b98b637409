// What a source of statistics is: it collects one family on demand and hands over encoded rows.
// Linux, Windows and the simulated Windows are fillings of the same shape.

#ifndef FARSTAT_AGENT_SOURCES_SOURCE_H_
#define FARSTAT_AGENT_SOURCES_SOURCE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/sources/row_writer.h"

namespace farstat::sources {

// A set of row parts; bit n stands for part n of the family.
using PartMask = uint32_t;

constexpr PartMask PartBit(int part) { return PartMask{1} << part; }

// The message fields of a family's statistics that hold its rows; the same in every family.
enum class RowKind {
  kRow,     // repeated field 3, identified by its key; gone rows go to field 4
  kTotals,  // field 5, one row without a key
};

// Takes the rows of one collection.
class RowSink {
 public:
  virtual ~RowSink() = default;
  // The parts that somebody wants of a row with these facts; a source that pays for parts row by
  // row asks before it does.
  virtual PartMask PartsOf(absl::string_view /*facts*/) const { return ~PartMask{0}; }
  // `row` is read during the call only. A key that comes twice in one collection replaces the
  // first.
  virtual void Put(RowKind kind, RowWriter& row) = 0;
};

// What came of a collection.
struct Outcome {
  // OK: the rows are complete. Otherwise the rows are void and this says why.
  absl::Status status;
  // Something asked for is missing although the rows are good; OK if not. Told to clients as
  // PARTIAL.
  absl::Status partial;
  uint64_t native_calls = 0;
  uint64_t vanished_rows = 0;
  // False: no rows but totals were asked for, so that none came does not mean that they are gone.
  bool rows_listed = true;
  // While somebody watches, collect again within this time, or a counter could wrap unseen.
  absl::Duration revisit_within = absl::InfiniteDuration();
};

// Collects one family. Called by one thread at a time.
class Source {
 public:
  virtual ~Source() = default;
  // Delivers every row of the host, with the parts in `parts` and no others. Those that
  // `sink.PartsOf` does not want of a row may be left out of it.
  virtual Outcome Collect(PartMask parts, RowSink& sink) = 0;
};

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_SOURCE_H_
