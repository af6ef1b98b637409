// A sink that keeps the TCP rows of one collection on Windows, parsed.

#ifndef FARSTAT_TESTS_SUPPORT_WINDOWS_TCP_ROWS_H_
#define FARSTAT_TESTS_SUPPORT_WINDOWS_TCP_ROWS_H_

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "agent/sources/row_writer.h"
#include "agent/sources/source.h"
#include "agent/sources/tcp_rows.h"
#include "farstat/v1/tcp.pb.h"
#include "tests/support/row_fields.h"

namespace farstat::testing {

// Every value of a row is one that the API says Windows delivers. What is said of the row itself
// (why groups are missing, how totals came about) is not measured.
inline void ExpectOnlyWindowsTcpFields(const google::protobuf::Message& message) {
  sources::ForEachValue(message, [](const google::protobuf::Message&,
                                    const google::protobuf::FieldDescriptor& field) {
    const std::string& of = field.containing_type()->full_name();
    if (of == "farstat.v1.Accumulation" || of == "google.protobuf.Timestamp" ||
        of == "farstat.v1.TcpMissingGroup" ||
        field.full_name() == "farstat.v1.TcpStateCount.state") {
      return;
    }
    EXPECT_NE(sources::WindowsSourceOf(field), "") << field.full_name();
  });
}

struct WindowsTcpRow {
  v1::TcpConnection connection;
  std::string bytes;
  sources::TcpFacts facts = {};
  std::string process;
  std::vector<uint32_t> part_ends;

  // The part alone, as a reader who selected nothing else would get it.
  v1::TcpConnection Part(int part) const {
    const uint32_t start = part == 0 ? 0 : part_ends[part - 1];
    v1::TcpConnection message;
    EXPECT_TRUE(message.ParseFromString(bytes.substr(start, part_ends[part] - start)));
    return message;
  }
};

class WindowsTcpRows : public sources::RowSink {
 public:
  void Put(sources::RowKind kind, sources::RowWriter& row) override {
    if (kind == sources::RowKind::kTotals) {
      ++totals_;
      EXPECT_TRUE(stack_.ParseFromString(std::string(row.bytes())));
      ExpectOnlyWindowsTcpFields(stack_);
      return;
    }
    WindowsTcpRow copy;
    copy.bytes = std::string(row.bytes());
    EXPECT_TRUE(copy.connection.ParseFromString(copy.bytes));
    ExpectOnlyWindowsTcpFields(copy.connection);
    EXPECT_EQ(std::string(row.key()), copy.connection.key().SerializeAsString());
    copy.part_ends.assign(row.part_ends().begin(), row.part_ends().end());
    std::memcpy(&copy.facts, row.facts().data(), sizeof(copy.facts));
    copy.process = std::string(row.facts().substr(sizeof(copy.facts)));
    rows_.push_back(std::move(copy));
  }

  const std::vector<WindowsTcpRow>& rows() const& { return rows_; }
  // Of a temporary, as in a loop over what a call returns.
  std::vector<WindowsTcpRow> rows() && { return std::move(rows_); }
  // The only row.
  const v1::TcpConnection& connection() const {
    EXPECT_EQ(rows_.size(), 1u);
    return rows_.at(0).connection;
  }
  const v1::TcpStack& stack() const { return stack_; }
  int totals() const { return totals_; }

 private:
  std::vector<WindowsTcpRow> rows_;
  v1::TcpStack stack_;
  int totals_ = 0;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_WINDOWS_TCP_ROWS_H_
