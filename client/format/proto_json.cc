#include "client/format/proto_json.h"

#include <cstddef>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/time_util.h"

namespace farstat::client {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::util::TimeUtil;

// A repeated field's elements are at 0 and up.
constexpr int kSingle = -1;

class JsonWriter {
 public:
  JsonWriter(bool pretty, std::string& json) : pretty_(pretty), json_(json) {}

  void WriteMessage(const Message& message, int indent) {
    if (WriteWellKnown(message)) return;
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    json_.push_back('{');
    for (size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) json_.push_back(',');
      NewLine(indent + 1);
      absl::StrAppend(&json_, "\"", fields[i]->name(), pretty_ ? "\": " : "\":");
      WriteField(message, fields[i], indent + 1);
    }
    if (!fields.empty()) NewLine(indent);
    json_.push_back('}');
  }

 private:
  void NewLine(int indent) {
    if (!pretty_) return;
    json_.push_back('\n');
    json_.append(static_cast<size_t>(indent), ' ');
  }

  // Timestamps and durations are strings.
  bool WriteWellKnown(const Message& message) {
    using google::protobuf::DynamicCastToGenerated;
    if (const auto* time = DynamicCastToGenerated<google::protobuf::Timestamp>(&message)) {
      absl::StrAppend(&json_, "\"", TimeUtil::ToString(*time), "\"");
      return true;
    }
    if (const auto* duration = DynamicCastToGenerated<google::protobuf::Duration>(&message)) {
      absl::StrAppend(&json_, "\"", TimeUtil::ToString(*duration), "\"");
      return true;
    }
    return false;
  }

  void WriteField(const Message& message, const FieldDescriptor* field, int indent) {
    if (field->is_map()) return WriteMap(message, field, indent);
    if (!field->is_repeated()) return WriteValue(message, field, kSingle, indent);
    const int size = message.GetReflection()->FieldSize(message, field);
    json_.push_back('[');
    for (int i = 0; i < size; ++i) {
      if (i > 0) json_.push_back(',');
      NewLine(indent + 1);
      WriteValue(message, field, i, indent + 1);
    }
    NewLine(indent);
    json_.push_back(']');
  }

  // Keys of this API's maps are strings.
  void WriteMap(const Message& message, const FieldDescriptor* field, int indent) {
    const FieldDescriptor* key = field->message_type()->map_key();
    const FieldDescriptor* value = field->message_type()->map_value();
    const int size = message.GetReflection()->FieldSize(message, field);
    json_.push_back('{');
    for (int i = 0; i < size; ++i) {
      const Message& entry = message.GetReflection()->GetRepeatedMessage(message, field, i);
      if (i > 0) json_.push_back(',');
      NewLine(indent + 1);
      AppendJsonString(entry.GetReflection()->GetString(entry, key), json_);
      absl::StrAppend(&json_, pretty_ ? ": " : ":");
      WriteValue(entry, value, kSingle, indent + 1);
    }
    NewLine(indent);
    json_.push_back('}');
  }

  // The value of a single field, or element `index` of a repeated one. 64-bit numbers are strings:
  // JavaScript has no room for them.
  void WriteValue(const Message& message, const FieldDescriptor* field, int index, int indent) {
    const Reflection& fields = *message.GetReflection();
    const bool single = index == kSingle;
    std::string scratch;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        absl::StrAppend(&json_, single ? fields.GetInt32(message, field)
                                       : fields.GetRepeatedInt32(message, field, index));
        return;
      case FieldDescriptor::CPPTYPE_UINT32:
        absl::StrAppend(&json_, single ? fields.GetUInt32(message, field)
                                       : fields.GetRepeatedUInt32(message, field, index));
        return;
      case FieldDescriptor::CPPTYPE_INT64:
        absl::StrAppend(&json_, "\"",
                        single ? fields.GetInt64(message, field)
                               : fields.GetRepeatedInt64(message, field, index),
                        "\"");
        return;
      case FieldDescriptor::CPPTYPE_UINT64:
        absl::StrAppend(&json_, "\"",
                        single ? fields.GetUInt64(message, field)
                               : fields.GetRepeatedUInt64(message, field, index),
                        "\"");
        return;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return WriteDouble(single ? fields.GetDouble(message, field)
                                  : fields.GetRepeatedDouble(message, field, index));
      case FieldDescriptor::CPPTYPE_FLOAT:
        return WriteDouble(
            static_cast<double>(single ? fields.GetFloat(message, field)
                                       : fields.GetRepeatedFloat(message, field, index)));
      case FieldDescriptor::CPPTYPE_BOOL:
        absl::StrAppend(&json_, (single ? fields.GetBool(message, field)
                                        : fields.GetRepeatedBool(message, field, index))
                                    ? "true"
                                    : "false");
        return;
      case FieldDescriptor::CPPTYPE_ENUM:
        return WriteEnum(field, single ? fields.GetEnumValue(message, field)
                                       : fields.GetRepeatedEnumValue(message, field, index));
      case FieldDescriptor::CPPTYPE_STRING:
        return WriteText(
            field, single ? fields.GetStringReference(message, field, &scratch)
                          : fields.GetRepeatedStringReference(message, field, index, &scratch));
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return WriteMessage(single ? fields.GetMessage(message, field)
                                   : fields.GetRepeatedMessage(message, field, index),
                            indent);
    }
  }

  void WriteDouble(double value) { absl::StrAppendFormat(&json_, "%.17g", value); }

  // Values that this client is too old to know are numbers.
  void WriteEnum(const FieldDescriptor* field, int number) {
    const auto* value = field->enum_type()->FindValueByNumber(number);
    if (value == nullptr) {
      absl::StrAppend(&json_, number);
    } else {
      absl::StrAppend(&json_, "\"", value->name(), "\"");
    }
  }

  void WriteText(const FieldDescriptor* field, const std::string& text) {
    if (field->type() == FieldDescriptor::TYPE_BYTES) {
      absl::StrAppend(&json_, "\"", absl::Base64Escape(text), "\"");
    } else {
      AppendJsonString(text, json_);
    }
  }

  const bool pretty_;
  std::string& json_;
};

}  // namespace

void AppendJsonString(absl::string_view text, std::string& json) {
  json.push_back('"');
  for (const char letter : text) {
    switch (letter) {
      case '"':
        json += "\\\"";
        break;
      case '\\':
        json += "\\\\";
        break;
      case '\n':
        json += "\\n";
        break;
      case '\t':
        json += "\\t";
        break;
      case '\r':
        json += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F) {
          absl::StrAppendFormat(&json, "\\u%04x", static_cast<unsigned char>(letter));
        } else {
          json.push_back(letter);
        }
    }
  }
  json.push_back('"');
}

void AppendJson(const Message& message, bool pretty, int indent, std::string& json) {
  JsonWriter(pretty, json).WriteMessage(message, indent);
}

}  // namespace farstat::client
