#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "agent/hosts/this_host.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "common/status.h"

// Last, because its macros break names of others.
#include <windows.h>

namespace farstat::hosts {
namespace {

using families::Family;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

TEST(ThisHostTest, TellsWhichWindowsItIs) {
  const v1::GetAgentInfoResponse identity = ThisHost("").identity;
  EXPECT_NE(identity.host_name(), "");
  EXPECT_EQ(identity.operating_system().name(), "Windows");
  EXPECT_THAT(identity.operating_system().version(), MatchesRegex("\\d+\\.\\d+\\.\\d+\\.\\d+"));
  EXPECT_THAT(identity.operating_system().description(), HasSubstr("Windows"));
  EXPECT_THAT(identity.operating_system().architecture(), AnyOf("x86_64", "aarch64"));
  EXPECT_FALSE(identity.simulated());
}

// Each family either answers or says in a way that a user can act on why it does not; none ends the
// process, on a Wine that can do little more than list sockets either.
TEST(ThisHostTest, EveryFamilyAnswers) {
  const Host host = ThisHost("");
  ASSERT_THAT(host.families, SizeIs(4));
  for (const std::unique_ptr<Family>& family : host.families) {
    if (family->feed == nullptr) {
      EXPECT_EQ(ErrorInfoOf(family->unavailable).reason(), kNotSupportedHere) << family->service;
      continue;
    }
    Mutex mutex;
    ConditionVariable changed;
    bool done = false;
    absl::Status status;
    family->feed->Refresh(~feed::PartMask{0}, absl::ZeroDuration(),
                          [&](const absl::Status& result) {
                            MutexLock lock(mutex);
                            status = result;
                            done = true;
                            changed.notify_all();
                          });
    MutexLock lock(mutex);
    while (!done) changed.wait(mutex);
    EXPECT_TRUE(status.ok() || ErrorInfoOf(status).reason() != "") << family->service << status;
    if (family->id == v1::FAMILY_TCP) {
      EXPECT_TRUE(status.ok()) << status;
    }
  }
}

TEST(DescribeProcessTest, TellsWhatThisProcessUses) {
  const v1::ProcessStatus process = DescribeProcess();
  EXPECT_GE(process.cpu_time().seconds(), 0);
  EXPECT_TRUE(process.has_cpu_time());
  EXPECT_GT(process.resident_bytes(), 1u << 20);
  EXPECT_GE(process.threads(), 1u);
  // Wine does not count them.
  const bool wine = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
  if (!wine) {
    EXPECT_GT(process.open_files(), 0u);
  }
}

}  // namespace
}  // namespace farstat::hosts
