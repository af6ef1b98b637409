#include "client/format/proto_json.h"

#include <memory>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/family.h"
#include "farstat/v1/agent.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace farstat::client {
namespace {

using google::protobuf::Reflection;

// Fills fields at random, down to some depth.
class RandomFiller {
 public:
  void Fill(Message& message, int depth) {
    const Descriptor* type = message.GetDescriptor();
    if (type == google::protobuf::Timestamp::descriptor() ||
        type == google::protobuf::Duration::descriptor()) {
      return FillTime(message);
    }
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      // A map's entries have their keys, or two could have the same.
      const bool left_out = random_() % 4 == 0 && !type->options().map_entry();
      if (left_out || (field->message_type() != nullptr && depth == 0)) continue;
      const int times = field->is_repeated() ? static_cast<int>(random_() % 3) : 1;
      for (int time = 0; time < times; ++time) Set(message, field, depth);
    }
  }

 private:
  void FillTime(Message& message) {
    const Reflection& fields = *message.GetReflection();
    fields.SetInt64(&message, FieldByNumber(message, 1),
                    static_cast<int64_t>(random_() % 4'000'000'000));
    const int nanos[] = {0, 5'000'000, 123'456'000, 999'999'999};
    fields.SetInt32(&message, FieldByNumber(message, 2), nanos[random_() % 4]);
  }

  void Set(Message& message, const FieldDescriptor* field, int depth) {
    const Reflection& fields = *message.GetReflection();
    const bool many = field->is_repeated();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        Message* part =
            many ? fields.AddMessage(&message, field) : fields.MutableMessage(&message, field);
        return Fill(*part, depth - 1);
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        // Different keys for maps.
        const std::string text = absl::StrCat("a\"\\/\n\x01é日<&>", random_());
        return many ? fields.AddString(&message, field, text)
                    : fields.SetString(&message, field, text);
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int value =
            field->enum_type()
                ->value(static_cast<int>(random_() %
                                         static_cast<uint32_t>(field->enum_type()->value_count())))
                ->number();
        return many ? fields.AddEnumValue(&message, field, value)
                    : fields.SetEnumValue(&message, field, value);
      }
      case FieldDescriptor::CPPTYPE_BOOL:
        return fields.SetBool(&message, field, random_() % 2 == 0);
      case FieldDescriptor::CPPTYPE_UINT32:
        return many ? fields.AddUInt32(&message, field, static_cast<uint32_t>(random_()))
                    : fields.SetUInt32(&message, field, static_cast<uint32_t>(random_()));
      case FieldDescriptor::CPPTYPE_INT32:
        return fields.SetInt32(&message, field, static_cast<int32_t>(random_()));
      case FieldDescriptor::CPPTYPE_UINT64:
        return many ? fields.AddUInt64(&message, field, random_())
                    : fields.SetUInt64(&message, field, random_());
      case FieldDescriptor::CPPTYPE_INT64:
        return fields.SetInt64(&message, field, static_cast<int64_t>(random_()));
      default:
        ADD_FAILURE() << "no random value for " << field->full_name();
    }
  }

  std::mt19937_64 random_{42};
};

// What the text means, whatever its layout.
google::protobuf::Struct Parsed(const std::string& json) {
  google::protobuf::Struct parsed;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &parsed).ok()) << json;
  return parsed;
}

void ExpectAsTheLibraryHasIt(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string expected;
  const auto printed = google::protobuf::util::MessageToJsonString(message, &expected, options);
  ASSERT_TRUE(printed.ok()) << message.GetTypeName() << ": " << printed.ToString();
  for (const bool pretty : {false, true}) {
    std::string json;
    AppendJson(message, pretty, 0, json);
    ASSERT_TRUE(google::protobuf::util::MessageDifferencer::Equals(Parsed(json), Parsed(expected)))
        << json << "\n"
        << expected;
  }
}

TEST(ProtoJsonTest, MeansWhatTheLibraryMeans) {
  RandomFiller filler;
  for (int round = 0; round < 20; ++round) {
    for (const Family& family : Families()) {
      const std::unique_ptr<Message> response = NewMessage(family.get_response);
      filler.Fill(*response, 6);
      ExpectAsTheLibraryHasIt(*response);
    }
    v1::GetAgentStatusResponse status;
    filler.Fill(status, 5);
    ExpectAsTheLibraryHasIt(status);
    v1::GetAgentInfoResponse info;
    filler.Fill(info, 5);
    ExpectAsTheLibraryHasIt(info);
  }
}

TEST(ProtoJsonTest, Layout) {
  v1::SectionStatus status;
  status.set_state(v1::SECTION_STATE_STALE);
  status.mutable_error()->set_reason("R");
  (*status.mutable_error()->mutable_metadata())["k"] = "v";
  std::string json;
  AppendJson(status, false, 0, json);
  EXPECT_EQ(json, R"({"state":"SECTION_STATE_STALE","error":{"reason":"R","metadata":{"k":"v"}}})");
  json.clear();
  AppendJson(status, true, 4, json);
  EXPECT_EQ(json,
            "{\n"
            "     \"state\": \"SECTION_STATE_STALE\",\n"
            "     \"error\": {\n"
            "      \"reason\": \"R\",\n"
            "      \"metadata\": {\n"
            "       \"k\": \"v\"\n"
            "      }\n"
            "     }\n"
            "    }");
  json.clear();
  AppendJson(v1::SectionStatus(), true, 4, json);
  EXPECT_EQ(json, "{}");
}

TEST(ProtoJsonTest, UnknownEnumValuesAreNumbers) {
  v1::SectionStatus status;
  status.set_state(static_cast<v1::SectionState>(99));
  std::string json;
  AppendJson(status, false, 0, json);
  EXPECT_EQ(json, R"({"state":99})");
}

TEST(ProtoJsonTest, StringsAreEscaped) {
  std::string json;
  AppendJsonString("\"\\\b\x1F\x7F é", json);
  EXPECT_EQ(json, R"("\"\\\u0008\u001f\u007f é")");
}

}  // namespace
}  // namespace farstat::client
