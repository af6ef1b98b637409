#include "agent/sources/windows/guid_text.h"

#include <gtest/gtest.h>

#include <string>

namespace farstat::sources::windows {
namespace {

TEST(GuidTextTest, EveryDigitIsAtItsPlace) {
  const Guid guid = {0x01234567, 0x89ab, 0xcdef, {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}};
  const GuidText text = FormatGuid(guid);
  EXPECT_EQ(std::string(text.data(), text.size()), "01234567-89ab-cdef-0123-456789abcdef");
}

}  // namespace
}  // namespace farstat::sources::windows
