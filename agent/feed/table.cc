#include "agent/feed/table.h"

#include <algorithm>
#include <utility>

namespace farstat::feed {
namespace {

bool Wants(const Selection& selection, const Row& row) {
  return row.totals() ? selection.totals : selection.rows;
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
  ForgetSteps();
  for (const Staged& staged : staged_) Apply(staged, info.steady_start);
  staged_.clear();
  info_ = info;
  SetCondition(partial, /*stale=*/false, info.start_time);
  ForgetTombstones(info.steady_start);
}

void Table::Apply(const Staged& staged, SteadyTime now) {
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

void Table::ForgetTombstones(SteadyTime now) {
  while (!tombstones_.empty()) {
    const Tombstone& oldest = tombstones_.front();
    if (absl::FromChrono(now - oldest.time) <= options_.tombstone_age &&
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
  ForgetSteps();
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

// Goes on with the reader's pass, or begins one; false: the reader has everything.
bool Table::ContinuePass(Cursor& cursor, Batch& batch) const {
  if (cursor.target == 0) {
    if (cursor.complete == info_.tick && cursor.complete >= forgotten_) return false;
    BeginPass(cursor, batch);
  } else if (!cursor.full && cursor.complete < forgotten_) {
    // Removals that this pass has not met yet are forgotten.
    BeginPass(cursor, batch);
  }
  return true;
}

Batch Table::Read(const AudiencePtr& audience, size_t max_bytes, Cursor& cursor) const {
  MutexLock lock(mutex_);
  Batch batch;
  batch.info = info_;
  batch.bytes = NoBytes();
  if (info_.tick == 0 || info_.released) return batch;
  if (!ContinuePass(cursor, batch)) {
    batch.pass_ended = batch.complete = true;
    return batch;
  }
  if (!cursor.full) batch.base_time = cursor.complete_time;
  const Step step =
      TakeStep(audience, {cursor.full ? 0 : cursor.complete, cursor.next_slot, max_bytes});
  batch.bytes = step.bytes;
  cursor.next_slot = step.next_slot;
  cursor.rows_sent += step.rows;
  // Beyond: the table was emptied since.
  if (cursor.next_slot >= slots_.size()) EndPass(cursor, batch);
  return batch;
}

// --- What readers share -------------------------------------------------------------------------

AudiencePtr Table::Join(const Selection& selection) const {
  MutexLock lock(mutex_);
  if (audiences_.size() >= look_at_audiences_) ForgetWhoLeft();
  std::weak_ptr<Audience>& known = audiences_[KeyOf(selection)];
  AudiencePtr audience = known.lock();
  if (audience != nullptr) return audience;
  audience = std::make_shared<Audience>();
  audience->selection = selection;
  known = audience;
  if (selection.filter == nullptr) return audience;
  std::weak_ptr<Judgement>& judged = judgements_[selection.filter->key()];
  audience->judgement = judged.lock();
  if (audience->judgement == nullptr) {
    audience->judgement = std::make_shared<Judgement>();
    audience->judgement->filter = selection.filter;
    judged = audience->judgement;
  }
  return audience;
}

// Looks at the rows whose facts changed since the filter last did.
void Table::Judge(Judgement& judgement) const {
  if (judgement.as_of == info_.tick) return;
  judgement.matches.resize(slots_.size());
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    if (versions_[slot] <= judgement.as_of) continue;
    const Slot& changed = slots_[slot];
    if (changed.row == nullptr || changed.facts_version <= judgement.as_of) continue;
    judgement.matches[slot] = changed.row->totals() || (*judgement.filter)(changed.row->facts());
  }
  judgement.as_of = info_.tick;
}

// The step from that position, which another reader may have had made in this tick.
Step Table::TakeStep(const AudiencePtr& audience, const StepPosition& position) const {
  const auto kept = audience->steps.find(position);
  if (kept == audience->steps.end()) {
    Step step = MakeStep(*audience, position);
    if (audience.use_count() > 1) KeepStep(*audience, position, step);
    return step;
  }
  Step step = kept->second;
  // When all have it, nobody will come for it any more.
  if (++kept->second.readers >= static_cast<size_t>(audience.use_count())) {
    kept_bytes_ -= step.bytes->size();
    audience->steps.erase(kept);
  }
  return step;
}

void Table::KeepStep(Audience& audience, const StepPosition& position, const Step& step) const {
  MakeRoomFor(step.bytes->size());
  kept_bytes_ += step.bytes->size();
  audience.steps.emplace(position, step);
}

void Table::MakeRoomFor(size_t bytes) const {
  if (kept_bytes_ + bytes > options_.kept_bytes) ForgetSteps();
}

void Table::ForgetSteps() const {
  ForgetWhoLeft();
  for (const auto& [key, known] : audiences_) {
    const AudiencePtr audience = known.lock();
    if (audience == nullptr) continue;
    audience->steps.clear();
    audience->pages.clear();
  }
  kept_bytes_ = 0;
}

// Callers with a new filter each time do not make the table grow, also if no tick comes.
void Table::ForgetWhoLeft() const {
  absl::erase_if(judgements_, [](const auto& entry) { return entry.second.expired(); });
  absl::erase_if(audiences_, [](const auto& entry) { return entry.second.expired(); });
  look_at_audiences_ = std::max<size_t>(64, 2 * audiences_.size());
}

Step Table::MakeStep(Audience& audience, const StepPosition& position) const {
  if (audience.judgement != nullptr) Judge(*audience.judgement);
  Step step;
  std::string out;
  out.reserve(
      std::min(position.max_bytes, position.since == 0 ? row_bytes_ : audience.newest_step_bytes));
  uint32_t slot = position.slot;
  for (; slot < slots_.size(); ++slot) {
    if (versions_[slot] <= position.since) continue;
    if ((!out.empty() && out.size() >= position.max_bytes) ||
        !ReadSlot(slot, audience, position, step, out)) {
      break;
    }
  }
  step.next_slot = slot;
  if (position.since != 0) audience.newest_step_bytes = out.size();
  if (out.capacity() > 2 * out.size()) out.shrink_to_fit();
  step.bytes = CountedBytes(std::move(out), batch_bytes_);
  return step;
}

// False: the slot does not fit any more and is left for the next step.
bool Table::ReadSlot(uint32_t slot_number, const Audience& audience, const StepPosition& position,
                     Step& step, std::string& out) const {
  const Slot& slot = slots_[slot_number];
  const Selection& selection = audience.selection;
  if (slot.row == nullptr || !Wants(selection, *slot.row)) return true;
  const bool full = position.since == 0;
  const bool matches = audience.judgement == nullptr || audience.judgement->matches[slot_number];
  if (slot.removed || !matches) {
    // The reader can know the row only if it matched before: with its last facts, or with others.
    if (full || (!matches && slot.facts_version <= position.since)) return true;
    slot.row->AppendRemovedTo(out);
    return true;
  }
  // A row that began to match is new to the reader, whatever part of it changed.
  if (!full && slot.facts_version <= position.since &&
      slot.row->ChangedAt(selection.parts) <= position.since) {
    return true;
  }
  const size_t size = slot.row->EncodedSize(selection.parts);
  if (!out.empty() && out.size() + size > position.max_bytes) return false;
  slot.row->AppendTo(selection.parts, out);
  if (!slot.row->totals()) ++step.rows;
  return true;
}

bool Table::CanResume(Tick tick) const {
  MutexLock lock(mutex_);
  return tick != 0 && tick >= forgotten_ && tick <= info_.tick;
}

SnapshotPtr Table::TakeSnapshot(const Selection& selection) const {
  // Watchers may have judged the rows by this filter already.
  AudiencePtr audience = Join(selection);
  MutexLock lock(mutex_);
  SnapshotPtr taken = audience->snapshot.lock();
  if (taken != nullptr && taken->info.tick != info_.tick) taken = nullptr;
  if (taken != nullptr && taken->info.released == info_.released &&
      taken->condition.version == condition_.version) {
    audience->snapshot_is_shared = true;
    return taken;
  }
  if (audience->judgement != nullptr) Judge(*audience->judgement);
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->info = info_;
  snapshot->condition = condition_;
  if (audience->judgement == nullptr) snapshot->rows.reserve(info_.row_count + 1);
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.row == nullptr || slot.removed || !Wants(selection, *slot.row)) continue;
    if (audience->judgement != nullptr && !audience->judgement->matches[i]) continue;
    snapshot->rows.push_back(slot.row);
    if (!slot.row->totals()) continue;
    std::rotate(snapshot->rows.begin(), snapshot->rows.end() - 1, snapshot->rows.end());
    ++snapshot->totals;
  }
  // Of another condition, but with the same rows: its pages are good still.
  audience->snapshot_is_shared = taken != nullptr;
  audience->snapshot = snapshot;
  snapshot->audience = std::move(audience);
  return snapshot;
}

// A page of the newest snapshot, if another caller had it made.
bool Table::FindPage(const SnapshotPtr& snapshot, const PagePosition& position, Page& page) const {
  MutexLock lock(mutex_);
  if (snapshot->info.tick != info_.tick) return false;
  const auto found = snapshot->audience->pages.find(position);
  if (found == snapshot->audience->pages.end()) return false;
  page = found->second;
  return true;
}

void Table::KeepPage(const SnapshotPtr& snapshot, const PagePosition& position,
                     const Page& page) const {
  MutexLock lock(mutex_);
  Audience& audience = *snapshot->audience;
  if (snapshot->info.tick != info_.tick || info_.released || !audience.snapshot_is_shared) return;
  MakeRoomFor(page.bytes->size());
  if (audience.pages.emplace(position, page).second) kept_bytes_ += page.bytes->size();
}

Page Table::TakePage(const SnapshotPtr& snapshot, const PagePosition& position) const {
  Page page;
  if (FindPage(snapshot, position, page)) return page;
  const PartMask parts = snapshot->audience->selection.parts;
  const std::vector<RowPtr>& rows = snapshot->rows;
  std::string out;
  if (position.first < rows.size()) {
    // About right: rows of a family are much alike.
    out.reserve(std::min(position.max_bytes, (rows.size() - position.first + 1) *
                                                 rows[rows.size() - 1]->EncodedSize(parts)));
  }
  const size_t first_row = std::max(position.first, snapshot->totals);
  for (page.end = position.first; page.end < rows.size(); ++page.end) {
    if (page.end >= first_row + position.max_rows) break;
    const Row& row = *rows[page.end];
    if (out.size() + row.EncodedSize(parts) > position.max_bytes) break;
    row.AppendTo(parts, out);
  }
  page.bytes = CountedBytes(std::move(out), batch_bytes_);
  KeepPage(snapshot, position, page);
  return page;
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

size_t Table::audiences() const {
  MutexLock lock(mutex_);
  return audiences_.size();
}

size_t Table::row_bytes() const {
  MutexLock lock(mutex_);
  return row_bytes_;
}

}  // namespace farstat::feed
