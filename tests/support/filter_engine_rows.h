// A sink that keeps the rows of one collection of IPsec or IKE, parsed.

#ifndef FARSTAT_TESTS_SUPPORT_FILTER_ENGINE_ROWS_H_
#define FARSTAT_TESTS_SUPPORT_FILTER_ENGINE_ROWS_H_

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "agent/sources/row_writer.h"
#include "agent/sources/source.h"
#include "tests/support/row_fields.h"

namespace farstat::testing {

// Every field of a row is one that the API says Windows delivers. What is said of the row itself
// (how its totals came about) is not measured.
inline void ExpectOnlyWindowsFields(const google::protobuf::Message& message) {
  sources::ForEachValue(message, [](const google::protobuf::Message&,
                                    const google::protobuf::FieldDescriptor& field) {
    const std::string& of = field.containing_type()->full_name();
    if (of == "farstat.v1.Accumulation" || of == "google.protobuf.Timestamp") return;
    EXPECT_NE(sources::WindowsSourceOf(field), "") << field.full_name();
  });
}

template <typename Row, typename Totals, typename Facts>
class FilterEngineRows : public sources::RowSink {
 public:
  void Put(sources::RowKind kind, sources::RowWriter& row) override {
    bytes_.emplace_back(row.bytes());
    if (kind == sources::RowKind::kTotals) {
      ++totals_count_;
      EXPECT_TRUE(row.key().empty());
      EXPECT_TRUE(totals_.ParseFromString(bytes_.back()));
      EXPECT_EQ(row.part_ends()[0], 0u) << "part 0 is always sent";
      ExpectOnlyWindowsFields(totals_);
      return;
    }
    Row parsed;
    EXPECT_TRUE(parsed.ParseFromString(bytes_.back()));
    ExpectOnlyWindowsFields(parsed);
    EXPECT_EQ(std::string(row.key()), parsed.key().SerializeAsString());
    EXPECT_EQ(row.part_ends()[0], bytes_.back().size());
    Facts facts;
    EXPECT_EQ(row.facts().size(), sizeof(facts));
    std::memcpy(&facts, row.facts().data(), sizeof(facts));
    rows_.push_back(parsed);
    facts_.push_back(facts);
  }

  const std::vector<Row>& rows() const { return rows_; }
  const std::vector<Facts>& facts() const { return facts_; }
  const Totals& totals() const { return totals_; }
  int totals_count() const { return totals_count_; }
  // All rows as they were put.
  const std::vector<std::string>& bytes() const { return bytes_; }

 private:
  std::vector<Row> rows_;
  std::vector<Facts> facts_;
  Totals totals_;
  int totals_count_ = 0;
  std::vector<std::string> bytes_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_FILTER_ENGINE_ROWS_H_
