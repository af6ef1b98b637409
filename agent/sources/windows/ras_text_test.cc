#include "agent/sources/windows/ras_text.h"

#include <gtest/gtest.h>

#include <string>

namespace farstat::sources::windows {
namespace {

std::string Utf8(std::u16string_view text) {
  RasText converter;
  return std::string(converter.Utf8({text.data(), text.size()}));
}

TEST(RasTextTest, EndsAtTheFirstZeroOrTheEnd) {
  EXPECT_EQ(Utf8(std::u16string_view(u"ab\0cd", 5)), "ab");
  EXPECT_EQ(Utf8(u"ab"), "ab");
  EXPECT_EQ(Utf8(u""), "");
}

TEST(RasTextTest, AllLengthsOfUtf8) {
  EXPECT_EQ(Utf8(u"\u007f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff"),
            "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

TEST(RasTextTest, HalvesOfPairsAreReplaced) {
  const char16_t texts[][3] = {{0xD800, u'a', 0}, {0xDC00, u'a', 0}, {0xDC00, 0xD800, 0}};
  EXPECT_EQ(Utf8(texts[0]),
            "\xef\xbf\xbd"
            "a");
  EXPECT_EQ(Utf8(texts[1]),
            "\xef\xbf\xbd"
            "a");
  EXPECT_EQ(Utf8(texts[2]), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(RasTextTest, WhatIsTooLongIsCutOff) {
  EXPECT_EQ(Utf8(std::u16string(2000, u'\uffff')).size(), 3 * RasText::kLongest);
}

}  // namespace
}  // namespace farstat::sources::windows
