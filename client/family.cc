#include "client/family.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "farstat/v1/host.pb.h"

namespace farstat::client {
namespace {

// Field numbers of every statistics message.
constexpr int kRows = 3;
constexpr int kRemoved = 4;
constexpr int kTotals = 5;

const Descriptor* MessageNamed(const std::string& name) {
  return google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
      absl::StrCat("farstat.v1.", name));
}

// `stem` is the family's name inside the names of its service and messages: "Tcp".
Family MakeFamily(v1::Family number, const std::string& stem, const std::string& title) {
  Family family;
  family.number = number;
  family.name = absl::AsciiStrToLower(stem);
  family.title = title;
  const std::string service = absl::StrCat("/farstat.v1.", stem, "Service/");
  family.get_method = absl::StrCat(service, "Get", stem, "Statistics");
  family.subscribe_method = absl::StrCat(service, "Subscribe", stem, "Statistics");
  family.get_request = MessageNamed(absl::StrCat("Get", stem, "StatisticsRequest"));
  family.get_response = MessageNamed(absl::StrCat("Get", stem, "StatisticsResponse"));
  family.subscribe_request = MessageNamed(absl::StrCat("Subscribe", stem, "StatisticsRequest"));
  family.subscribe_response = MessageNamed(absl::StrCat("Subscribe", stem, "StatisticsResponse"));
  if (family.is_host()) return family;
  const Descriptor* statistics = MessageNamed(absl::StrCat(stem, "Statistics"));
  family.rows = statistics->FindFieldByNumber(kRows);
  family.removed = statistics->FindFieldByNumber(kRemoved);
  family.totals = statistics->FindFieldByNumber(kTotals);
  family.row = family.rows->message_type();
  family.group = google::protobuf::DescriptorPool::generated_pool()->FindEnumTypeByName(
      absl::StrCat("farstat.v1.", stem, "Group"));
  return family;
}

}  // namespace

const std::vector<Family>& Families() {
  // host.proto imports all families: naming it keeps them all in the binary.
  static const Descriptor* const linked = v1::HostStatistics::descriptor();
  static const auto& families = *new std::vector<Family>{
      MakeFamily(v1::FAMILY_RAS, "Ras", "RAS"), MakeFamily(v1::FAMILY_TCP, "Tcp", "TCP"),
      MakeFamily(v1::FAMILY_IPSEC, "Ipsec", "IPsec"), MakeFamily(v1::FAMILY_IKE, "Ike", "IKE")};
  static_cast<void>(linked);
  return families;
}

const Family& HostFamily() {
  static const auto& host =
      *new Family((Families(), MakeFamily(v1::FAMILY_UNSPECIFIED, "Host", "Host")));
  return host;
}

const Family* FindFamily(absl::string_view name) {
  if (absl::EqualsIgnoreCase(name, "host")) return &HostFamily();
  for (const Family& family : Families()) {
    if (absl::EqualsIgnoreCase(name, family.name)) return &family;
  }
  return nullptr;
}

const Family* FindFamily(v1::Family number) {
  for (const Family& family : Families()) {
    if (family.number == number) return &family;
  }
  return nullptr;
}

std::vector<std::string> FamilyNames() {
  std::vector<std::string> names = {"host"};
  for (const Family& family : Families()) names.push_back(family.name);
  return names;
}

std::unique_ptr<Message> NewMessage(const Descriptor* descriptor) {
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
}

const FieldDescriptor* FieldByNumber(const Message& message, int number) {
  return message.GetDescriptor()->FindFieldByNumber(number);
}

const Message& SubMessage(const Message& message, int number) {
  return message.GetReflection()->GetMessage(message, FieldByNumber(message, number));
}

bool HasSubMessage(const Message& message, int number) {
  return message.GetReflection()->HasField(message, FieldByNumber(message, number));
}

Message* MutableSubMessage(Message& message, int number) {
  return message.GetReflection()->MutableMessage(&message, FieldByNumber(message, number));
}

std::vector<std::pair<const Family*, Message*>> SectionsOf(const Family& family,
                                                           Message& statistics) {
  if (!family.is_host()) return {{&family, &statistics}};
  std::vector<std::pair<const Family*, Message*>> sections;
  for (const Family& part : Families()) {
    if (HasSubMessage(statistics, part.number)) {
      sections.emplace_back(&part, MutableSubMessage(statistics, part.number));
    }
  }
  return sections;
}

const v1::FieldInfo& InfoOf(const FieldDescriptor* field) {
  return field->options().GetExtension(v1::field);
}

}  // namespace farstat::client
