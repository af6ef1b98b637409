#include "client/command_line.h"

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace farstat::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

CommandLine Parse(const std::string& line) {
  return ParseCommandLine(absl::StrSplit(line, ' ', absl::SkipEmpty()));
}

// Of a line that is right.
Options Right(const std::string& line) {
  const CommandLine parsed = Parse(line);
  EXPECT_TRUE(parsed.options.has_value()) << line << ": " << parsed.error;
  EXPECT_EQ(parsed.exit_code, kExitOk);
  return parsed.options.value_or(Options());
}

// Of a line that is wrong.
std::string Wrong(const std::string& line) {
  const CommandLine parsed = Parse(line);
  EXPECT_FALSE(parsed.options.has_value()) << line;
  EXPECT_EQ(parsed.exit_code, kExitUsage) << line;
  EXPECT_EQ(parsed.out, "") << line;
  return parsed.error;
}

TEST(CommandLineTest, DefaultsAreWhatTheDocumentationSays) {
  const Options options = Right("get tcp");
  EXPECT_EQ(options.command, Command::kGet);
  EXPECT_EQ(options.family->name, "tcp");
  EXPECT_EQ(options.max_parallel, 128u);
  EXPECT_EQ(options.connect_timeout, absl::Seconds(3));
  EXPECT_EQ(options.timeout, absl::Seconds(5));
  EXPECT_EQ(options.deadline, absl::InfiniteDuration());
  EXPECT_EQ(options.format, Format::kTable);
}

TEST(CommandLineTest, EveryOptionArrives) {
  const Options options = Right(
      "watch tcp -t a,b -t @file --tag k=v --max-parallel 7 --connect-timeout 500ms --timeout "
      "1h30m "
      "--deadline 10s -o jsonl --color never --local 10.0.0.0/8,::1 --remote 2001:db8::/32 "
      "--port 443,8000-8100 --state established,time-wait --pid 1,2 --process nginx "
      "--groups path,sndcong --owner --rate --interval 2s --count 3 --duration 1m "
      "--ca a --cert b --key c --server-name d --keep-trying");
  EXPECT_THAT(options.targets, ElementsAre("a,b", "@file"));
  EXPECT_THAT(options.tags, ElementsAre("k=v"));
  EXPECT_EQ(options.max_parallel, 7u);
  EXPECT_EQ(options.connect_timeout, absl::Milliseconds(500));
  EXPECT_EQ(options.timeout, absl::Minutes(90));
  EXPECT_EQ(options.deadline, absl::Seconds(10));
  EXPECT_EQ(options.format, Format::kJsonLines);
  EXPECT_EQ(options.color, ColorMode::kNever);
  EXPECT_THAT(options.selection.local, ElementsAre("10.0.0.0/8", "::1"));
  EXPECT_THAT(options.selection.ports, ElementsAre(Pair(443, 443), Pair(8000, 8100)));
  EXPECT_THAT(options.selection.states, ElementsAre(5, 11));
  EXPECT_THAT(options.selection.pids, ElementsAre(1, 2));
  EXPECT_THAT(options.selection.groups, ElementsAre(4, 3));
  EXPECT_TRUE(options.selection.owner);
  EXPECT_TRUE(options.rate);
  EXPECT_TRUE(options.keep_trying);
  EXPECT_EQ(options.interval, absl::Seconds(2));
  EXPECT_EQ(options.count, 3u);
  EXPECT_EQ(options.duration, absl::Minutes(1));
  EXPECT_EQ(options.tls.key, "c");
  EXPECT_EQ(options.server_name, "d");
}

TEST(CommandLineTest, ATargetFlagTakesOneArgumentSoThatTheFamilyMayFollow) {
  const Options options = Right("get -t web1 tcp");
  EXPECT_EQ(options.family->name, "tcp");
  EXPECT_THAT(options.targets, ElementsAre("web1"));
  EXPECT_THAT(Right("get tcp -t -").targets, ElementsAre("-"));
}

TEST(CommandLineTest, SortingMayBeReversed) {
  EXPECT_FALSE(Right("get tcp --sort rtt").sort_reversed);
  EXPECT_TRUE(Right("get tcp --sort -rtt").sort_reversed);
  EXPECT_TRUE(Right("get tcp --sort=-rtt").sort_reversed);
  EXPECT_EQ(Right("get tcp --sort -rtt").sort, "rtt");
  EXPECT_EQ(Right("get tcp --limit 5").limit, 5);
  EXPECT_EQ(Right("get tcp").limit, -1);
}

TEST(CommandLineTest, NamesOfOtherToolsAreUnderstood) {
  EXPECT_THAT(Right("get tcp --state estab,LISTENING,syn-recv").selection.states,
              ElementsAre(5, 2, 4));
  EXPECT_THAT(Right("get tcp --groups obsrec,FineRtt").selection.groups, ElementsAre(7, 9));
  EXPECT_EQ(Right("get ras --state connected").selection.states.size(), 1u);
}

TEST(CommandLineTest, UnknownWordsGetASuggestion) {
  EXPECT_THAT(Wrong("gte tcp"), HasSubstr("unknown command \"gte\". Did you mean get?"));
  EXPECT_THAT(Wrong("agent inof"), HasSubstr("Did you mean info?"));
  EXPECT_THAT(Wrong("get tpc"), HasSubstr("unknown family \"tpc\". Did you mean tcp?"));
  EXPECT_THAT(Wrong("get smtp4"), HasSubstr("There are: host, ras, tcp, ipsec, ike"));
  EXPECT_THAT(Wrong("get tcp --colums x"), HasSubstr("Did you mean --columns?"));
  EXPECT_THAT(Wrong("get tcp --columns smothed_rtt_us"),
              HasSubstr("Did you mean smoothed_rtt_us?"));
  EXPECT_THAT(Wrong("get tcp --sort rrt"), HasSubstr("Did you mean rtt?"));
  EXPECT_THAT(Wrong("get tcp --groups pth"), HasSubstr("Did you mean path?"));
  EXPECT_THAT(Wrong("get tcp --state estabished"), HasSubstr("Did you mean established?"));
  EXPECT_THAT(Wrong("get tcp -o jsn"), HasSubstr("Did you mean json?"));
  EXPECT_THAT(Wrong("get tcp extra"), HasSubstr("\"extra\" is too much here"));
  EXPECT_THAT(Wrong("get"), HasSubstr("what of? There are: host"));
}

TEST(CommandLineTest, AnAmbiguousColumnNamesTheChoices) {
  EXPECT_THAT(Wrong("get tcp --columns min_rtt_us"),
              AllOf(HasSubstr("ambiguous"), HasSubstr("fine_rtt.min_rtt_us"),
                    HasSubstr("linux.min_rtt_us")));
}

TEST(CommandLineTest, ValuesAreJudged) {
  EXPECT_THAT(Wrong("watch tcp --interval 0s"), HasSubstr("must be longer than zero"));
  EXPECT_THAT(Wrong("watch tcp --interval 0"), HasSubstr("must be longer than zero"));
  EXPECT_THAT(Wrong("watch tcp --interval -1s"), HasSubstr("must be longer than zero"));
  EXPECT_THAT(Wrong("watch tcp --interval 5"), HasSubstr("5s is seconds"));
  EXPECT_THAT(Wrong("watch tcp --interval inf"), HasSubstr("more than a year"));
  EXPECT_THAT(Wrong("watch tcp --interval soon"), HasSubstr("write a number with its unit"));
  EXPECT_THAT(Wrong("watch tcp --count 0"), HasSubstr("write a number from 1"));
  EXPECT_THAT(Wrong("get tcp --max-parallel 0"), HasSubstr("write a number from 1 to 10000"));
  EXPECT_THAT(Wrong("get tcp --limit -1"), HasSubstr("--limit"));
  EXPECT_THAT(Wrong("get tcp --local 10.0.0.0/33"), HasSubstr("prefix length \"33\""));
  EXPECT_THAT(Wrong("get tcp --remote ::1/129"), HasSubstr("from 0 to 128"));
  EXPECT_THAT(Wrong("get tcp --remote 10.0.0/8"), HasSubstr("no IP address"));
  EXPECT_THAT(Wrong("get tcp --remote web1"), HasSubstr("names are not looked up"));
  EXPECT_THAT(Wrong("get tcp --port 65536"), HasSubstr("0 to 65535"));
  EXPECT_THAT(Wrong("get tcp --port 20-10"), HasSubstr("ends before it begins"));
  EXPECT_THAT(Wrong("get tcp --pid x"), HasSubstr("--pid \"x\""));
  EXPECT_THAT(Wrong("get tcp --color blue"), HasSubstr("auto, always or never"));
  EXPECT_THAT(Wrong("get tcp -o csv"), HasSubstr("not there yet. There are: table"));
  EXPECT_THAT(Wrong("get tcp -o prometheus"), HasSubstr("not there yet"));
}

TEST(CommandLineTest, AListOfNothingIsNotTheSameAsNoList) {
  for (const std::string command : {"get", "watch"}) {
    for (const std::string flag :
         {"--local", "--remote", "--port", "--state", "--pid", "--process", "--groups"}) {
      for (const std::string nothing : {"", ","}) {
        const CommandLine parsed = ParseCommandLine({command, "tcp", flag, nothing});
        EXPECT_EQ(parsed.exit_code, kExitUsage) << command << " " << flag << " " << nothing;
        EXPECT_THAT(parsed.error, HasSubstr(flag.substr(2)));
      }
      EXPECT_THAT(ParseCommandLine({command, "tcp", flag, ""}).error,
                  HasSubstr(flag + " \"\" lists nothing"));
    }
  }
  EXPECT_THAT(ParseCommandLine({"watch", "tcp", "--estats", ""}).error,
              HasSubstr("--estats \"\" lists nothing"));
  EXPECT_THAT(ParseCommandLine({"get", "tcp", "--port", "443", "--port", ""}).error,
              HasSubstr("--port \"\" lists nothing"));
}

TEST(CommandLineTest, AnEmptyValueIsNotTheSameAsNone) {
  for (const std::string flag :
       {"--timeout", "--connect-timeout", "--deadline", "--max-parallel", "--ca", "--cert", "--key",
        "--server-name", "--output", "--color", "--width", "--sort", "--limit", "--interval",
        "--count", "--duration", "--release", "--reason"}) {
    EXPECT_THAT(ParseCommandLine({"watch", "tcp", flag, ""}).error,
                HasSubstr(flag + " \"\" says nothing"));
  }
  EXPECT_THAT(
      ParseCommandLine({"estats", "enable", "--groups", "path", "--all", "--ttl", ""}).error,
      HasSubstr("--ttl \"\" says nothing"));
}

TEST(CommandLineTest, WhatDoesNotGoTogetherIsSaid) {
  EXPECT_THAT(Wrong("watch tcp --all"), HasSubstr("--all goes with --estats"));
  EXPECT_THAT(Wrong("get ras --port 80"), HasSubstr("--port does not go with ras, only with tcp"));
  EXPECT_THAT(Wrong("get host --columns x"), HasSubstr("--columns does not go with host"));
  EXPECT_THAT(Wrong("get ike --state connected"), HasSubstr("only with tcp, ras"));
  EXPECT_THAT(Wrong("get tcp -o jsonl --columns rtt"), HasSubstr("--columns is for tables"));
  EXPECT_THAT(Wrong("watch tcp -o jsonl --limit 5"), HasSubstr("do not go with watch -o jsonl"));
  EXPECT_THAT(Wrong("get tcp --interval 1s"), HasSubstr("--interval goes with --rate"));
  EXPECT_THAT(Wrong("get tcp --ca a"), HasSubstr("--cert and --key are missing"));
  EXPECT_THAT(Wrong("get tcp --server-name a"), HasSubstr("give --ca, --cert and --key"));
}

TEST(CommandLineTest, HelpHasExamples) {
  for (const char* const line :
       {"--help", "get --help", "watch --help", "agent --help", "agent info --help"}) {
    const CommandLine parsed = Parse(line);
    EXPECT_EQ(parsed.exit_code, 0);
    EXPECT_THAT(parsed.out, AllOf(HasSubstr("Examples:"), HasSubstr("farstat "))) << line;
  }
  EXPECT_THAT(Wrong(""), HasSubstr("Examples:"));
}

TEST(CommandLineTest, OtherCommands) {
  EXPECT_EQ(Right("version").command, Command::kVersion);
  EXPECT_EQ(Right("agent info -t a").command, Command::kAgentInfo);
  EXPECT_EQ(Right("agent status").command, Command::kAgentStatus);
  EXPECT_EQ(Right("get tcp --columns help").command, Command::kListColumns);
}

}  // namespace
}  // namespace farstat::client
