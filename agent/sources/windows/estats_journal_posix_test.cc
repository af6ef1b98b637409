// Disks that are full, as Linux can pretend to have them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "agent/sources/windows/estats_journal.h"
#include "tests/support/journal_connection.h"
#include "tests/support/test_certificates.h"

namespace farstat::sources::windows {
namespace {

using farstat::testing::JournalConnection;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// While it lives, this process can write no file beyond `bytes`: the part before is written, as on
// a disk that fills up.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_ = {};
};

class EstatsJournalDiskTest : public ::testing::Test {
 protected:
  const TestFolder folder_;
  const std::string path_ = folder_.Path("state/estats.journal");
};

TEST_F(EstatsJournalDiskTest, AFullDiskIsAnErrorAndChangesNothing) {
  EstatsJournal journal(path_);
  ASSERT_TRUE(journal.Remember({{JournalConnection(1), 2}}).ok());
  std::filesystem::rename(path_, path_ + ".aside");
  std::filesystem::create_symlink("/dev/full", path_);
  const absl::Status status = journal.Remember({{JournalConnection(2), 8}});
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("No space left"));
  EXPECT_EQ(journal.Of(JournalConnection(2)), 0u);
  // Once there is room it is written whole.
  std::filesystem::remove(path_);
  EXPECT_TRUE(journal.Remember({{JournalConnection(3), 8}}).ok());
  EXPECT_EQ(ReadWholeFile(path_, 1 << 20)->size(), 3u * 64);
}

TEST_F(EstatsJournalDiskTest, WhatWasRefusedIsNotInTheFileForALaterAgent) {
  {
    EstatsJournal journal(path_);
    ASSERT_TRUE(journal.Remember({{JournalConnection(1), 2}}).ok());
    absl::Status status;
    {
      const FileSizeLimit two_records_fit(4 * 64 + 10);
      status = journal.Remember({{JournalConnection(1), 0},
                                 {JournalConnection(2), 8},
                                 {JournalConnection(3), 8},
                                 {JournalConnection(4), 8}});
    }
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_FALSE(journal.needs_mending());
    EXPECT_EQ(std::filesystem::file_size(path_), 2u * 64);
  }
  const EstatsJournal later(path_);
  EXPECT_THAT(later.entries(), UnorderedElementsAre(EstatsJournal::Entry(JournalConnection(1), 2)));
}

TEST_F(EstatsJournalDiskTest, WhatCannotBeTakenBackIsMendedLater) {
  EstatsJournal journal(path_);
  ASSERT_TRUE(journal.Remember({{JournalConnection(1), 2}}).ok());
  std::filesystem::rename(path_, path_ + ".aside");
  std::filesystem::create_symlink("/dev/full", path_);
  EXPECT_FALSE(journal.Remember({{JournalConnection(2), 8}}).ok());
  EXPECT_TRUE(journal.needs_mending());
  std::filesystem::remove(path_);
  EXPECT_TRUE(journal.Mend().ok());
  EXPECT_FALSE(journal.needs_mending());
  EXPECT_EQ(ReadWholeFile(path_, 1 << 20), ReadWholeFile(path_ + ".aside", 1 << 20));
}

TEST_F(EstatsJournalDiskTest, ForgettingNothingMendsTheFileToo) {
  EstatsJournal journal(path_);
  ASSERT_TRUE(journal.Remember({{JournalConnection(1), 2}}).ok());
  std::filesystem::rename(path_, path_ + ".aside");
  std::filesystem::create_symlink("/dev/full", path_);
  journal.Forget({{JournalConnection(1), 0}});
  EXPECT_TRUE(journal.needs_mending());
  std::filesystem::remove(path_);
  journal.Forget({});
  EXPECT_FALSE(journal.needs_mending());
  EXPECT_EQ(std::filesystem::file_size(path_), 64u) << "the title alone";
}

}  // namespace
}  // namespace farstat::sources::windows
