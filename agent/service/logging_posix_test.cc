#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "agent/service/logging.h"
#include "spdlog/sinks/null_sink.h"
#include "spdlog/spdlog.h"
#include "tests/support/test_certificates.h"

namespace farstat::service {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(LoggingPosixTest, FullDiskIsToldOnceAndStopsNothing) {
  const TestFolder folder;
  std::filesystem::create_directory(folder.Path("logs"));
  ASSERT_EQ(symlink("/dev/full", folder.Path("logs/farstat-agent.log").c_str()), 0);
  std::vector<std::string> events;
  LogOptions options;
  options.target = LogTarget::kFiles;
  options.folder = folder.Path("logs");
  options.events = [&](Event, absl::string_view text) { events.emplace_back(text); };
  ASSERT_TRUE(SetUpLog(options).ok());
  for (int i = 0; i < 10; ++i) spdlog::info("lost");
  spdlog::set_default_logger(spdlog::null_logger_mt("full"));
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_THAT(events[0], AllOf(HasSubstr("goes on"), HasSubstr("No space left")));
}

TEST(LoggingPosixTest, JournalLinesHavePriorities) {
  ::testing::internal::CaptureStderr();
  LogOptions options;
  options.target = LogTarget::kJournal;
  options.level = "debug";
  ASSERT_TRUE(SetUpLog(options).ok());
  spdlog::debug("a");
  spdlog::info("b");
  spdlog::warn("c");
  spdlog::error("d");
  spdlog::critical("e");
  spdlog::set_default_logger(spdlog::null_logger_mt("journal"));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "<7>a\n<6>b\n<4>c\n<3>d\n<2>e\n");
}

}  // namespace
}  // namespace farstat::service
