// Structures of Windows filled so that no two members are equal, and read back from rows by the
// names that the API's annotations give.

#ifndef FARSTAT_TESTS_SUPPORT_FILTER_ENGINE_MEMBERS_H_
#define FARSTAT_TESTS_SUPPORT_FILTER_ENGINE_MEMBERS_H_

#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/row_fields.h"

namespace farstat::testing {

using MemberValues = std::map<std::string, uint64_t>;

// Fills the members of `structure`, which are all of the type Number, with first, first + 1, ….
template <typename Number, typename Structure>
void FillMembers(Number first, Structure& structure) {
  static_assert(sizeof(Structure) % sizeof(Number) == 0);
  for (size_t at = 0; at < sizeof(Structure); at += sizeof(Number), ++first) {
    std::memcpy(reinterpret_cast<char*>(&structure) + at, &first, sizeof(first));
  }
}

// The members of a structure by name, "STRUCTURE.member"; `names` are Windows' own in Windows'
// order. Fewer than there are leaves the last ones out.
template <typename Number, typename Structure>
MemberValues MembersOf(const Structure& structure, const std::string& name,
                       std::initializer_list<const char*> names) {
  EXPECT_LE(names.size(), sizeof(Structure) / sizeof(Number));
  MemberValues values;
  size_t at = 0;
  for (const char* member : names) {
    Number value;
    std::memcpy(&value, reinterpret_cast<const char*>(&structure) + at, sizeof(value));
    values[absl::StrCat(name, ".", member)] = value;
    at += sizeof(Number);
  }
  return values;
}

// The numbers in a message, by the member that the API says they come from.
inline MemberValues ValuesBySource(const google::protobuf::Message& message) {
  MemberValues values;
  sources::ForEachValue(message, [&](const google::protobuf::Message& parent,
                                     const google::protobuf::FieldDescriptor& field) {
    if (field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) return;
    const std::string source = sources::WindowsSourceOf(field);
    EXPECT_TRUE(values.emplace(source, sources::ValueOf(parent, field)).second) << source;
  });
  return values;
}

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_FILTER_ENGINE_MEMBERS_H_
