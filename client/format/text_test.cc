#include "client/format/text.h"

#include <string>

#include "gtest/gtest.h"

namespace farstat::client {
namespace {

TEST(TextTest, WidthCountsColumnsNotBytes) {
  EXPECT_EQ(TextWidth("850 µs"), 6u);
  EXPECT_EQ(TextWidth("日本"), 4u);
  EXPECT_EQ(TextWidth("e\xCC\x81"), 1u);  // e and a combining acute accent
  EXPECT_EQ(TextWidth("\xFF"), 1u);
  EXPECT_EQ(TextWidth(""), 0u);
}

TEST(TextTest, TruncationKeepsCharactersWhole) {
  EXPECT_EQ(Truncated("nginx", 5), "nginx");
  EXPECT_EQ(Truncated("postgres", 5), "post…");
  EXPECT_EQ(Truncated("日本語", 4), "日…");
  EXPECT_EQ(Truncated("nginx", 0), "");
}

TEST(TextTest, LongIpv6AddressesLoseTheirMiddle) {
  const std::string address = "[2001:db8:1:2:3:4:5:6]:443";
  EXPECT_EQ(ShortenedEndpoint(address, 26), address);
  EXPECT_EQ(ShortenedEndpoint(address, 25), "[2001:db8:1:…:4:5:6]:443");
  EXPECT_EQ(ShortenedEndpoint(address, 20), "[2001:db8:…:5:6]:443");
  EXPECT_EQ(ShortenedEndpoint(address, 16), "[2001:…:5:6]:443");
  EXPECT_EQ(ShortenedEndpoint(address, 13), "[2001:…6]:443");
  EXPECT_EQ(ShortenedEndpoint("192.168.100.200:54321", 14), "192.16…0:54321");
}

TEST(TextTest, WhatAgentsReportCannotSteerTheTerminal) {
  EXPECT_EQ(Printable("nginx\x1B[2J\n"), "nginx?[2J?");
  EXPECT_EQ(Printable("a\xC2\x9B"
                      "31m"),
            "a?31m");  // CSI as one character
  EXPECT_EQ(Printable("a\xE2\x80\xAE"
                      "b"),
            "a?b");  // right-to-left override
  EXPECT_EQ(Printable("caf\xC3\xA9 \xFF\xC3"), "café ??");
  EXPECT_EQ(Printable("\xED\xA0\x80"), "???");  // a surrogate is no character
  EXPECT_EQ(Printable("\xC0\xAF"), "??");       // overlong "/"
}

TEST(TextTest, Wrapping) {
  EXPECT_EQ(Wrapped("TCP  ", "one two three", 12, "     "), "TCP  one two\n     three");
  EXPECT_EQ(Wrapped("> ", "verylongword short", 6, "  "), "> verylongword\n  short");
  EXPECT_EQ(Wrapped("> ", "", 6, "  "), "> ");
}

}  // namespace
}  // namespace farstat::client
