#include "agent/rpc/resume_token.h"

#include <gtest/gtest.h>

namespace farstat::rpc {
namespace {

const ResumePositions kPositions = {
    {v1::FAMILY_TCP, {17, absl::FromUnixMillis(1'700'000'000'123), 99}},
    {v1::FAMILY_IKE, {3, absl::FromUnixMillis(1'700'000'000'456), 7}}};

TEST(ResumeTokenTest, IsReadAsItWasMade) {
  const ResumePositions read = ParseResumeToken(MakeResumeToken(kPositions, 5), 5);
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read.at(v1::FAMILY_TCP).tick, 17u);
  EXPECT_EQ(read.at(v1::FAMILY_TCP).time, kPositions.at(v1::FAMILY_TCP).time);
  EXPECT_EQ(read.at(v1::FAMILY_IKE).fingerprint, 7u);
}

TEST(ResumeTokenTest, OfAnotherAgentProcessIsEmpty) {
  EXPECT_TRUE(ParseResumeToken(MakeResumeToken(kPositions, 5), 6).empty());
}

TEST(ResumeTokenTest, OfAnyOtherLengthIsEmpty) {
  const std::string token = MakeResumeToken(kPositions, 5);
  for (size_t size = 0; size < token.size(); ++size) {
    // Whole positions are a token of fewer families.
    if (size >= 8 && (size - 8) % 32 == 0) continue;
    EXPECT_TRUE(ParseResumeToken(token.substr(0, size), 5).empty()) << size;
  }
  EXPECT_TRUE(ParseResumeToken(token + "x", 5).empty());
}

}  // namespace
}  // namespace farstat::rpc
