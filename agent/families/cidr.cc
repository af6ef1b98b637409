#include "agent/families/cidr.h"

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/ip_address.h"

namespace farstat::families {
namespace {

constexpr int kMappedPrefix = 96;

// The address and how many bits it has of its own: 32 or 128; 0: it is none.
int ReadAddress(absl::string_view text, AddressBytes& address) {
  const std::string bytes = ParseIpAddress(text);
  const int bits = static_cast<int>(bytes.size()) * 8;
  if (bits == 32) address[10] = address[11] = 0xff;
  std::copy(bytes.begin(), bytes.end(), address.end() - bytes.size());
  return bits;
}

}  // namespace

absl::StatusOr<AddressBytes> ParseAddress(absl::string_view text) {
  AddressBytes address = {};
  if (ReadAddress(text, address) != 0) return address;
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not an IP address"));
}

absl::StatusOr<AddressRange> AddressRange::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  AddressRange range;
  const int bits = ReadAddress(text.substr(0, slash), range.address_);
  if (bits == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is not an IP address or a range such as 10.0.0.0/8"));
  }
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
