// IP addresses as text and as bytes.

#ifndef FARSTAT_COMMON_IP_ADDRESS_H_
#define FARSTAT_COMMON_IP_ADDRESS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace farstat {

// The 4 or 16 bytes of an address in network order; empty if the text is none. A scope ("%eth0") is
// not part of an address.
std::string ParseIpAddress(absl::string_view text);

// The text of 4 or 16 bytes in network order; empty for any other number of them.
std::string IpAddressText(absl::string_view bytes);

}  // namespace farstat

#endif  // FARSTAT_COMMON_IP_ADDRESS_H_
