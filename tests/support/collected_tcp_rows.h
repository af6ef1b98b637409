// A sink that keeps the TCP rows of one collection.

#ifndef FARSTAT_TESTS_SUPPORT_COLLECTED_TCP_ROWS_H_
#define FARSTAT_TESTS_SUPPORT_COLLECTED_TCP_ROWS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/sources/row_writer.h"
#include "agent/sources/source.h"
#include "agent/sources/tcp_rows.h"
#include "farstat/v1/tcp.pb.h"
#include "tests/support/loopback_sockets.h"
#include "tests/support/tcp_row_fields.h"

namespace farstat::sources {

// A row as the sink was given it.
struct CollectedTcpRow {
  std::string bytes;
  std::string key;
  std::vector<uint32_t> part_ends;
  TcpFacts facts = {};
  std::string process;

  bool HasPart(int part) const { return part_ends[part] > part_ends[part - 1]; }
};

// Keeps the rows of one collection, by the cookie of their socket.
class CollectedTcpRows : public RowSink {
 public:
  void Put(RowKind kind, RowWriter& row) override {
    if (kind == RowKind::kTotals) {
      ++totals_;
      EXPECT_TRUE(stack_.ParseFromArray(row.bytes().data(), static_cast<int>(row.bytes().size())));
      return;
    }
    CollectedTcpRow copy;
    copy.bytes = std::string(row.bytes());
    copy.key = std::string(row.key());
    copy.part_ends.assign(row.part_ends().begin(), row.part_ends().end());
    std::memcpy(&copy.facts, row.facts().data(), sizeof(copy.facts));
    copy.process = std::string(row.facts().substr(sizeof(copy.facts)));
    v1::TcpConnectionKey key;
    EXPECT_TRUE(key.ParseFromString(copy.key));
    rows_.emplace(key.incarnation(), std::move(copy));
  }

  // The row of the socket with this cookie; there must be one.
  CollectedTcpRow Find(uint64_t cookie) const {
    const auto row = rows_.find(cookie);
    EXPECT_NE(row, rows_.end()) << "the socket is missing";
    return row == rows_.end() ? CollectedTcpRow() : row->second;
  }
  v1::TcpConnection Get(uint64_t cookie) const { return ParseTcpRow(Find(cookie).bytes); }
  v1::TcpConnection Get(const Socket& socket) const { return Get(socket.Cookie()); }

  const std::multimap<uint64_t, CollectedTcpRow>& rows() const { return rows_; }
  const v1::TcpStack& stack() const { return stack_; }
  int totals() const { return totals_; }

 private:
  std::multimap<uint64_t, CollectedTcpRow> rows_;
  v1::TcpStack stack_;
  int totals_ = 0;
};

}  // namespace farstat::sources

#endif  // FARSTAT_TESTS_SUPPORT_COLLECTED_TCP_ROWS_H_
