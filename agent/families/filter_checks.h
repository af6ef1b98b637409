// What the filters of the families have in common: the checks of their fields, and how values are
// looked up when rows are matched.

#ifndef FARSTAT_AGENT_FAMILIES_FILTER_CHECKS_H_
#define FARSTAT_AGENT_FAMILIES_FILTER_CHECKS_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "agent/families/cidr.h"
#include "common/status.h"
#include "farstat/v1/common.pb.h"
#include "google/protobuf/message.h"

namespace farstat::families {

// Every value is compared with every row that changes.
inline constexpr int kMaxFilterValues = 256;

// `values` is how many values the filter has in all its fields.
absl::Status CheckFilterSize(int values);

// The ranges of a field, parsed into `to`. `field` is its path in the request, for errors.
absl::Status CheckRanges(const google::protobuf::RepeatedPtrField<v1::Cidr>& from,
                         absl::string_view field, std::vector<AddressRange>& to);

// The values of a field of enumeration values as bits: bit n is set if n is among them. `is_valid`
// is the enumeration's own check; 0 is UNSPECIFIED in every enumeration, and nothing to ask for.
// `what` completes "17 is not …".
template <typename IsValid>
absl::Status CheckEnums(const google::protobuf::RepeatedField<int>& from, const IsValid& is_valid,
                        absl::string_view field, absl::string_view what, uint32_t& bits) {
  for (const int value : from) {
    if (value == 0 || value >= 32 || !is_valid(value)) {
      return InvalidField(field, absl::StrCat(field, ": ", value, " is not ", what));
    }
    bits |= uint32_t{1} << value;
  }
  return absl::OkStatus();
}

bool AnyContains(const std::vector<AddressRange>& ranges, const AddressBytes& address);

template <typename Value>
bool Has(const std::vector<Value>& values, Value value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Equal for filters that ask for the same: the order of values and their repetition do not matter.
// Empty for a filter that asks for nothing.
std::string FilterKey(const google::protobuf::Message& filter);

// Whether `value` is among the values of CheckEnums, or those are none and so all.
constexpr bool AnyOrHasBit(uint32_t bits, uint32_t value) {
  return bits == 0 || (value < 32 && (bits >> value & 1) != 0);
}

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_FILTER_CHECKS_H_
