// RAS rows as a sink was given them, read back field by field.

#ifndef FARSTAT_TESTS_SUPPORT_RAS_ROWS_H_
#define FARSTAT_TESTS_SUPPORT_RAS_ROWS_H_

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "agent/sources/ras_rows.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/source.h"
#include "farstat/v1/ras.pb.h"
#include "tests/support/row_fields.h"

namespace farstat::sources {

inline constexpr PartMask kAllRasParts = PartBit(0) | kAllRasGroups;
inline constexpr PartMask kRasStatus = RasGroupBit(v1::RAS_GROUP_STATUS);
inline constexpr PartMask kRasStatistics = RasGroupBit(v1::RAS_GROUP_STATISTICS);
inline constexpr PartMask kRasLinks = RasGroupBit(v1::RAS_GROUP_LINKS);
inline constexpr PartMask kRasProjection = RasGroupBit(v1::RAS_GROUP_PROJECTION);

struct CollectedRasRow {
  std::string bytes;
  std::string key;
  std::vector<uint32_t> part_ends;
  RasFacts facts = {};
  std::string device_type;
  std::string entry_name;
  v1::RasConnection message;
};

// Every value is one that the API says Windows delivers, and nothing else is in the row.
inline void ExpectOnlyWindowsFields(const google::protobuf::Message& message) {
  // What is said about a measurement, not measured.
  static const auto& about = *new std::set<std::string>{
      "farstat.v1.RasLink.win32_code",         "farstat.v1.RasMissingGroup.group",
      "farstat.v1.RasMissingGroup.win32_code", "farstat.v1.RasMissingGroup.win32_symbol",
      "farstat.v1.Accumulation.wraps",         "farstat.v1.Accumulation.resets",
      "farstat.v1.Accumulation.uncertain",     "google.protobuf.Timestamp.seconds",
      "google.protobuf.Timestamp.nanos"};
  ForEachValue(message, [](const google::protobuf::Message&,
                           const google::protobuf::FieldDescriptor& field) {
    if (about.count(field.full_name()) == 0) {
      EXPECT_NE(WindowsSourceOf(field), "") << field.full_name();
    }
  });
}

// Keeps the rows of one collection, by the entry's name.
class CollectedRasRows : public RowSink {
 public:
  void Put(RowKind kind, RowWriter& row) override {
    EXPECT_EQ(kind, RowKind::kRow);
    CollectedRasRow copy;
    copy.bytes = std::string(row.bytes());
    copy.key = std::string(row.key());
    copy.part_ends.assign(row.part_ends().begin(), row.part_ends().end());
    ASSERT_GE(row.facts().size(), sizeof(copy.facts));
    std::memcpy(&copy.facts, row.facts().data(), sizeof(copy.facts));
    const absl::string_view texts = row.facts().substr(sizeof(copy.facts));
    copy.device_type = std::string(texts.substr(0, copy.facts.device_type_size));
    copy.entry_name = std::string(texts.substr(copy.facts.device_type_size));
    EXPECT_TRUE(copy.message.ParseFromString(copy.bytes));
    ExpectOnlyWindowsFields(copy.message);
    EXPECT_EQ(copy.message.key().SerializeAsString(), copy.key);
    EXPECT_EQ(copy.message.entry_name(), copy.entry_name);
    EXPECT_EQ(copy.message.device_type(), copy.device_type);
    rows_.emplace(copy.entry_name, std::move(copy));
  }

  const std::multimap<std::string, CollectedRasRow>& rows() const { return rows_; }
  size_t size() const { return rows_.size(); }
  bool Has(const std::string& entry_name) const { return rows_.count(entry_name) > 0; }
  // The row of this entry; there must be exactly one.
  CollectedRasRow Find(const std::string& entry_name) const {
    EXPECT_EQ(rows_.count(entry_name), 1u) << entry_name;
    const auto row = rows_.find(entry_name);
    return row == rows_.end() ? CollectedRasRow() : row->second;
  }
  v1::RasConnection Get(const std::string& entry_name) const { return Find(entry_name).message; }

 private:
  std::multimap<std::string, CollectedRasRow> rows_;
};

// The values of `message` that the API says come from the structure `prefix`, such as "RAS_STATS",
// by the member's name.
inline std::map<std::string, uint64_t> ValuesFrom(const std::string& prefix,
                                                  const google::protobuf::Message& message) {
  std::map<std::string, uint64_t> values;
  ForEachValue(message, [&](const google::protobuf::Message& in,
                            const google::protobuf::FieldDescriptor& field) {
    const std::string source = WindowsSourceOf(field);
    if (!absl::StartsWith(source, prefix + ".")) return;
    if (field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) return;
    EXPECT_TRUE(values.emplace(source.substr(prefix.size() + 1), ValueOf(in, field)).second)
        << source;
  });
  return values;
}

}  // namespace farstat::sources

#endif  // FARSTAT_TESTS_SUPPORT_RAS_ROWS_H_
