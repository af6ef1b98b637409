#include "agent/sources/address_text.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "common/sockets.h"

namespace farstat::sources {
namespace {

std::string SystemText(int family, const void* address) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(family, address, text, sizeof(text));
}

TEST(AddressTextTest, WritesEveryByteOfIpv4) {
  AddressText text;
  for (int value = 0; value < 256; ++value) {
    const auto byte = static_cast<uint8_t>(value);
    for (const std::array<uint8_t, 4>& address :
         {std::array<uint8_t, 4>{byte, 0, 0, 0}, std::array<uint8_t, 4>{10, byte, 200, byte},
          std::array<uint8_t, 4>{255, 255, 255, byte}}) {
      EXPECT_EQ(text.FormatIpv4(address.data()), SystemText(AF_INET, address.data()));
    }
  }
}

TEST(AddressTextTest, WritesRfc5952) {
  for (const char* expected :
       {"::", "::1", "1::", "fe80::1", "2001:db8::1:0:0:1", "2001:db8:0:1:1:1:1:1",
        "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "::ffff:0.0.0.0", "::192.0.2.1", "::1:0:0:0",
        "1:0:0:2::3", "1:2:3:4:5:6::", "64:ff9b::c000:201",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    in6_addr address;
    ASSERT_EQ(inet_pton(AF_INET6, expected, &address), 1) << expected;
    EXPECT_EQ(AddressText().FormatIpv6(&address), expected);
  }
}

// Every pattern of zero and non-zero groups, with groups of every length.
TEST(AddressTextTest, AgreesWithTheSystemOnEveryPatternOfZeros) {
  std::mt19937 random(1);
  AddressText text;
  for (int pattern = 0; pattern < 256; ++pattern) {
    for (int round = 0; round < 50; ++round) {
      std::array<uint8_t, 16> address = {};
      for (int group = 0; group < 8; ++group) {
        if ((pattern >> group & 1) == 0) continue;
        const uint32_t value = (random() & 0xffff) >> (random() % 4 * 4);
        address[2 * group] = static_cast<uint8_t>(value >> 8);
        address[2 * group + 1] = static_cast<uint8_t>(value);
      }
      ASSERT_EQ(text.FormatIpv6(address.data()), SystemText(AF_INET6, address.data()));
    }
  }
}

}  // namespace
}  // namespace farstat::sources
