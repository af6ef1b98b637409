#include "agent/service/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "agent/text_proto.h"
#include "spdlog/sinks/null_sink.h"
#include "spdlog/spdlog.h"
#include "tests/support/test_certificates.h"

namespace farstat::service {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class LoggingTest : public ::testing::Test {
 protected:
  LoggingTest() {
    options_.target = LogTarget::kFiles;
    options_.folder = folder_.Path("logs");
    options_.events = [this](Event event, absl::string_view text) {
      events_.emplace_back(event, std::string(text));
    };
  }
  // The files go before the folder.
  ~LoggingTest() override { spdlog::set_default_logger(spdlog::null_logger_mt(Name())); }

  static std::string Name() {
    return ::testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  std::string Text(const std::string& name = "logs/farstat-agent.log") const {
    return ReadTextFile(folder_.Path(name)).value_or("none");
  }

  const TestFolder folder_;
  LogOptions options_;
  std::vector<std::pair<Event, std::string>> events_;
};

TEST_F(LoggingTest, WritesLinesWithTimeAndLevel) {
  ASSERT_TRUE(SetUpLog(options_).ok());
  spdlog::info("first");
  spdlog::debug("too much");
  spdlog::warn("second");
  EXPECT_THAT(Text(), AllOf(HasSubstr(" info first\n"), HasSubstr(" warning second\n"),
                            Not(HasSubstr("too much"))));
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(LoggingTest, ErrorsAreEvents) {
  ASSERT_TRUE(SetUpLog(options_).ok());
  spdlog::error("the sky falls");
  spdlog::critical("told otherwise");
  EXPECT_THAT(events_, ElementsAre(std::pair(Event::kError, std::string("the sky falls"))));
}

TEST_F(LoggingTest, FilesAreBounded) {
  options_.file_bytes = 1000;
  options_.files = 3;
  ASSERT_TRUE(SetUpLog(options_).ok());
  const std::string line(100, 'x');
  for (int i = 0; i < 200; ++i) spdlog::info(line);
  size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder_.Path("logs"))) {
    EXPECT_LE(file.file_size(), 1000u);
    ++files;
  }
  EXPECT_EQ(files, 3u);
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(LoggingTest, FolderThatCannotBeMadeIsToldAndTheLogGoesOn) {
  options_.folder = folder_.Write("file", "") + "/logs";
  const absl::Status status = SetUpLog(options_);
  EXPECT_THAT(std::string(status.message()), HasSubstr("log cannot be written"));
  spdlog::info("nowhere to go");
  spdlog::error("still an event");
  EXPECT_THAT(events_, SizeIs(1));
}

}  // namespace
}  // namespace farstat::service
