#include "agent/families/cidr.h"

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#endif

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace farstat::families {
namespace {

constexpr int kMappedPrefix = 96;

// The address and how many bits it has of its own: 32 or 128; 0: it is none.
int ReadAddress(absl::string_view text, AddressBytes& address) {
  const std::string terminated(text);
  if (in_addr v4; inet_pton(AF_INET, terminated.c_str(), &v4) == 1) {
    address[10] = address[11] = 0xff;
    std::memcpy(address.data() + 12, &v4, sizeof(v4));
    return 32;
  }
  if (in6_addr v6; inet_pton(AF_INET6, terminated.c_str(), &v6) == 1) {
    std::memcpy(address.data(), &v6, sizeof(v6));
    return 128;
  }
  return 0;
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
