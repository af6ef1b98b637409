// What a feed should hold, in the simplest terms: a map of rows per tick, and nothing that is
// clever. The model test (agent/feed/model_test.cc) compares the engine with it.

#ifndef FARSTAT_TESTS_SUPPORT_FEED_ORACLE_H_
#define FARSTAT_TESTS_SUPPORT_FEED_ORACLE_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/feed/table.h"
#include "agent/feed/wire.h"

namespace farstat::testing {

// The parts of a model row, by number; part 0 is key and state.
inline constexpr int kModelDataPart = 2;
inline constexpr int kModelPathPart = 4;
inline constexpr feed::PartMask kModelParts = 1 << 0 | 1 << kModelDataPart | 1 << kModelPathPart;

// A row with a key of one letter. The totals' key is empty. Filters see state and owner; the owner
// is in no part.
struct ModelRow {
  char state = 'a';
  char owner = 'x';
  int data = 0;
  int path = 0;
  // What was collected of it.
  feed::PartMask parts = kModelParts;
  // The collection had it twice, first with other contents: it counts as changed.
  bool was_twice = false;

  void AppendPart(const std::string& key, int part, std::string& out) const {
    if (part == 0) {
      out += key;
      out += state;
    } else if ((parts >> part & 1) == 0) {
      return;
    } else if (part == kModelDataPart) {
      // Some rows are so long that their length takes two bytes.
      out.append(1 + static_cast<size_t>(data) * 40, 'd');
    } else if (part == kModelPathPart) {
      out += 'p';
      out += static_cast<char>('0' + path);
    }
  }
  std::string Payload(const std::string& key, feed::PartMask selected) const {
    std::string payload;
    AppendPart(key, 0, payload);
    for (const int part : {kModelDataPart, kModelPathPart}) {
      if ((selected >> part & 1) != 0) AppendPart(key, part, payload);
    }
    return payload;
  }
  size_t EncodedSize(const std::string& key) const {
    return feed::LengthDelimitedSize(3, Payload(key, kModelParts).size());
  }
  std::string Facts() const { return {state, owner}; }
  // Whether those who select `selected` see a difference to what was before.
  bool Differs(const ModelRow& before, feed::PartMask selected) const {
    if (was_twice || Facts() != before.Facts() || ((parts ^ before.parts) & selected) != 0)
      return true;
    const feed::PartMask seen = parts & selected;
    return ((seen >> kModelDataPart & 1) != 0 && data != before.data) ||
           ((seen >> kModelPathPart & 1) != 0 && path != before.path);
  }
};

using ModelRows = std::map<std::string, ModelRow>;
// What a client holds: payloads by key.
using HeldRows = std::map<std::string, std::string>;

// Calls `put` with the row as a source delivers it.
template <typename Put>
void PutModelRow(const std::string& key, const ModelRow& row, const Put& put) {
  std::string payload;
  const std::string facts = row.Facts();
  std::array<uint32_t, feed::kMaxParts> ends = {};
  for (size_t part = 0; part < ends.size(); ++part) {
    row.AppendPart(key, static_cast<int>(part), payload);
    ends[part] = static_cast<uint32_t>(payload.size());
  }
  put(feed::RowInput{key.empty(), payload, ends, key, facts});
}

inline bool Selects(const feed::Selection& selection, const std::string& key, const ModelRow& row) {
  if (key.empty()) return selection.totals;
  return selection.rows && (selection.filter == nullptr || (*selection.filter)(row.Facts()));
}

// What a client with that selection holds of these rows.
inline HeldRows Selected(const ModelRows& rows, const feed::Selection& selection) {
  HeldRows held;
  for (const auto& [key, row] : rows) {
    if (Selects(selection, key, row)) held[key] = row.Payload(key, selection.parts);
  }
  return held;
}

// Calls `take` with each length-delimited field of a message.
template <typename Take>
void ForEachField(absl::string_view bytes, const Take& take) {
  const auto take_varint = [&bytes] {
    size_t value = 0;
    for (int shift = 0; !bytes.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(bytes[0]);
      bytes.remove_prefix(1);
      value |= static_cast<size_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (!bytes.empty()) {
    const size_t field = take_varint() >> 3;
    const size_t size = std::min(take_varint(), bytes.size());
    take(field, std::string(bytes.substr(0, size)));
    bytes.remove_prefix(size);
  }
}

// The fields of every family's statistics message.
inline constexpr size_t kModelRowsField = 3;
inline constexpr size_t kModelRemovedField = 4;
inline constexpr size_t kModelTotalsField = 5;

// The key of a row with that payload in that field.
inline std::string KeyIn(size_t field, const std::string& payload) {
  return field == kModelTotalsField ? "" : payload.substr(0, 1);
}

// Which removals a table must have forgotten, and which it may have. In between, which rows of one
// tick it forgets first decides, and that is its own business.
class Horizon {
 public:
  explicit Horizon(const feed::Table::Options& options) : options_(options) {}

  // A tick, with so many bytes of removed rows.
  void Add(feed::Tick tick, absl::Time time, size_t removed_bytes) {
    if (removed_bytes > 0) removals_.push_back({tick, time, removed_bytes});
    size_t later = 0;
    for (auto removal = removals_.rbegin(); removal != removals_.rend(); ++removal) {
      const bool old = time - removal->time > options_.tombstone_age;
      if (old || later > options_.tombstone_bytes) must_ = std::max(must_, removal->tick);
      later += removal->bytes;
      if (old || later > options_.tombstone_bytes) may_ = std::max(may_, removal->tick);
    }
    while (!removals_.empty() && removals_.front().tick <= must_)
      removals_.erase(removals_.begin());
  }
  // All rows were forgotten: who was there at `tick` cannot go on.
  void Forget(feed::Tick tick) {
    must_ = may_ = tick + 1;
    removals_.clear();
  }

  bool MustForget(feed::Tick tick) const { return tick < must_; }
  bool MayForget(feed::Tick tick) const { return tick < may_; }

 private:
  struct Removal {
    feed::Tick tick;
    absl::Time time;
    size_t bytes;
  };
  const feed::Table::Options options_;
  std::vector<Removal> removals_;
  feed::Tick must_ = 0;
  feed::Tick may_ = 0;
};

// What a table held at one tick.
struct PublishedTable {
  feed::Tick tick = 0;
  absl::Time time;
  ModelRows rows;
};
using PublishedTablePtr = std::shared_ptr<const PublishedTable>;

// All that one feed has published since it began.
class FeedOracle {
 public:
  explicit FeedOracle(const feed::Table::Options& options) : horizon(options) {}

  // Rows that were not listed are as they were.
  void Publish(feed::Tick tick, absl::Time time, ModelRows rows, bool rows_listed) {
    size_t removed_bytes = 0;
    for (const auto& [key, row] : newest().rows) {
      if (!rows_listed) rows.emplace(key, row);
      if (rows.count(key) == 0) removed_bytes += row.EncodedSize(key);
    }
    published_.push_back(
        std::make_shared<const PublishedTable>(PublishedTable{tick, time, std::move(rows)}));
    released_ = false;
    horizon.Add(tick, time, removed_bytes);
  }
  void Release() {
    horizon.Forget(newest().tick);
    // So that what comes next is compared with nothing.
    published_.push_back(std::make_shared<const PublishedTable>(
        PublishedTable{newest().tick, newest().time, ModelRows()}));
    released_ = true;
  }

  const PublishedTable& newest() const { return *published_.back(); }
  PublishedTablePtr newest_ptr() const { return published_.back(); }
  bool released() const { return released_; }
  size_t row_bytes() const {
    size_t bytes = 0;
    for (const auto& [key, row] : newest().rows) bytes += row.EncodedSize(key);
    return bytes;
  }

  // Whether somebody with that selection who holds the table of tick `since` has to be told
  // something about the key. True if it was different in any tick since.
  bool HasNews(const std::string& key, const feed::Selection& selection, feed::Tick since) const {
    const PublishedTable* before = nullptr;
    for (auto table = published_.rbegin(); table != published_.rend(); ++table) {
      if (before != nullptr && Differs(key, selection, **table, *before)) return true;
      before = table->get();
      if (before->tick <= since) break;
    }
    return false;
  }

  Horizon horizon;

 private:
  static bool Differs(const std::string& key, const feed::Selection& selection,
                      const PublishedTable& a, const PublishedTable& b) {
    const auto in_a = a.rows.find(key);
    const auto in_b = b.rows.find(key);
    const bool is_in_a = in_a != a.rows.end();
    if (is_in_a != (in_b != b.rows.end())) return true;
    return is_in_a && in_b->second.Differs(in_a->second, selection.parts);
  }

  std::vector<PublishedTablePtr> published_ = {std::make_shared<const PublishedTable>()};
  bool released_ = false;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_FEED_ORACLE_H_
