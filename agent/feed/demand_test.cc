#include "agent/feed/demand.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace farstat::feed {
namespace {

constexpr PartMask kBasic = 1 << 0;
constexpr PartMask kData = 1 << 1;
constexpr PartMask kPath = 1 << 2;

// A filter for facts that begin with `letter`; `calls` counts how often it is asked.
FilterPtr BeginsWith(char letter, int* calls = nullptr) {
  return std::make_shared<const Filter>(std::string(1, letter),
                                        [letter, calls](absl::string_view facts) {
                                          if (calls != nullptr) ++*calls;
                                          return facts[0] == letter;
                                        });
}

TEST(DemandsTest, NothingIsWantedOfNobodysRows) {
  const Demands demands;
  EXPECT_EQ(demands.parts(), 0u);
  EXPECT_EQ(demands.PartsOf("a"), 0u);
  EXPECT_FALSE(demands.Cover(kBasic));
}

TEST(DemandsTest, RowsGetTheUnionOfWhatMatchesThem) {
  Demands demands;
  demands.Add({kBasic});
  demands.Add({kData, BeginsWith('a')});
  demands.Add({kPath, BeginsWith('b')});
  demands.Add({kPath, BeginsWith('a')});
  EXPECT_EQ(demands.parts(), kBasic | kData | kPath);
  EXPECT_EQ(demands.PartsOf("a"), kBasic | kData | kPath);
  EXPECT_EQ(demands.PartsOf("b"), kBasic | kPath);
  EXPECT_EQ(demands.PartsOf("c"), kBasic);
}

TEST(DemandsTest, FilterThatCannotAddAnythingIsNotAsked) {
  int calls = 0;
  Demands demands;
  demands.Add({kData, BeginsWith('a', &calls)});
  demands.Add({kBasic | kData});
  EXPECT_EQ(demands.PartsOf("a"), kBasic | kData);
  EXPECT_EQ(calls, 0);
}

TEST(DemandsTest, EqualFiltersAreAskedOnce) {
  int calls = 0;
  Demands demands;
  for (int i = 0; i < 100; ++i) demands.Add({kData, BeginsWith('a', &calls)});
  demands.PartsOf("b");
  EXPECT_EQ(calls, 1);
}

TEST(DemandsTest, CoversOnlyWhatWasCollectedForTheSameRows) {
  Demands demands;
  demands.Add({kBasic});
  demands.Add({kData, BeginsWith('a')});
  EXPECT_TRUE(demands.Cover({kBasic, BeginsWith('z')}));
  EXPECT_TRUE(demands.Cover({kBasic | kData, BeginsWith('a')}));
  EXPECT_FALSE(demands.Cover({kBasic | kData, BeginsWith('b')}));
  EXPECT_FALSE(demands.Cover({kBasic | kData}));
  EXPECT_FALSE(demands.Cover({kPath, BeginsWith('a')}));
}

TEST(DemandsTest, ManyFiltersWantEverything) {
  Demands demands;
  for (char letter = 'a'; letter <= 'z'; ++letter) demands.Add({kData, BeginsWith(letter)});
  EXPECT_EQ(demands.PartsOf("!"), kData);
  EXPECT_TRUE(demands.Cover({kData}));
}

}  // namespace
}  // namespace farstat::feed
