#include "agent/families/cidr.h"

#include <gtest/gtest.h>

#include <string>

namespace farstat::families {
namespace {

bool Contains(const std::string& range, const std::string& address) {
  const absl::StatusOr<AddressRange> parsed = AddressRange::Parse(range);
  EXPECT_TRUE(parsed.ok()) << range << ": " << parsed.status();
  return parsed.ok() && parsed->ContainsText(address);
}

TEST(AddressRangeTest, ContainsWhatItsPrefixSays) {
  EXPECT_TRUE(Contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(Contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(Contains("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(Contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(Contains("0.0.0.0/0", "203.0.113.9"));
  EXPECT_TRUE(Contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(Contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(Contains("::/0", "2001:db8::1"));
}

TEST(AddressRangeTest, SingleAddressIsARangeOfItself) {
  EXPECT_TRUE(Contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(Contains("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(Contains("::1", "::1"));
}

TEST(AddressRangeTest, HostBitsAreIgnored) { EXPECT_TRUE(Contains("10.1.2.3/8", "10.9.9.9")); }

TEST(AddressRangeTest, MappedAddressesMatchIpv4Ranges) {
  EXPECT_TRUE(Contains("127.0.0.0/8", "::ffff:127.0.0.1"));
  EXPECT_FALSE(Contains("0.0.0.0/0", "2001:db8::1")) << "every IPv4 address, and no other";
  EXPECT_TRUE(Contains("::/0", "127.0.0.1"));
}

TEST(AddressRangeTest, MalformedTextIsRefused) {
  for (const char* text :
       {"", "/", "10/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/x",
        "::1/129", "localhost", "10.0.0.256", " 10.0.0.1", "1.2.3.4.5"}) {
    EXPECT_FALSE(AddressRange::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace farstat::families
