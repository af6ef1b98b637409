#include "agent/families/filter_checks.h"

#include <utility>

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

}  // namespace farstat::families
