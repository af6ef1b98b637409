#include "agent/families/cidr.h"

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/ip_address.h"

namespace farstat::families {
namespace {

constexpr int kMappedPrefix = 96;

}  // namespace

absl::StatusOr<AddressRange> AddressRange::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  const std::string bytes = ParseIpAddress(text.substr(0, slash));
  if (bytes.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is not an IP address or a range such as 10.0.0.0/8"));
  }
  AddressRange range;
  const int bits = static_cast<int>(bytes.size()) * 8;
  if (bits == 32) range.address_[10] = range.address_[11] = 0xff;
  std::copy(bytes.begin(), bytes.end(), range.address_.end() - bytes.size());
  int length = bits;
  if (slash != absl::string_view::npos &&
      (!absl::SimpleAtoi(text.substr(slash + 1), &length) || length < 0 || length > bits)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" has no prefix length from 0 to ", bits, " after the slash"));
  }
  range.prefix_length_ = bits == 32 ? kMappedPrefix + length : length;
  return range;
}

bool AddressRange::Contains(const AddressBytes& address) const {
  const int whole = prefix_length_ / 8;
  if (!std::equal(address_.begin(), address_.begin() + whole, address.begin())) return false;
  const int rest = prefix_length_ % 8;
  return rest == 0 || (address_[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool AddressRange::ContainsText(absl::string_view address) const {
  const absl::StatusOr<AddressRange> parsed = Parse(address);
  return parsed.ok() && Contains(parsed->address_);
}

}  // namespace farstat::families
