// Standard output that takes nothing, end to end: what a pipe or /dev/full does.

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_agent.h"
#include "tests/support/run_cli.h"

namespace farstat::client {
namespace {

using ::testing::HasSubstr;

TEST(OutputTest, AReaderThatLeavesIsNoError) {
  FakeAgent agent;
  agent.on_get = Connections(2000);
  agent.Start();
  signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  std::istringstream input;
  EXPECT_EQ(RunCli({"get", "tcp", "-t", agent.target()}, input, ends[1], 2, false), 0);
  close(ends[1]);
}

TEST(OutputTest, AFullDiskIsAnError) {
  FakeAgent agent;
  agent.on_get = Connections(1);
  agent.Start();
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  const Captured errors;
  std::istringstream input;
  EXPECT_EQ(
      RunCli({"get", "tcp", "-t", agent.target()}, input, full, errors.file_descriptor(), false),
      1);
  EXPECT_THAT(errors.Text(), HasSubstr("No space left on device"));
  close(full);
}

}  // namespace
}  // namespace farstat::client
