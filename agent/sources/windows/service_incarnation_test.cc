#include "agent/sources/windows/service_incarnation.h"

#include <gtest/gtest.h>

#include "agent/sources/windows/win32_status.h"
#include "tests/support/filter_engine_fake.h"

namespace farstat::sources::windows {
namespace {

class ServiceIncarnationTest : public ::testing::Test {
 protected:
  void StartAt(uint64_t process_start) {
    fake_.services[kIkeService] = farstat::testing::RunningService(process_start);
  }
  uint64_t Read() {
    EXPECT_TRUE(incarnation_.ReadWithin([] { return absl::OkStatus(); }).ok());
    return incarnation_.number();
  }

  farstat::testing::FakeFilterEngine fake_;
  ServiceIncarnation incarnation_{fake_.api, kIkeService};
};

TEST_F(ServiceIncarnationTest, AnotherProcessIsAnotherIncarnation) {
  const uint64_t first = Read();
  EXPECT_EQ(Read(), first);
  StartAt(3000);
  const uint64_t second = Read();
  EXPECT_NE(second, first);
  EXPECT_EQ(Read(), second);
}

TEST_F(ServiceIncarnationTest, NotKnowingIsNoRestart) {
  StartAt(0);
  const uint64_t first = Read();
  StartAt(2000);
  EXPECT_EQ(Read(), first);
  fake_.Refuse("service_status", kErrorAccessDenied);
  EXPECT_EQ(Read(), first);
  fake_.Refuse("service_status", kSuccess);
  EXPECT_EQ(Read(), first);
  fake_.api.service_status = nullptr;
  EXPECT_EQ(Read(), first);
}

// In a process that it shares the service stops and starts again without a new process.
TEST_F(ServiceIncarnationTest, AServiceThatWasSeenStoppedRestarted) {
  uint64_t last = Read();
  for (const uint32_t state : {kServiceStopped, kServiceStopPending, kServiceStartPending}) {
    SCOPED_TRACE(state);
    fake_.services[kIkeService] = {state, 0, 0};
    EXPECT_FALSE(incarnation_.ReadWithin([] { return absl::UnavailableError("stopped"); }).ok());
    EXPECT_EQ(incarnation_.number(), last) << "nothing was read since";
    StartAt(2000);
    EXPECT_NE(Read(), last);
    last = incarnation_.number();
    EXPECT_EQ(Read(), last) << "once";
  }
}

// It was seen stopped, and who is there now is another process: that is one restart.
TEST_F(ServiceIncarnationTest, AStopAndANewProcessAreOneRestart) {
  const uint64_t first = Read();
  fake_.services[kIkeService] = {kServiceStopped, 0, 0};
  EXPECT_FALSE(incarnation_.ReadWithin([] { return absl::UnavailableError("stopped"); }).ok());
  StartAt(3000);
  EXPECT_EQ(Read(), first + 1);
  EXPECT_EQ(Read(), first + 1);
}

// What was read before the restart must not be taken for what the new process counted, nor the
// other way round.
TEST_F(ServiceIncarnationTest, ReadsAgainIfTheServiceRestartsMeanwhile) {
  const uint64_t first = Read();
  int reads = 0;
  const absl::Status status = incarnation_.ReadWithin([&] {
    if (++reads == 1) StartAt(3000);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(reads, 2);
  EXPECT_NE(incarnation_.number(), first);
}

TEST_F(ServiceIncarnationTest, LearnsNothingFromAFailure) {
  const uint64_t first = Read();
  StartAt(3000);
  EXPECT_FALSE(incarnation_.ReadWithin([] { return absl::UnavailableError("stopped"); }).ok());
  EXPECT_EQ(incarnation_.number(), first);
}

}  // namespace
}  // namespace farstat::sources::windows
