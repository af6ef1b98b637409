#include "agent/sources/windows/estats_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/status.h"
#include "tests/support/journal_connection.h"
#include "tests/support/test_certificates.h"

namespace farstat::sources::windows {
namespace {

using farstat::testing::JournalConnection;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class EstatsJournalTest : public ::testing::Test {
 protected:
  const TestFolder folder_;
  const std::string path_ = folder_.Path("state/estats.journal");
};

TEST_F(EstatsJournalTest, WritesNothingAsLongAsThereIsNothingToRemember) {
  const EstatsJournal journal(path_);
  EXPECT_TRUE(journal.status().ok()) << journal.status();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(EstatsJournalTest, WhatIsRememberedOutlivesIt) {
  {
    EstatsJournal journal(path_);
    ASSERT_TRUE(journal.Remember({{JournalConnection(1), 2}, {JournalConnection(2), 8}}).ok());
    ASSERT_TRUE(journal.Remember({{JournalConnection(1), 6}}).ok());
    journal.Forget({{JournalConnection(2), 0}});
    EXPECT_EQ(journal.Of(JournalConnection(1)), 6u);
  }
  const EstatsJournal journal(path_);
  EXPECT_THAT(journal.entries(),
              UnorderedElementsAre(EstatsJournal::Entry(JournalConnection(1), 6)));
  EXPECT_TRUE(journal.damage().ok());
}

TEST_F(EstatsJournalTest, IsOneAgentsAtATime) {
  const EstatsJournal journal(path_);
  EstatsJournal other(path_);
  EXPECT_TRUE(absl::IsUnavailable(other.status())) << other.status();
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("another agent"));
  EXPECT_EQ(other.Remember({{JournalConnection(1), 2}}), other.status());
}

TEST_F(EstatsJournalTest, WithoutAPathSaysWhichSettingIsMissing) {
  EstatsJournal journal("");
  const absl::Status status = journal.Remember({{JournalConnection(1), 2}});
  EXPECT_EQ(ErrorInfoOf(status).reason(), kSettingRequired);
  EXPECT_EQ(ErrorInfoOf(status).metadata().at("setting"), "state_directory");
}

TEST_F(EstatsJournalTest, LeavesAForeignFileAlone) {
  std::filesystem::create_directories(folder_.Path("state"));
  const std::string text(100, 'x');
  std::ofstream(path_) << text;
  EstatsJournal journal(path_);
  EXPECT_THAT(std::string(journal.status().message()), HasSubstr("not a file of this agent"));
  EXPECT_FALSE(journal.Remember({{JournalConnection(1), 2}}).ok());
  EXPECT_EQ(std::filesystem::file_size(path_), text.size());
}

// A crash may have cut the newest record short at any byte.

TEST_F(EstatsJournalTest, ReadsWhatIsWholeOfATornFileAndMendsIt) {
  {
    EstatsJournal journal(path_);
    ASSERT_TRUE(journal.Remember({{JournalConnection(1), 2}}).ok());
    ASSERT_TRUE(journal.Remember({{JournalConnection(2), 8}}).ok());
  }
  const std::string whole = *ReadWholeFile(path_, 1 << 20);
  ASSERT_EQ(whole.size(), 3u * 64);
  for (const size_t size : {0, 1, 63, 64, 65, 127, 128, 129, 160, 191}) {
    ASSERT_TRUE(ReplaceDurably(path_, whole.substr(0, size)).ok());
    {
      EstatsJournal journal(path_);
      ASSERT_TRUE(journal.status().ok()) << size << ": " << journal.status();
      EXPECT_EQ(journal.entries().size(), size < 128 ? 0u : 1u) << size;
      ASSERT_TRUE(journal.Remember({{JournalConnection(3), 16}}).ok());
    }
    const EstatsJournal journal(path_);
    EXPECT_TRUE(journal.damage().ok()) << size;
    EXPECT_EQ(journal.Of(JournalConnection(3)), 16u) << size;
    EXPECT_EQ(journal.Of(JournalConnection(1)), size < 128 ? 0u : 2u) << size;
  }
}

TEST_F(EstatsJournalTest, StopsAtADamagedRecordAndSaysSo) {
  {
    EstatsJournal journal(path_);
    ASSERT_TRUE(journal.Remember({{JournalConnection(1), 2}}).ok());
    ASSERT_TRUE(journal.Remember({{JournalConnection(2), 8}}).ok());
  }
  std::string bytes = *ReadWholeFile(path_, 1 << 20);
  bytes[2 * 64 + 5] ^= 1;
  ASSERT_TRUE(ReplaceDurably(path_, bytes).ok());
  const EstatsJournal journal(path_);
  EXPECT_THAT(std::string(journal.damage().message()), HasSubstr("1 of 2 records are damaged"));
  EXPECT_THAT(journal.entries(),
              UnorderedElementsAre(EstatsJournal::Entry(JournalConnection(1), 2)));
}

TEST_F(EstatsJournalTest, DoesNotGrowWithoutEnd) {
  EstatsJournal journal(path_);
  for (uint32_t i = 0; i < 30; ++i) {
    const std::vector<EstatsJournal::Entry> entries(100, {JournalConnection(1), 2 + i % 2});
    ASSERT_TRUE(journal.Remember(entries).ok());
  }
  EXPECT_LE(std::filesystem::file_size(path_), 1100u * 64);
  std::vector<EstatsJournal::Entry> many;
  for (size_t i = 0; i <= EstatsJournal::kMostEntries; ++i) {
    many.emplace_back(JournalConnection(1), 2);
    many.back().first.incarnation = i + 1;
  }
  EXPECT_TRUE(absl::IsResourceExhausted(journal.Remember(many)));
}

// The system does not even let it be cut off.

TEST_F(EstatsJournalTest, IsTakenUpWhenTheOtherAgentHasGone) {
  auto other = std::make_unique<EstatsJournal>(path_);
  ASSERT_TRUE(other->Remember({{JournalConnection(1), 2}}).ok());
  EstatsJournal journal(path_);
  EXPECT_TRUE(absl::IsUnavailable(journal.Mend()));
  other.reset();
  EXPECT_TRUE(journal.needs_mending());
  EXPECT_TRUE(journal.Mend().ok());
  EXPECT_TRUE(journal.status().ok()) << journal.status();
  EXPECT_EQ(journal.Of(JournalConnection(1)), 2u);
}

// It holds the lock from the first time on, which must not keep it away the second time.

TEST_F(EstatsJournalTest, IsTakenUpWhenAForeignFileHasBeenMovedAway) {
  std::filesystem::create_directories(folder_.Path("state"));
  std::ofstream(path_) << std::string(100, 'x');
  EstatsJournal journal(path_);
  journal.Forget({});
  EXPECT_FALSE(journal.Mend().ok());
  EXPECT_EQ(std::filesystem::file_size(path_), 100u) << "it is left alone";
  std::filesystem::remove(path_);
  EXPECT_TRUE(journal.Mend().ok());
  EXPECT_TRUE(journal.Remember({{JournalConnection(1), 2}}).ok());
}

TEST_F(EstatsJournalTest, WithoutAPathThereIsNothingToMend) {
  EXPECT_FALSE(EstatsJournal("").needs_mending());
}

TEST_F(EstatsJournalTest, AFullJournalStillTakesChangesOfWhatItHas) {
  EstatsJournal journal(path_);
  std::vector<EstatsJournal::Entry> many;
  for (size_t i = 0; i < EstatsJournal::kMostEntries; ++i) {
    many.emplace_back(JournalConnection(1), 2);
    many.back().first.incarnation = i + 1;
  }
  ASSERT_TRUE(journal.Remember(many).ok());
  const TcpIdentity known = many.front().first;
  EXPECT_TRUE(journal.Remember({{known, 6}}).ok());
  EXPECT_EQ(journal.Of(known), 6u);
  EXPECT_TRUE(absl::IsResourceExhausted(journal.Remember({{known, 2}, {JournalConnection(2), 2}})));
  EXPECT_EQ(journal.Of(known), 6u);
}

TEST_F(EstatsJournalTest, AFolderThatCannotBeMadeIsAnError) {
  std::ofstream(folder_.Path("state")) << "a file";
  const EstatsJournal journal(path_);
  EXPECT_FALSE(journal.status().ok());
  EXPECT_THAT(std::string(journal.status().message()), HasSubstr("state"));
}

}  // namespace
}  // namespace farstat::sources::windows
