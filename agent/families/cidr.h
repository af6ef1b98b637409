// IP address ranges in CIDR notation.

#ifndef FARSTAT_AGENT_FAMILIES_CIDR_H_
#define FARSTAT_AGENT_FAMILIES_CIDR_H_

#include <array>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace farstat::families {

// An IPv6 address, or an IPv4 address as IPv4-mapped IPv6 address.
using AddressBytes = std::array<uint8_t, 16>;

// One address; the error says what is wrong with the text.
absl::StatusOr<AddressBytes> ParseAddress(absl::string_view text);

class AddressRange {
 public:
  // "10.0.0.0/8", "2001:db8::/32", "192.0.2.1". The error says what is wrong with the text.
  static absl::StatusOr<AddressRange> Parse(absl::string_view text);

  bool Contains(const AddressBytes& address) const;
  // False for a text that is no address.
  bool ContainsText(absl::string_view address) const;

 private:
  AddressBytes address_ = {};
  // Leading bits of the 128 that count.
  int prefix_length_ = 0;
};

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_CIDR_H_
