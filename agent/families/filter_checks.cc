#include "agent/families/filter_checks.h"

#include <set>
#include <utility>

#include "google/protobuf/text_format.h"

namespace farstat::families {

absl::Status CheckFilterSize(int values) {
  if (values <= kMaxFilterValues) return absl::OkStatus();
  return InvalidField("query.filter", absl::StrCat("query.filter has ", values, " values; at most ",
                                                   kMaxFilterValues, " are allowed"));
}

absl::Status CheckRanges(const google::protobuf::RepeatedPtrField<v1::Cidr>& from,
                         absl::string_view field, std::vector<AddressRange>& to) {
  for (const v1::Cidr& cidr : from) {
    absl::StatusOr<AddressRange> range = AddressRange::Parse(cidr.text());
    if (!range.ok()) {
      return InvalidField(field, absl::StrCat(field, ": ", range.status().message()));
    }
    to.push_back(*std::move(range));
  }
  return absl::OkStatus();
}

bool AnyContains(const std::vector<AddressRange>& ranges, const AddressBytes& address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const AddressRange& range) { return range.Contains(address); });
}

std::string FilterKey(const google::protobuf::Message& filter) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  filter.GetReflection()->ListFields(filter, &fields);
  std::string key;
  for (const google::protobuf::FieldDescriptor* field : fields) {
    std::set<std::string> values;
    // A field with one value has no index.
    const int first = field->is_repeated() ? 0 : -1;
    const int end = field->is_repeated() ? filter.GetReflection()->FieldSize(filter, field) : 0;
    for (int index = first; index < end; ++index) {
      std::string value;
      google::protobuf::TextFormat::PrintFieldValueToString(filter, field, index, &value);
      values.insert(std::move(value));
    }
    absl::StrAppend(&key, field->number(), ":");
    // With its size, so that no value can look like two.
    for (const std::string& value : values) absl::StrAppend(&key, value.size(), "=", value, ",");
  }
  return key;
}

}  // namespace farstat::families
