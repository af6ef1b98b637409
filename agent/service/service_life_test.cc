#include "agent/service/service_life.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/support/becomes.h"

namespace farstat::service {
namespace {

using farstat::testing::Becomes;
using ::testing::IsEmpty;

// An SCM that remembers what it was told.
class ServiceLifeTest : public ::testing::Test {
 protected:
  ServiceLife& Start(const ServiceLife::Options& options) {
    life_ = std::make_unique<ServiceLife>(
        [this](const ScmReport& report) {
          MutexLock lock(mutex_);
          reports_.push_back(report);
        },
        [this](absl::string_view phase) {
          MutexLock lock(mutex_);
          stuck_ = std::string(phase);
        },
        options);
    return *life_;
  }
  // One that shows no checkpoint by itself during a test.
  ServiceLife& Start() {
    ServiceLife::Options options;
    options.beat = absl::Minutes(1);
    return Start(options);
  }
  std::vector<ScmReport> Reports() {
    MutexLock lock(mutex_);
    return reports_;
  }
  std::string Stuck() {
    MutexLock lock(mutex_);
    return stuck_;
  }

  Mutex mutex_;
  std::vector<ScmReport> reports_ ABSL_GUARDED_BY(mutex_);
  std::string stuck_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<ServiceLife> life_;
};

TEST_F(ServiceLifeTest, StartsServesAndStops) {
  ServiceLife& life = Start();
  life.Serving("here");
  EXPECT_EQ(life.OnControl(kControlStop), kNoError);
  EXPECT_EQ(life.WaitForStop(), "the service is told to stop");
  life.Stopping();
  life.Stopped(ExitCode::kOk);
  const std::vector<ScmReport> reports = Reports();
  ASSERT_EQ(reports.size(), 4u);
  EXPECT_EQ(reports[0].state, ScmState::kStartPending);
  EXPECT_EQ(reports[0].accepts, 0u);
  EXPECT_EQ(reports[0].checkpoint, 1u);
  EXPECT_GT(reports[0].wait_hint, absl::ZeroDuration());
  EXPECT_EQ(reports[1].state, ScmState::kRunning);
  EXPECT_EQ(reports[1].accepts, kAcceptStop | kAcceptPreshutdown);
  EXPECT_EQ(reports[1].checkpoint, 0u);
  EXPECT_EQ(reports[1].wait_hint, absl::ZeroDuration());
  EXPECT_EQ(reports[2].state, ScmState::kStopPending);
  EXPECT_EQ(reports[2].accepts, 0u);
  EXPECT_EQ(reports[3].state, ScmState::kStopped);
  EXPECT_EQ(reports[3].win32_exit_code, 0u);
  EXPECT_EQ(reports[3].checkpoint, 0u);
}

TEST_F(ServiceLifeTest, RefusedStartTellsItsExitCode) {
  ServiceLife& life = Start();
  life.Stopped(ExitCode::kSettings);
  const ScmReport last = Reports().back();
  EXPECT_EQ(last.state, ScmState::kStopped);
  EXPECT_EQ(last.win32_exit_code, kErrorServiceSpecific);
  EXPECT_EQ(last.specific_exit_code, 2u);
  for (const ScmReport& report : Reports()) EXPECT_NE(report.state, ScmState::kRunning);
}

TEST_F(ServiceLifeTest, EndsWhenWindowsShutsDown) {
  ServiceLife& life = Start();
  life.Serving("here");
  EXPECT_EQ(life.OnControl(kControlPreshutdown), kNoError);
  EXPECT_EQ(life.WaitForStop(), "Windows shuts down");
}

TEST_F(ServiceLifeTest, OtherControlsChangeNothing) {
  constexpr uint32_t kControlPause = 2;
  ServiceLife& life = Start();
  EXPECT_EQ(life.OnControl(kControlStop), kNoError) << "not while starting";
  life.Serving("here");
  const size_t reports = Reports().size();
  EXPECT_EQ(life.OnControl(kControlInterrogate), kNoError);
  EXPECT_EQ(life.OnControl(kControlPause), kErrorCallNotImplemented);
  EXPECT_EQ(Reports().size(), reports);
  life.OnControl(kControlStop);
  EXPECT_EQ(life.OnControl(kControlStop), kNoError) << "a second one";
  EXPECT_EQ(Reports().size(), reports + 1);
}

TEST_F(ServiceLifeTest, CheckpointsGrowWhilePendingOnly) {
  ServiceLife::Options options;
  options.beat = absl::Milliseconds(1);
  ServiceLife& life = Start(options);
  EXPECT_TRUE(Becomes([&] { return Reports().size() >= 4; }));
  life.Serving("here");
  const size_t running = Reports().size();
  life.Stopping();
  EXPECT_TRUE(Becomes([&] { return Reports().size() >= running + 4; }));
  life.Stopped(ExitCode::kOk);
  const std::vector<ScmReport> reports = Reports();
  for (size_t i = 1; i < reports.size(); ++i) {
    if (reports[i].state != reports[i - 1].state) continue;
    EXPECT_NE(reports[i].state, ScmState::kRunning);
    EXPECT_EQ(reports[i].checkpoint, reports[i - 1].checkpoint + 1);
  }
  EXPECT_THAT(Stuck(), IsEmpty());
}

TEST_F(ServiceLifeTest, StartOrEndThatIsStuckIsEnded) {
  ServiceLife::Options options;
  options.beat = absl::Milliseconds(1);
  options.start_limit = absl::Milliseconds(5);
  options.stop_limit = absl::Milliseconds(5);
  Start(options);
  EXPECT_TRUE(Becomes([&] { return Stuck() == "start"; }));
  EXPECT_EQ(Reports().back().state, ScmState::kStopped);
  EXPECT_EQ(Reports().back().specific_exit_code, static_cast<uint32_t>(ExitCode::kStuck));
  options.start_limit = absl::Minutes(1);
  ServiceLife& life = Start(options);
  life.Serving("here");
  life.Stopping();
  EXPECT_TRUE(Becomes([&] { return Stuck() == "stop"; }));
  EXPECT_EQ(Reports().back().state, ScmState::kStopped);
  life.Stopped(ExitCode::kOk);
  EXPECT_EQ(Reports().back().specific_exit_code, static_cast<uint32_t>(ExitCode::kStuck))
      << "the first one stands";
}

}  // namespace
}  // namespace farstat::service
