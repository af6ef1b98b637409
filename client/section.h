// What one target says of one family, as it stands at one moment: the rows by identity, each with
// what it was a tick before, so that rates can be told.

#ifndef FARSTAT_CLIENT_SECTION_H_
#define FARSTAT_CLIENT_SECTION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "client/family.h"

namespace farstat::client {

struct Row {
  std::unique_ptr<Message> current;
  // The row before its newest change; null if it was not there.
  std::unique_ptr<Message> previous;
  // The ticks' times of the two, by the agent's clock.
  absl::Time current_time = absl::InfinitePast();
  absl::Time previous_time = absl::InfinitePast();
  // The section's serial when it last changed, and the full set in which it last came.
  uint64_t changed = 0;
  uint64_t synced = 0;
};

// The identity of a row: its field `key`, serialized.
std::string RowKey(const Message& row);

// A path from a row to a field inside it: "data", "thru_bytes_acked".
using FieldPath = std::vector<const FieldDescriptor*>;

// The message that holds the last field of `path`; null if that field is absent.
const Message* HolderOf(const Message& message, const FieldPath& path);
// A numeric or boolean field as a number; nothing if it is absent or of another type.
absl::optional<double> NumberAt(const Message& message, const FieldPath& path);

class Section {
 public:
  explicit Section(const Family& family) : family_(&family) {}

  const Family& family() const { return *family_; }
  const v1::SectionStatus& status() const { return status_; }
  const v1::CollectionInfo& collection() const { return collection_; }
  const std::unordered_map<std::string, Row>& rows() const { return rows_; }
  // Null current: the family has no totals, or they have not come.
  const Row& totals() const { return totals_; }
  // When the newest collection began, by the agent's clock.
  absl::Time time() const { return time_; }
  uint64_t tick() const { return tick_; }
  // What the rates are about: from the collection before to the newest (a row that was ahead of the
  // others may have come in between: its rates are from then on). Zero: there are none yet.
  absl::Duration rate_interval() const { return rate_interval_; }

  // Growth per second of the counter at `path` over the newest tick. Nothing if the row is new, if
  // the counter is absent, or if it went back (somebody set it to zero).
  absl::optional<double> RateOf(const Row& row, const FieldPath& path) const;

  // A new tick: from now on changes belong to it. `base` is the time of the tick before, if known.
  void BeginTick(uint64_t tick, absl::Time time, absl::optional<absl::Time> base);
  // A tick in which nothing changed: rates are zero.
  void QuietTick() { quiet_ = true; }
  // Moves everything out of a statistics message. Gives the rows that it touched.
  std::vector<const Row*> Take(Message& statistics);
  // Forgets a row; the message with its key in the last state, or null if it was not known.
  std::unique_ptr<Message> Remove(const std::string& key);

  void SetStatus(const v1::SectionStatus& status) { status_ = status; }
  // Full sets: rows that do not come between the two are gone.
  void BeginSync();
  std::vector<std::unique_ptr<Message>> EndSync();
  // The stream broke off inside a full set, of which nothing more will come.
  void AbandonSync() { in_sync_ = false; }
  uint64_t rows_in_sync() const { return rows_in_sync_; }
  bool in_sync() const { return in_sync_; }

 private:
  // Moves `message` to `row`, keeping what was there as the state before.
  void Replace(Row& row, std::unique_ptr<Message> message) const;
  Row& TakeRow(std::unique_ptr<Message> message);

  const Family* family_;
  v1::SectionStatus status_;
  v1::CollectionInfo collection_;
  std::unordered_map<std::string, Row> rows_;
  Row totals_;
  absl::Time time_ = absl::InfinitePast();
  uint64_t tick_ = 0;
  absl::Duration rate_interval_ = absl::ZeroDuration();
  uint64_t serial_ = 1;
  bool quiet_ = false;
  uint64_t sync_ = 0;
  uint64_t rows_in_sync_ = 0;
  bool in_sync_ = false;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_SECTION_H_
