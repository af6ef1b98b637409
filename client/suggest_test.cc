#include "client/suggest.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace farstat::client {
namespace {

const std::vector<std::string> kCommands = {"get", "watch", "agent", "version"};

TEST(SuggestTest, FindsSlipsOfTheFingers) {
  EXPECT_EQ(Nearest("gte", kCommands), "get");
  EXPECT_EQ(Nearest("WATCH", kCommands), "watch");
  EXPECT_EQ(Nearest("wtach", kCommands), "watch");
  EXPECT_EQ(Nearest("vers", kCommands), "version");
  EXPECT_EQ(Nearest("agnets", kCommands), "agent");
  EXPECT_EQ(Nearest("close-wait", {"close_wait"}), "close_wait");
}

TEST(SuggestTest, DoesNotGuessWildly) {
  EXPECT_EQ(Nearest("frobnicate", kCommands), "");
  EXPECT_EQ(Nearest("", kCommands), "");
  EXPECT_EQ(Nearest("x", {}), "");
}

TEST(SuggestTest, SaysWhatThereIsWhereNothingIsNear) {
  EXPECT_EQ(Suggestion("frobnicate", kCommands), " There are: get, watch, agent, version.");
  EXPECT_EQ(Suggestion("gett", kCommands), " Did you mean get?");
}

}  // namespace
}  // namespace farstat::client
