// Rows for tests: real messages of the TCP family, with made-up contents.

#ifndef FARSTAT_TESTS_SUPPORT_TEST_ROWS_H_
#define FARSTAT_TESTS_SUPPORT_TEST_ROWS_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "agent/feed/table.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::testing {

using feed::Batch;
using feed::Cursor;
using feed::kMaxParts;
using feed::PartMask;
using feed::RowInput;
using feed::Selection;
using feed::Table;

// The parts of a test row, by the numbers that real rows use.
inline constexpr int kDataPart = 2;
inline constexpr int kPathPart = 4;
inline constexpr PartMask kAllTestParts = 1 << 0 | 1 << kDataPart | 1 << kPathPart;

// A row in three parts: key and state, data, path. Filters see the state.
struct TestRow {
  int key = 0;
  int state = 0;
  int data = 0;
  int path = 0;

  v1::TcpConnection ToMessage(PartMask parts) const {
    v1::TcpConnection row;
    row.mutable_key()->set_local_address("192.0.2.1");
    row.mutable_key()->set_incarnation(static_cast<uint64_t>(key));
    row.set_state(static_cast<v1::TcpState>(state));
    if ((parts >> kDataPart & 1) != 0) {
      row.mutable_data()->set_segments_in(static_cast<uint64_t>(data));
    }
    if ((parts >> kPathPart & 1) != 0) {
      row.mutable_path()->set_timeouts(static_cast<uint64_t>(path));
    }
    return row;
  }
};

// Holds the bytes that a RowInput points to.
class EncodedTestRow {
 public:
  EncodedTestRow(const TestRow& row, PartMask parts) {
    key_ = row.ToMessage(0).key().SerializeAsString();
    facts_ = std::string(1, static_cast<char>(row.state));
    AddPart(0, row.ToMessage(0).SerializeAsString());
    for (const int part : {kDataPart, kPathPart}) {
      if ((parts >> part & 1) == 0) continue;
      v1::TcpConnection only = row.ToMessage(PartMask{1} << part);
      only.clear_key();
      only.clear_state();
      AddPart(part, only.SerializeAsString());
    }
  }
  RowInput input() const { return {false, payload_, ends_, key_, facts_}; }

 private:
  void AddPart(int part, const std::string& bytes) {
    payload_ += bytes;
    for (int i = part; i < kMaxParts; ++i) ends_[i] = static_cast<uint32_t>(payload_.size());
  }

  std::string key_;
  std::string facts_;
  std::string payload_;
  std::array<uint32_t, kMaxParts> ends_ = {};
};

// A client: it applies batches and holds what the promise says it holds.
class TestReader {
 public:
  explicit TestReader(Selection selection) : selection_(std::move(selection)) {}

  // Reads one batch and applies it.
  Batch Read(const Table& table, size_t max_bytes) {
    if (audience_ == nullptr) audience_ = table.Join(selection_);
    Batch batch = table.Read(audience_, max_bytes, cursor_);
    if (batch.begins_full_set) in_full_set_.clear();
    v1::TcpStatistics statistics;
    statistics.ParseFromString(*batch.bytes);
    for (const v1::TcpConnection& row : statistics.connections()) {
      rows_[row.key().incarnation()] = row.SerializeAsString();
      in_full_set_[row.key().incarnation()] = true;
      ++rows_received_;
    }
    for (const v1::TcpConnectionKey& key : statistics.removed_connections()) {
      rows_.erase(key.incarnation());
      ++removals_received_;
    }
    if (batch.ends_full_set) {
      for (auto row = rows_.begin(); row != rows_.end();) {
        row = in_full_set_.count(row->first) != 0 ? std::next(row) : rows_.erase(row);
      }
    }
    return batch;
  }

  // Reads until it is complete.
  void CatchUp(const Table& table, size_t max_bytes = 1 << 20) {
    while (!Read(table, max_bytes).complete) {
    }
  }

  const std::map<uint64_t, std::string>& rows() const { return rows_; }
  const Selection& selection() const { return selection_; }
  Cursor& cursor() { return cursor_; }
  int rows_received() const { return rows_received_; }
  int removals_received() const { return removals_received_; }

 private:
  Selection selection_;
  feed::AudiencePtr audience_;
  Cursor cursor_;
  std::map<uint64_t, std::string> rows_;
  std::map<uint64_t, bool> in_full_set_;
  int rows_received_ = 0;
  int removals_received_ = 0;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_TEST_ROWS_H_
