// Rows read back field by field, whatever their family and system.

#ifndef FARSTAT_TESTS_SUPPORT_ROW_FIELDS_H_
#define FARSTAT_TESTS_SUPPORT_ROW_FIELDS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "farstat/v1/annotations.pb.h"

namespace farstat::sources {

// Calls visit(message, field) for every field of `message` and of the messages in it that is set
// and holds a value.
template <typename Visitor>
void ForEachValue(const google::protobuf::Message& message, const Visitor& visit) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  EXPECT_TRUE(reflection.GetUnknownFields(message).empty()) << message.ShortDebugString();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      visit(message, *field);
    } else if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        ForEachValue(reflection.GetRepeatedMessage(message, field, i), visit);
      }
    } else {
      ForEachValue(reflection.GetMessage(message, field), visit);
    }
  }
}

inline uint64_t ValueOf(const google::protobuf::Message& message,
                        const google::protobuf::FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case google::protobuf::FieldDescriptor::CPPTYPE_UINT32:
      return reflection.GetUInt32(message, &field);
    case google::protobuf::FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetUInt64(message, &field);
    case google::protobuf::FieldDescriptor::CPPTYPE_INT64:
      return static_cast<uint64_t>(reflection.GetInt64(message, &field));
    case google::protobuf::FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? 1 : 0;
    case google::protobuf::FieldDescriptor::CPPTYPE_ENUM:
      return static_cast<uint64_t>(reflection.GetEnumValue(message, &field));
    default:
      ADD_FAILURE() << field.full_name();
      return 0;
  }
}

// Where the API says that Windows delivers the field; empty: it does not.
inline std::string WindowsSourceOf(const google::protobuf::FieldDescriptor& field) {
  return field.options().GetExtension(v1::field).windows();
}

}  // namespace farstat::sources

#endif  // FARSTAT_TESTS_SUPPORT_ROW_FIELDS_H_
