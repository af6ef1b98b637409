#include "agent/feed/table.h"

#include <algorithm>
#include <utility>

namespace farstat::feed {
namespace {

bool Wants(const Selection& selection, const Row& row) {
  return row.totals() ? selection.totals : selection.rows;
}

bool Matches(const Selection& selection, const Row& row) {
  return row.totals() || selection.filter == nullptr || (*selection.filter)(row.facts());
}

}  // namespace

Table::Table(const Options& options)
    : options_(options), index_(0, SlotHash{&entries_}, SlotEqual{&entries_}) {}

// --- The writer ---------------------------------------------------------------------------------

Tick Table::BeginTick() {
  staged_.clear();
  put_rows_ = 0;
  return ++writing_;
}

void Table::StageRow(uint32_t slot, RowPtr row) {
  Entry& entry = entries_[slot];
  const bool facts_changed = entry.row == nullptr || entry.row->facts() != row->facts();
  staged_.push_back({slot, row, entry.row, entry.removed, facts_changed});
  entry.row = std::move(row);
  entry.removed = false;
}

void Table::Put(const RowInput& input) {
  const Key key{input.key, absl::Hash<absl::string_view>()(input.key)};
  const auto found = index_.find(key);
  if (found == index_.end()) {
    uint32_t slot;
    if (free_slots_.empty()) {
      slot = static_cast<uint32_t>(entries_.size());
      entries_.emplace_back();
    } else {
      slot = free_slots_.back();
      free_slots_.pop_back();
    }
    StageRow(slot, std::make_shared<const Row>(input, writing_));
    entries_[slot].seen = writing_;
    entries_[slot].hash = key.hash;
    index_.insert(slot);
    ++put_rows_;
    return;
  }
  Entry& entry = entries_[*found];
  if (entry.seen != writing_) ++put_rows_;
  entry.seen = writing_;
  if (entry.removed) {
    StageRow(*found, std::make_shared<const Row>(input, writing_));
  } else if (!entry.row->Equals(input)) {
    StageRow(*found, std::make_shared<const Row>(input, writing_, *entry.row));
  }
}

void Table::StageRemovals() {
  for (uint32_t slot = 0; slot < entries_.size(); ++slot) {
    Entry& entry = entries_[slot];
    if (entry.row == nullptr || entry.removed || entry.seen == writing_) continue;
    staged_.push_back({slot, nullptr, entry.row, false, false});
    entry.removed = true;
  }
}

void Table::EndTick(TickInfo info, const absl::Status& partial, bool rows_listed) {
  if (rows_listed) StageRemovals();
  info.tick = writing_;
  info.row_count = put_rows_;
  MutexLock lock(mutex_);
  slots_.resize(entries_.size());
  versions_.resize(entries_.size());
  const absl::Time now = info.start_time;
  for (const Staged& staged : staged_) Apply(staged, now);
  staged_.clear();
  info_ = info;
  SetCondition(partial, /*stale=*/false, now);
  ForgetTombstones(now);
}

void Table::Apply(const Staged& staged, absl::Time now) {
  Slot& slot = slots_[staged.slot];
  versions_[staged.slot] = writing_;
  if (slot.row != nullptr && !slot.removed) row_bytes_ -= slot.row->EncodedSize(~PartMask{0});
  if (staged.row == nullptr) {
    slot.removed = true;
    const size_t bytes = slot.row->EncodedSize(~PartMask{0});
    tombstones_.push_back({staged.slot, writing_, bytes, now});
    tombstone_bytes_ += bytes;
    return;
  }
  row_bytes_ += staged.row->EncodedSize(~PartMask{0});
  slot.row = staged.row;
  slot.removed = false;
  if (staged.facts_changed) slot.facts_version = writing_;
}

void Table::ForgetTombstones(absl::Time now) {
  while (!tombstones_.empty()) {
    const Tombstone& oldest = tombstones_.front();
    if (now - oldest.time <= options_.tombstone_age &&
        tombstone_bytes_ <= options_.tombstone_bytes) {
      return;
    }
    tombstone_bytes_ -= oldest.bytes;
    forgotten_ = std::max(forgotten_, oldest.tick);
    // A key that came back has taken its slot with it.
    if (slots_[oldest.slot].removed && versions_[oldest.slot] == oldest.tick) {
      index_.erase(oldest.slot);
      entries_[oldest.slot] = Entry();
      slots_[oldest.slot] = Slot();
      versions_[oldest.slot] = 0;
      free_slots_.push_back(oldest.slot);
    }
    tombstones_.pop_front();
  }
}

void Table::FailTick(const absl::Status& why, absl::Time now) {
  for (auto staged = staged_.rbegin(); staged != staged_.rend(); ++staged) {
    Entry& entry = entries_[staged->slot];
    if (staged->old_row == nullptr) {
      index_.erase(staged->slot);
      entry = Entry();
      free_slots_.push_back(staged->slot);
    } else {
      entry.row = staged->old_row;
      entry.removed = staged->was_removed;
    }
  }
  staged_.clear();
  MutexLock lock(mutex_);
  SetCondition(why, /*stale=*/true, now);
}

void Table::MarkStale(const absl::Status& why, absl::Time since) {
  MutexLock lock(mutex_);
  SetCondition(why, /*stale=*/true, since);
}

void Table::Clear() {
  index_.clear();
  entries_ = {};
  free_slots_ = {};
  staged_ = {};
  MutexLock lock(mutex_);
  slots_ = {};
  versions_ = {};
  tombstones_ = {};
  tombstone_bytes_ = 0;
  row_bytes_ = 0;
  info_.row_count = 0;
  info_.released = true;
  // Even a reader of this very tick cannot go on: what vanishes from now on is not noticed.
  forgotten_ = info_.tick + 1;
}

void Table::SetCondition(const absl::Status& status, bool stale, absl::Time now) {
  if (condition_.version != 0 && condition_.status == status && condition_.stale == stale) return;
  condition_ = {status, stale, now, condition_.version + 1};
}

// --- Readers ------------------------------------------------------------------------------------

void Table::BeginPass(Cursor& cursor, Batch& batch) const {
  cursor.full =
      cursor.complete == 0 || !(cursor.complete >= forgotten_ && cursor.complete <= info_.tick);
  cursor.target = info_.tick;
  cursor.target_time = info_.start_time;
  cursor.next_slot = 0;
  cursor.rows_sent = 0;
  batch.begins_full_set = cursor.full;
  batch.resync = cursor.full && cursor.complete != 0;
}

void Table::EndPass(Cursor& cursor, Batch& batch) const {
  batch.pass_ended = true;
  batch.ends_full_set = cursor.full;
  batch.full_set_rows = cursor.rows_sent;
  batch.complete = cursor.target == info_.tick;
  cursor.complete = cursor.target;
  cursor.complete_time = cursor.target_time;
  cursor.target = 0;
  cursor.full = false;
}

// False: the slot does not fit any more and is left for the next batch.
bool Table::ReadSlot(uint32_t slot_number, const Selection& selection, size_t max_bytes,
                     Cursor& cursor, std::string& out) const {
  const Slot& slot = slots_[slot_number];
  if (slot.row == nullptr || !Wants(selection, *slot.row)) return true;
  const bool matches = Matches(selection, *slot.row);
  if (slot.removed || !matches) {
    // The reader can know the row only if it matched before: with its last facts, or with others.
    if (cursor.full || (!matches && slot.facts_version <= cursor.complete)) return true;
    slot.row->AppendRemovedTo(out);
    return true;
  }
  // A row that began to match is new to the reader, whatever part of it changed.
  if (!cursor.full && slot.facts_version <= cursor.complete &&
      slot.row->ChangedAt(selection.parts) <= cursor.complete) {
    return true;
  }
  if (!out.empty() && out.size() + slot.row->EncodedSize(selection.parts) > max_bytes) return false;
  slot.row->AppendTo(selection.parts, out);
  if (!slot.row->totals()) ++cursor.rows_sent;
  return true;
}

Batch Table::Read(const Selection& selection, size_t max_bytes, Cursor& cursor) const {
  MutexLock lock(mutex_);
  Batch batch;
  batch.info = info_;
  if (info_.tick == 0 || info_.released) return batch;
  if (cursor.target == 0) {
    if (cursor.complete == info_.tick && cursor.complete >= forgotten_) {
      batch.pass_ended = batch.complete = true;
      return batch;
    }
    BeginPass(cursor, batch);
  } else if (!cursor.full && cursor.complete < forgotten_) {
    // Removals that this pass has not met yet are forgotten.
    BeginPass(cursor, batch);
  }
  if (!cursor.full) batch.base_time = cursor.complete_time;
  const Tick since = cursor.full ? 0 : cursor.complete;
  if (cursor.full) batch.bytes.reserve(std::min(max_bytes, row_bytes_));
  for (; cursor.next_slot < slots_.size(); ++cursor.next_slot) {
    if (versions_[cursor.next_slot] <= since) continue;
    if ((!batch.bytes.empty() && batch.bytes.size() >= max_bytes) ||
        !ReadSlot(cursor.next_slot, selection, max_bytes, cursor, batch.bytes)) {
      return batch;
    }
  }
  EndPass(cursor, batch);
  return batch;
}

bool Table::CanResume(Tick tick) const {
  MutexLock lock(mutex_);
  return tick != 0 && tick >= forgotten_ && tick <= info_.tick;
}

Snapshot Table::TakeSnapshot(const Selection& selection) const {
  MutexLock lock(mutex_);
  Snapshot snapshot;
  snapshot.info = info_;
  snapshot.condition = condition_;
  for (const Slot& slot : slots_) {
    if (slot.row == nullptr || slot.removed || !Wants(selection, *slot.row)) continue;
    if (Matches(selection, *slot.row)) snapshot.rows.push_back(slot.row);
  }
  return snapshot;
}

Tick Table::tick() const {
  MutexLock lock(mutex_);
  return info_.tick;
}

TickInfo Table::info() const {
  MutexLock lock(mutex_);
  return info_;
}

Condition Table::condition() const {
  MutexLock lock(mutex_);
  return condition_;
}

size_t Table::row_bytes() const {
  MutexLock lock(mutex_);
  return row_bytes_;
}

}  // namespace farstat::feed
