#include "agent/sources/windows/filter_engine_address.h"

#include <algorithm>

#include "agent/sources/windows/abi.h"

namespace farstat::sources::windows {

FilterEngineAddress::FilterEngineAddress(uint32_t ip_version, uint32_t v4_address,
                                         const uint8_t* v6_address) {
  if (ip_version == kIpVersion4) {
    bytes_[10] = bytes_[11] = 0xff;
    // A number in host order, unlike in the TCP tables.
    for (size_t i = 0; i < 4; ++i)
      bytes_[12 + i] = static_cast<uint8_t>(v4_address >> (24 - 8 * i));
    text_ = memory_.FormatIpv4(bytes_.data() + 12);
  } else if (ip_version == kIpVersion6) {
    std::copy_n(v6_address, bytes_.size(), bytes_.begin());
    text_ = memory_.FormatIpv6(bytes_.data());
  }
}

}  // namespace farstat::sources::windows
