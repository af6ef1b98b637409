#include "common/ip_address.h"

#include <gtest/gtest.h>

namespace farstat {
namespace {

TEST(IpAddressTest, BytesAreInNetworkOrder) {
  EXPECT_EQ(ParseIpAddress("192.0.2.1"), std::string("\xc0\x00\x02\x01", 4));
  std::string v6("\x20\x01\x0d\xb8", 4);
  v6.resize(15);
  v6 += '\x01';
  EXPECT_EQ(ParseIpAddress("2001:db8::1"), v6);
}

TEST(IpAddressTest, TextComesBackInItsShortForm) {
  for (const char* const text : {"192.0.2.1", "0.0.0.0", "::", "::1", "2001:db8::1:0:0:1"}) {
    EXPECT_EQ(IpAddressText(ParseIpAddress(text)), text);
  }
  EXPECT_EQ(IpAddressText(ParseIpAddress("2001:0DB8:0:0::1")), "2001:db8::1");
}

TEST(IpAddressTest, WhatIsNoAddressIsEmpty) {
  for (const absl::string_view text :
       {"", "localhost", "192.0.2", "192.0.2.256", "192.0.2.1 ", "fe80::1%eth0", "::1/128", ":"}) {
    EXPECT_EQ(ParseIpAddress(text), "") << text;
  }
  EXPECT_EQ(ParseIpAddress(absl::string_view("::1\0", 4)), "");
  EXPECT_EQ(IpAddressText("123"), "");
  EXPECT_EQ(IpAddressText(""), "");
}

}  // namespace
}  // namespace farstat
