#include "agent/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/test_certificates.h"

namespace farstat {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ConfigTest, NothingGivesTheDefaults) {
  const auto settings = LoadSettings({});
  ASSERT_TRUE(settings.ok());
  ASSERT_EQ(settings->listen_size(), 1);
  EXPECT_EQ(settings->listen(0), kDefaultListen);
  EXPECT_EQ(settings->log_level(), "info");
  EXPECT_FALSE(settings->has_tls());
}

TEST(ConfigTest, FlagsOverrideTheFile) {
  const TestFolder folder;
  AgentFlags flags;
  flags.config_file = folder.Write("a.textproto",
                                   "listen: '127.0.0.1:1'\nlisten: '127.0.0.1:2'\n"
                                   "log_level: 'warn' max_streams: 5");
  flags.listen = {"127.0.0.1:3"};
  const auto settings = LoadSettings(flags);
  ASSERT_TRUE(settings.ok()) << settings.status();
  ASSERT_EQ(settings->listen_size(), 1);
  EXPECT_EQ(settings->listen(0), "127.0.0.1:3");
  EXPECT_EQ(settings->log_level(), "warn");
  EXPECT_EQ(settings->max_streams(), 5);
}

TEST(ConfigTest, EmptyFileIsFine) {
  const TestFolder folder;
  AgentFlags flags;
  flags.config_file = folder.Write("empty.textproto", "");
  EXPECT_TRUE(LoadSettings(flags).ok());
}

TEST(ConfigTest, ExampleInDeployIsValid) {
  AgentFlags flags;
  flags.config_file = std::string(FARSTAT_SOURCE_DIR) + "/deploy/config/agent.textproto";
  EXPECT_TRUE(LoadSettings(flags).ok()) << LoadSettings(flags).status();
}

TEST(ConfigTest, AllProblemsAreNamedAtOnce) {
  const TestFolder folder;
  AgentFlags flags;
  flags.config_file =
      folder.Write("bad.textproto",
                   "log_level: 'loud'\nmax_streams: -1\nstalled_stream_timeout_s: 9999\n"
                   "max_collection_cpu_percent: 101\n"
                   "state_directory: '/nonexistent/state'\n");
  flags.ca = "ca.pem";
  const auto settings = LoadSettings(flags);
  ASSERT_FALSE(settings.ok());
  EXPECT_THAT(
      std::string(settings.status().message()),
      AllOf(HasSubstr("loud"), HasSubstr("max_streams"), HasSubstr("stalled_stream_timeout_s"),
            HasSubstr("max_collection_cpu_percent"), HasSubstr("--cert"), HasSubstr("--key")));
}

TEST(ConfigTest, SyntaxErrorsHaveTheirPlace) {
  const TestFolder folder;
  AgentFlags flags;
  flags.config_file = folder.Write("bad.textproto", "log_level: 'info'\nlog_levle: 'info'\n");
  const auto settings = LoadSettings(flags);
  ASSERT_FALSE(settings.ok());
  EXPECT_THAT(std::string(settings.status().message()), HasSubstr("bad.textproto:2:"));
}

TEST(ConfigTest, FileThatIsNotThereIsNamed) {
  AgentFlags flags;
  flags.config_file = "/nonexistent/agent.textproto";
  EXPECT_THAT(std::string(LoadSettings(flags).status().message()),
              AllOf(HasSubstr("/nonexistent/agent.textproto"), HasSubstr("No such file")));
}

TEST(ConfigTest, OperatorsAreNamesInCertificatesAndNeedThem) {
  const TestFolder folder;
  const auto problems = [&](const std::string& text) {
    AgentFlags flags;
    flags.config_file = folder.Write("a.textproto", text);
    return std::string(LoadSettings(flags).status().message());
  };
  const std::string tls = "tls { ca: 'a' certificate: 'b' key: 'c' } ";
  EXPECT_EQ(problems(tls + "operators: 'chief' operators: '*.ops.example'"), "");
  EXPECT_EQ(problems("local_operators: true"), "");
  EXPECT_THAT(problems(tls + "operators: '*'"), HasSubstr("operators: \"*\""));
  EXPECT_THAT(problems("operators: 'chief'"), HasSubstr("tls"));
  EXPECT_THAT(problems(tls + "local_operators: true"), HasSubstr("operators"));
}

TEST(ConfigTest, PathsInTheFileAreRelativeToIt) {
  const TestFolder folder;
  AgentFlags flags;
  flags.config_file = folder.Write(
      "a.textproto", "tls { ca: 'ca.pem' certificate: '/etc/agent.pem' key: 'key.pem' }");
  flags.key = "other.pem";
  const auto settings = LoadSettings(flags);
  ASSERT_TRUE(settings.ok()) << settings.status();
  // As paths: Windows takes both of its separators.
  EXPECT_TRUE(std::filesystem::path(settings->tls().ca()) == folder.Path("ca.pem"))
      << settings->tls().ca();
  EXPECT_THAT(settings->tls().certificate(), ::testing::EndsWith("/etc/agent.pem"));
  EXPECT_EQ(settings->tls().key(), "other.pem") << "a flag's are relative to the current folder";
}

TEST(ConfigTest, WhatCanBeReadIsGivenWithTheProblems) {
  const TestFolder folder;
  AgentFlags flags;
  flags.config_file = folder.Write("a.textproto", "listen: '127.0.0.1:1' log_level: 'loud'");
  std::vector<std::string> problems;
  EXPECT_EQ(ReadSettings(flags, problems).listen(0), "127.0.0.1:1");
  EXPECT_EQ(problems.size(), 1u);
}

TEST(ConfigTest, LocalOperatorsByFlag) {
  AgentFlags flags;
  flags.local_operators = true;
  EXPECT_TRUE(LoadSettings(flags)->local_operators());
  EXPECT_FALSE(LoadSettings({})->local_operators());
}

}  // namespace
}  // namespace farstat
