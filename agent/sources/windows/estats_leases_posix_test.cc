// Leases whose journal is on a disk that is full, as Linux can pretend to have it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "agent/sources/windows/estats_leases.h"
#include "tests/support/estats_windows.h"
#include "tests/support/manual_clock.h"
#include "tests/support/test_certificates.h"

namespace farstat::sources::windows {
namespace {

using farstat::testing::EstatsWindows;
using farstat::testing::ManualClock;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr EstatsSwitches kData = EstatsSwitchOf(v1::TCP_GROUP_DATA);
constexpr EstatsSwitches kPath = EstatsSwitchOf(v1::TCP_GROUP_PATH);

class EstatsLeasesDiskTest : public ::testing::Test {
 protected:
  std::string journal_path() const { return folder_.Path("estats.journal"); }
  // Of all connections, undone at its end.
  absl::StatusOr<EstatsResult> Lease(EstatsSwitches switches) {
    EstatsRequest request;
    request.enable = switches;
    request.ttl = absl::Hours(1);
    request.undo = true;
    return leases_->Set(request);
  }

  TestFolder folder_;
  EstatsWindows windows_;
  ManualClock clock_;
  const std::unique_ptr<EstatsLeases> leases_ =
      std::make_unique<EstatsLeases>(windows_.api(), clock_, journal_path());
};

TEST_F(EstatsLeasesDiskTest, WithAFullDiskNothingIsSwitched) {
  windows_.Add(1000);
  ASSERT_TRUE(Lease(kData).ok());
  std::filesystem::remove(journal_path());
  std::filesystem::create_symlink("/dev/full", journal_path());
  const size_t connection = windows_.Add(1001);
  const int sets = windows_.sets();
  const absl::Status status = Lease(kPath).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("No space left"));
  EXPECT_EQ(windows_.sets(), sets);
  EXPECT_EQ(windows_.On(connection), 0u);
  EXPECT_THAT(leases_->Describe(), SizeIs(1)) << "only the first";
}

// Refused records may be in the file, and it could not be cut: a later agent must not find them.
TEST_F(EstatsLeasesDiskTest, AJournalThatCouldNotBeWrittenIsMendedSoonOrAtTheEnd) {
  for (const bool at_the_end : {false, true}) {
    windows_.Add(1000);
    leases_->End(Lease(kData)->lease);
    leases_->Tend();
    std::filesystem::remove(journal_path());
    std::filesystem::create_symlink("/dev/full", journal_path());
    // In the way of a new file.
    std::filesystem::create_directory(journal_path() + ".new");
    EXPECT_FALSE(Lease(kPath).ok());
    EXPECT_LE(leases_->next_tend(), clock_.Steady() + std::chrono::minutes(1));
    clock_.Advance(EstatsLeases::kRetryInterval);
    EXPECT_FALSE(leases_->Tend().status.ok()) << "it still cannot be written";
    EXPECT_GT(leases_->next_tend(), clock_.Steady()) << "and is not tried all the time";
    std::filesystem::remove(journal_path());
    std::filesystem::remove(journal_path() + ".new");
    if (at_the_end) {
      leases_->EndAll();
    } else {
      clock_.Advance(EstatsLeases::kRetryInterval);
    }
    leases_->Tend();
    ASSERT_TRUE(std::filesystem::exists(journal_path())) << at_the_end;
    EXPECT_EQ(std::filesystem::file_size(journal_path()), 64u) << at_the_end;
    EXPECT_EQ(leases_->next_tend(), SteadyTime::max()) << at_the_end;
  }
}

}  // namespace
}  // namespace farstat::sources::windows
