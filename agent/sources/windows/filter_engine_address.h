// An IP address as the filter engine's structures hold it.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_FILTER_ENGINE_ADDRESS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_FILTER_ENGINE_ADDRESS_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "agent/sources/address_text.h"

namespace farstat::sources::windows {

class FilterEngineAddress {
 public:
  // The two members of the address's union; `ip_version` says which of them counts. With another
  // IP version than 4 and 6 there is no address.
  FilterEngineAddress(uint32_t ip_version, uint32_t v4_address, const uint8_t* v6_address);

  // Empty: no address. Lives as long as this object.
  absl::string_view text() const { return text_; }
  // In network order, IPv4 as IPv4-mapped IPv6; zeros: no address. For facts.
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }

  FilterEngineAddress(const FilterEngineAddress&) = delete;
  FilterEngineAddress& operator=(const FilterEngineAddress&) = delete;

 private:
  std::array<uint8_t, 16> bytes_ = {};
  AddressText memory_;
  absl::string_view text_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_FILTER_ENGINE_ADDRESS_H_
