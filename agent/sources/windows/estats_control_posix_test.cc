#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "agent/sources/windows/estats_control.h"
#include "tests/support/becomes.h"
#include "tests/support/estats_windows.h"
#include "tests/support/test_certificates.h"

namespace farstat::sources::windows {
namespace {

using farstat::testing::Becomes;
using farstat::testing::EstatsWindows;
using ::testing::SizeIs;

constexpr EstatsSwitches kData = EstatsSwitchOf(v1::TCP_GROUP_DATA);

// Killed as if by kill -9, at a moment when there is a lease.
TEST(EstatsControlKillTest, WhatAKilledAgentHasSwitchedOnItsSuccessorSwitchesOff) {
  const TestFolder folder;
  EstatsWindows windows;
  const auto start = [&] {
    return std::make_unique<EstatsControl>(windows.api(), SystemClock(),
                                           folder.Path("estats.journal"));
  };
  const size_t connection = windows.Add(1000);
  const size_t foreign = windows.Add(1001);
  windows.Alter(foreign, [](auto& changed) { changed.on = kData; });
  EstatsRequest request;
  request.enable = kData;
  request.undo = true;
  request.ttl = absl::Hours(1);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto control = start();
    if (!control->Set(request).ok()) _exit(1);
    raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(windows.On(connection), kData) << "the child has switched it on";
  const auto successor = start();
  EXPECT_TRUE(Becomes([&] { return windows.On(connection) == 0; }));
  EXPECT_EQ(windows.On(foreign), kData);
  EXPECT_THAT(successor->Leases(), SizeIs(0));
}

}  // namespace
}  // namespace farstat::sources::windows
