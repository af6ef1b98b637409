#include "agent/service/configure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "agent/text_proto.h"
#include "google/protobuf/descriptor.h"
#include "tests/support/test_certificates.h"

namespace farstat::service {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ConfigureTest : public ::testing::Test {
 protected:
  AgentFlags Flags() const {
    AgentFlags flags;
    flags.config_file = file_;
    return flags;
  }
  std::string Contents(const std::string& path) const {
    return ReadTextFile(path).value_or("none");
  }

  const TestFolder folder_;
  const std::string file_ = folder_.Path("sub/agent.textproto");
};

TEST_F(ConfigureTest, WritesAFileThatTheAgentTakes) {
  AgentFlags flags = Flags();
  const TlsFiles tls =
      folder_.WriteTlsFiles("agent", TestAuthority().certificate(), TestAuthority().Issue());
  flags.listen = {"0.0.0.0:9847", "[::]:9847"};
  flags.ca = tls.ca;
  flags.certificate = tls.certificate;
  flags.key = tls.key;
  flags.operators = {"*.ops.example"};
  flags.log_level = "warn";
  flags.max_streams = 7;
  flags.max_streams_per_peer = 6;
  flags.stalled_stream_timeout_s = 8;
  flags.max_collection_cpu_percent = 9;
  const auto said = Configure(flags, false);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_THAT(*said, AllOf(HasSubstr("written"), HasSubstr("+ log_level: \"warn\""),
                           Not(HasSubstr(".previous"))));
  const auto settings = LoadSettings(Flags());
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->listen_size(), 2);
  EXPECT_EQ(settings->operators(0), "*.ops.example");
  EXPECT_EQ(settings->max_streams(), 7);
  EXPECT_EQ(settings->max_streams_per_peer(), 6);
  EXPECT_EQ(settings->stalled_stream_timeout_s(), 8);
  EXPECT_EQ(settings->max_collection_cpu_percent(), 9);
  EXPECT_EQ(settings->log_level(), "warn");
  EXPECT_EQ(settings->tls().key(), tls.key);
  EXPECT_TRUE(CheckConfiguration(file_).ok());
}

TEST_F(ConfigureTest, EverySettingIsExplainedInTheFile) {
  const std::string text = SettingsText({});
  const auto* descriptor = agent::AgentSettings::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    EXPECT_THAT(text, HasSubstr("\n# " + descriptor->field(i)->name() + "\n"));
  }
}

TEST_F(ConfigureTest, ChangesOnlyWhatIsGivenAndKeepsTheOldFile) {
  const std::string file = folder_.Write("mine.textproto", "# mine\nmax_streams: 5\n");
  AgentFlags flags;
  flags.config_file = file;
  flags.log_level = "debug";
  const auto said = Configure(flags, false);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_THAT(*said, AllOf(HasSubstr("- log_level: \"info\""), HasSubstr("+ log_level: \"debug\""),
                           Not(HasSubstr("max_streams")), HasSubstr(".previous")));
  EXPECT_EQ(Contents(file + ".previous"), "# mine\nmax_streams: 5\n");
  AgentFlags read;
  read.config_file = file;
  EXPECT_EQ(LoadSettings(read)->max_streams(), 5);
}

TEST_F(ConfigureTest, FileThatSaysItAlreadyIsLeftAlone) {
  const std::string text = "# mine\nlog_level: \"debug\"\n";
  AgentFlags flags;
  flags.config_file = folder_.Write("mine.textproto", text);
  flags.log_level = "debug";
  const auto said = Configure(flags, false);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_THAT(*said, HasSubstr("nothing to change"));
  EXPECT_EQ(Contents(flags.config_file), text);
  EXPECT_EQ(Contents(flags.config_file + ".previous"), "none");
}

TEST_F(ConfigureTest, EverythingWrongIsNamedAndNothingWritten) {
  AgentFlags flags = Flags();
  flags.listen = {"nonsense", "0.0.0.0:9847"};
  flags.ca = folder_.Path("no-ca.pem");
  flags.certificate = folder_.Path("no-cert.pem");
  flags.key = folder_.Path("no-key.pem");
  flags.log_level = "loud";
  flags.max_streams = -1;
  flags.operators = {"*"};
  const auto said = Configure(flags, false);
  EXPECT_THAT(std::string(said.status().message()),
              AllOf(HasSubstr("nonsense"), HasSubstr("no-ca.pem"), HasSubstr("no-cert.pem"),
                    HasSubstr("no-key.pem"), HasSubstr("loud"), HasSubstr("max_streams"),
                    HasSubstr("operators")));
  EXPECT_EQ(Contents(file_), "none");
}

TEST_F(ConfigureTest, BrokenFileIsRefusedUnlessReset) {
  AgentFlags flags;
  flags.config_file = folder_.Write("broken.textproto", "lissten: 'x'\n");
  flags.log_level = "debug";
  EXPECT_THAT(std::string(Configure(flags, false).status().message()),
              HasSubstr("broken.textproto:1"));
  EXPECT_THAT(std::string(CheckConfiguration(flags.config_file).status().message()),
              HasSubstr("lissten"));
  const auto said = Configure(flags, true);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_EQ(Contents(flags.config_file + ".previous"), "lissten: 'x'\n");
  EXPECT_TRUE(CheckConfiguration(flags.config_file).ok());
}

TEST_F(ConfigureTest, NetworkWithoutCertificatesIsRefused) {
  AgentFlags flags = Flags();
  flags.listen = {"0.0.0.0:9847"};
  EXPECT_THAT(std::string(Configure(flags, false).status().message()), HasSubstr("mutual TLS"));
}

TEST_F(ConfigureTest, RelativePathsAreTheCallers) {
  AgentFlags flags = Flags();
  flags.state_directory = ".";
  const auto said = Configure(flags, false);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_TRUE(std::filesystem::path(LoadSettings(Flags())->state_directory()).is_absolute());
}

TEST_F(ConfigureTest, CannotWriteIsTold) {
  AgentFlags flags;
  flags.config_file = folder_.Write("file", "") + "/agent.textproto";
  const auto said = Configure(flags, false);
  EXPECT_FALSE(said.ok());
  EXPECT_THAT(std::string(said.status().message()), HasSubstr("file"));
}

}  // namespace
}  // namespace farstat::service
