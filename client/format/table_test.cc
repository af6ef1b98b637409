#include "client/format/table.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace farstat::client {
namespace {

using Shrink = TableColumn::Shrink;

const std::vector<TableColumn> kColumns = {{"NAME", false, Shrink::kText, false},
                                           {"PEER", false, Shrink::kEndpoint, false},
                                           {"BYTES", true, Shrink::kNever, false},
                                           {"EXTRA", true, Shrink::kNever, true}};
const std::vector<TableLayout::Cells> kRows = {
    {"a", "192.0.2.1:443", "1 B", "1"}, {"postgresql", "[2001:db8:1:2:3:4:5:6]:443", "12 kB", "2"}};

TEST(TableTest, AsWideAsItNeedsToBe) {
  EXPECT_EQ(TableLayout(kColumns, {0, false}).Render(kRows),
            "NAME        PEER                        BYTES  EXTRA\n"
            "a           192.0.2.1:443                 1 B      1\n"
            "postgresql  [2001:db8:1:2:3:4:5:6]:443  12 kB      2\n");
}

TEST(TableTest, GapsShrinkThenOptionalColumnsGo) {
  EXPECT_EQ(TableLayout(kColumns, {50, false}).Render(kRows),
            "NAME       PEER                       BYTES EXTRA\n"
            "a          192.0.2.1:443                1 B     1\n"
            "postgresql [2001:db8:1:2:3:4:5:6]:443 12 kB     2\n");
  EXPECT_EQ(TableLayout(kColumns, {46, false}).Render(kRows),
            "NAME        PEER                        BYTES\n"
            "a           192.0.2.1:443                 1 B\n"
            "postgresql  [2001:db8:1:2:3:4:5:6]:443  12 kB\n");
}

TEST(TableTest, ThenTheWidestTextGetsShorter) {
  EXPECT_EQ(TableLayout(kColumns, {35, false}).Render(kRows),
            "NAME       PEER               BYTES\n"
            "a          192.0.2.1:443        1 B\n"
            "postgresql [2001:…:5:6]:443   12 kB\n");
}

TEST(TableTest, ThenColumnsGoUnlessTheyArePinned) {
  EXPECT_EQ(TableLayout(kColumns, {25, false}).Render({kRows[1]}),
            "NAME       PEER\n"
            "postgresql [2001:…:6]:443\n");
  std::vector<TableColumn> pinned = kColumns;
  for (TableColumn& column : pinned) column.pinned = true;
  EXPECT_EQ(TableLayout(pinned, {10, false}).Render({kRows[1]}),
            "NAME     PEER           BYTES EXTRA\n"
            "postgre… [2001:…:6]:443 12 kB     2\n");
}

TEST(TableTest, WidthIsCountedInColumns) {
  EXPECT_EQ(
      TableLayout({{"NAME"}, {"RTT", true}}, {0, false}).Render({{"日本", "850 µs"}, {"a", "1 s"}}),
      "NAME     RTT\n"
      "日本  850 µs\n"
      "a        1 s\n");
}

TEST(TableTest, TheHeadingComesOnceUnlessColumnsMove) {
  TableLayout layout({{"NAME"}, {"N", true}}, {0, false});
  EXPECT_EQ(layout.Render({{"abcde", "10"}}), "NAME    N\nabcde  10\n");
  EXPECT_EQ(layout.Render({{"a", "1"}}), "a       1\n");
  EXPECT_EQ(layout.Render({{"abcdef", "1"}}), "NAME     N\nabcdef   1\n");
  layout.ForceHeading();
  EXPECT_EQ(layout.Render({}), "NAME     N\n");
}

TEST(TableTest, ColoursOnlyWhereTheyAreWanted) {
  EXPECT_EQ(TableLayout({{"A"}}, {0, true}).Render({{"x"}}), "\033[1mA\033[0m\nx\n");
  EXPECT_EQ(Styled("x", Style::kBad, true), "\033[31mx\033[0m");
  EXPECT_EQ(Styled("x", Style::kBad, false), "x");
}

}  // namespace
}  // namespace farstat::client
