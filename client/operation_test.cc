// farstat estats, clear and watch --estats: the CLI as a whole against small agents over real gRPC.

#include "client/operation.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "client/command_line.h"
#include "common/grpc_status.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_agent.h"
#include "tests/support/run_cli.h"

namespace farstat::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::string ErrorOf(const std::string& arguments) {
  const CommandLine command_line = ParseCommandLine(absl::StrSplit(arguments, ' '));
  EXPECT_FALSE(command_line.options.has_value()) << arguments;
  EXPECT_EQ(command_line.exit_code, kExitUsage) << arguments;
  return command_line.error;
}

void AnswerEstats(v1::SetTcpEstatsCollectionResponse* response) {
  response->set_matched_connections(12);
  response->set_succeeded(24);
  response->set_already(4);
  response->set_vanished_connections(1);
  response->set_lease_id("estats-5");
}

void AddFailure(uint32_t port, v1::SetTcpEstatsCollectionResponse* response) {
  response->set_failed(response->failed() + 1);
  v1::TcpEstatsResult& failure = *response->add_failures();
  *failure.mutable_connection() = FakeConnection(port, 0, 0).key();
  failure.set_group(v1::TCP_GROUP_PATH);
  failure.set_win32_code(87);
  (*failure.mutable_error()->mutable_metadata())["win32_symbol"] = "ERROR_INVALID_PARAMETER";
}

TEST(OperationTest, EstatsEnableAsksForWhatWasTypedAndShowsWhatCame) {
  FakeAgent agent;
  v1::SetTcpEstatsCollectionRequest asked;
  agent.on_set_estats = [&](const v1::SetTcpEstatsCollectionRequest& request, auto* response) {
    asked = request;
    AnswerEstats(response);
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result =
      Farstat({"estats", "enable", "--groups", "path,bandwidth", "--remote", "10.0.0.0/8", "--port",
               "443", "--process", "nginx", "--ttl", "10m", "--release", "disable", "--reason",
               "case 4711", "-t", agent.target()});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.out,
            "CONNECTIONS  SWITCHED  BEFORE  FAILED  GONE  LEASE\n"
            "         12        20       4       0     1  estats-5\n");
  EXPECT_EQ(asked.filter().remote_addresses(0).text(), "10.0.0.0/8");
  EXPECT_EQ(asked.filter().ports(0).first(), 443u);
  EXPECT_EQ(asked.filter().processes(0), "nginx");
  ASSERT_EQ(asked.groups_size(), 2);
  EXPECT_EQ(asked.groups(0).group(), v1::TCP_GROUP_PATH);
  EXPECT_EQ(asked.groups(0).collection(), v1::TCP_ESTATS_SWITCH_ENABLE);
  EXPECT_EQ(asked.groups(0).inbound_collection(), v1::TCP_ESTATS_SWITCH_UNSPECIFIED);
  EXPECT_EQ(asked.groups(1).group(), v1::TCP_GROUP_BANDWIDTH);
  EXPECT_EQ(asked.groups(1).inbound_collection(), v1::TCP_ESTATS_SWITCH_ENABLE);
  EXPECT_EQ(asked.ttl().seconds(), 600);
  EXPECT_EQ(asked.on_release(), v1::TCP_ESTATS_RELEASE_DISABLE);
  EXPECT_EQ(asked.reason(), "case 4711");
}

TEST(OperationTest, EstatsDisableWithAllMeansEveryConnection) {
  FakeAgent agent;
  v1::SetTcpEstatsCollectionRequest asked;
  agent.on_set_estats = [&](const v1::SetTcpEstatsCollectionRequest& request, auto*) {
    asked = request;
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result =
      Farstat({"estats", "disable", "--groups", "all", "--all", "-t", agent.target()});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_TRUE(asked.has_filter());
  EXPECT_FALSE(asked.has_ttl());
  EXPECT_EQ(asked.groups_size(), 8);
  EXPECT_EQ(asked.groups(7).collection(), v1::TCP_ESTATS_SWITCH_DISABLE);
}

TEST(OperationTest, AFleetIsOneTableAndFailuresAreToldWithTheirCause) {
  FakeAgent good;
  good.on_set_estats = [&](const auto&, auto* response) {
    AnswerEstats(response);
    return grpc::Status::OK;
  };
  good.Start();
  FakeAgent partly;
  partly.on_set_estats = [&](const auto&, auto* response) {
    AnswerEstats(response);
    AddFailure(5001, response);
    AddFailure(5002, response);
    return grpc::Status::OK;
  };
  partly.Start();
  FakeAgent refusing;
  refusing.on_set_estats = [&](const auto&, auto*) {
    return ToGrpcStatus(ErrorStatus(absl::StatusCode::kFailedPrecondition, kAgentLacksPrivilege,
                                    "Run the agent as an administrator."));
  };
  refusing.Start();
  const Result result =
      Farstat({"estats", "enable", "--groups", "path", "--all", "--max-parallel", "1", "-t",
               good.target() + "," + partly.target() + "," + refusing.target()});
  EXPECT_EQ(result.exit_code, 2) << "some failed";
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("HOST"), HasSubstr("estats-5\n"),
                    HasSubstr("  path: 87 ERROR_INVALID_PARAMETER: 2, one is 192.0.2.1:5001 to "
                              "198.51.100.1:443\n")));
  EXPECT_THAT(result.errors, AllOf(HasSubstr("2 of 26 groups could not be switched"),
                                   HasSubstr("Run the agent as an administrator.")));
}

TEST(OperationTest, JsonLinesHoldTheAnswerAndTheSummary) {
  FakeAgent agent;
  agent.on_set_estats = [&](const auto&, auto* response) {
    AnswerEstats(response);
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result = Farstat(
      {"estats", "enable", "--groups", "path", "--all", "-o", "jsonl", "-t", agent.target()});
  const auto records = Records(result.out);
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].fields().at("kind").string_value(), "estats_result");
  EXPECT_EQ(records[0].fields().at("data").struct_value().fields().at("lease_id").string_value(),
            "estats-5");
  EXPECT_EQ(records[1].fields().at("kind").string_value(), "summary");
}

TEST(OperationTest, ARefusedRoleSaysWhichSettingToChange) {
  FakeAgent agent;
  agent.on_set_estats = [&](const auto&, auto*) {
    return ToGrpcStatus(ErrorStatus(absl::StatusCode::kPermissionDenied, kRoleRequired,
                                    "set local_operators in the agent's settings"));
  };
  agent.Start();
  const Result result =
      Farstat({"estats", "enable", "--groups", "path", "--all", "-t", agent.target()});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.errors, AllOf(HasSubstr("AUTH"), HasSubstr("set local_operators")));
}

TEST(OperationTest, WhoWasAskedAndDidNotAnswerMayHaveBeenChanged) {
  for (const char* const limit : {"--timeout", "--deadline"}) {
    absl::Notification over;
    FakeAgent slow;
    slow.on_clear_ras = [&](const auto&, auto*) {
      over.WaitForNotificationWithTimeout(absl::Seconds(20));
      return grpc::Status::OK;
    };
    slow.Start();
    const Result result = Farstat({"clear", "ras", "--all", limit, "1500ms", "-t", slow.target()});
    over.Notify();
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_THAT(result.errors,
                AllOf(HasSubstr("RPC_TIMEOUT"), HasSubstr(limit),
                      HasSubstr("may have been carried out"), HasSubstr("farstat agent status")));
  }
}

TEST(OperationTest, WhoWasNotAskedYetIsUnchanged) {
  absl::Notification over;
  FakeAgent slow;
  slow.on_clear_ras = [&](const auto&, auto*) {
    over.WaitForNotificationWithTimeout(absl::Seconds(20));
    return grpc::Status::OK;
  };
  slow.Start();
  FakeAgent waiting;
  waiting.Start();
  const Result result = Farstat({"clear", "ras", "--all", "--deadline", "1500ms", "--max-parallel",
                                 "1", "-t", slow.target() + "," + waiting.target()});
  over.Notify();
  const std::vector<std::string> lines = absl::StrSplit(result.errors, '\n', absl::SkipEmpty());
  ASSERT_GE(lines.size(), 2u) << result.errors;
  EXPECT_THAT(lines[lines.size() - 2], HasSubstr("may have been carried out"));
  EXPECT_THAT(lines.back(), AllOf(HasSubstr(waiting.target()), Not(HasSubstr("carried out"))));
}

TEST(OperationTest, ClearRasAsksForWhatWasTypedAndShowsWhatCame) {
  FakeAgent agent;
  v1::ClearRasStatisticsRequest asked;
  agent.on_clear_ras = [&](const v1::ClearRasStatisticsRequest& request, auto* response) {
    asked = request;
    response->set_matched_connections(2);
    response->set_succeeded(2);
    response->set_failed(1);
    v1::RasClearResult& failed = *response->add_results();
    failed.set_entry_name("Office");
    failed.set_link(2);
    failed.set_win32_code(668);
    (*failed.mutable_error()->mutable_metadata())["win32_symbol"] = "ERROR_NO_CONNECTION";
    response->add_results()->set_entry_name("Home");
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result =
      Farstat({"clear", "ras", "--entry", "Office, 2nd floor", "--entry", "[a,b]", "--state",
               "connected", "--links", "--reason", "test", "-t", agent.target()});
  EXPECT_EQ(result.exit_code, 3) << "what was asked for was not all done";
  EXPECT_EQ(result.out,
            "CONNECTIONS  CLEARED  FAILED\n"
            "          2        2       1\n"
            "  668 ERROR_NO_CONNECTION: 1, which is Office, link 2\n");
  EXPECT_THAT(asked.filter().entry_names(), ElementsAre("Office, 2nd floor", "[a,b]"));
  EXPECT_THAT(asked.filter().states(), ElementsAre(v1::RAS_STATE_CONNECTED));
  EXPECT_TRUE(asked.all_links());
  EXPECT_EQ(asked.reason(), "test");
}

TEST(OperationTest, WatchCarriesEstatsWithItsSubscription) {
  FakeAgent agent;
  v1::SubscribeTcpStatisticsRequest asked;
  agent.on_subscribe = [&](auto*, const v1::SubscribeTcpStatisticsRequest& request, auto* writer) {
    asked = request;
    FakeStream stream(writer);
    stream.Accept(1, false);
    stream.FullSet(1, {});
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result = Farstat({"watch", "tcp", "--count", "1", "--estats", "data,path", "--all",
                                 "--release", "disable", "--reason", "why", "-t", agent.target()});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  ASSERT_EQ(asked.estats().groups_size(), 2);
  EXPECT_EQ(asked.estats().groups(0).group(), v1::TCP_GROUP_DATA);
  EXPECT_EQ(asked.estats().on_release(), v1::TCP_ESTATS_RELEASE_DISABLE);
  EXPECT_EQ(asked.estats().reason(), "why");
  EXPECT_FALSE(asked.estats().has_filter()) << "the filter of the query";
  EXPECT_FALSE(asked.estats().has_ttl());
}

TEST(OperationTest, WatchSwitchesEstatsOffAtItsEndUnlessToldToKeepThem) {
  const auto released = [](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"watch", "tcp", "--all", "--estats", "path"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return InlineEstats(ParseCommandLine(arguments).options.value()).on_release();
  };
  EXPECT_EQ(released({}), v1::TCP_ESTATS_RELEASE_DISABLE);
  EXPECT_EQ(released({"--release", "disable"}), v1::TCP_ESTATS_RELEASE_DISABLE);
  EXPECT_EQ(released({"--release", "keep"}), v1::TCP_ESTATS_RELEASE_KEEP);
  const CommandLine enable =
      ParseCommandLine({"estats", "enable", "--groups", "path", "--all", "--ttl", "10m"});
  EXPECT_FALSE(enable.options.value().release_disables);
  EXPECT_THAT(ParseCommandLine({"watch", "--help"}).out, HasSubstr("(disable)"));
  EXPECT_THAT(ParseCommandLine({"estats", "enable", "--help"}).out, HasSubstr("(keep)"));
}

TEST(OperationTest, AnAgentThatCannotSwitchOffAfterACrashPointsToKeep) {
  FakeAgent agent;
  agent.on_subscribe = [](auto*, const auto&, auto*) {
    return ToGrpcStatus(ErrorStatus(absl::StatusCode::kFailedPrecondition, kSettingRequired,
                                    "set state_directory in its settings"));
  };
  agent.Start();
  const std::vector<std::string> watch = {"watch", "tcp", "--estats",    "path",
                                          "--all", "-t",  agent.target()};
  const Result result = Farstat(watch);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(agent.subscriptions(), 1) << "trying again cannot help";
  EXPECT_THAT(result.errors, AllOf(HasSubstr("set state_directory"), HasSubstr("--release keep")));
  std::vector<std::string> keeping = watch;
  keeping.insert(keeping.end(), {"--release", "keep"});
  EXPECT_THAT(Farstat(keeping).errors, Not(HasSubstr("--release keep")));
}

TEST(OperationTest, StatusShowsLeases) {
  FakeAgent agent;
  agent.on_status = [](v1::GetAgentStatusResponse* response) {
    v1::EstatsLease& lease = *response->add_estats_leases();
    lease.set_lease_id("estats-5");
    lease.set_holder("chief at ipv4:192.0.2.7:5000");
    lease.set_reason("case 4711");
    lease.set_connections(12);
    lease.add_groups()->set_group(v1::TCP_GROUP_PATH);
    lease.set_on_release(v1::TCP_ESTATS_RELEASE_DISABLE);
  };
  agent.Start();
  const Result result = Farstat({"agent", "status", "--width", "200", "-t", agent.target()});
  EXPECT_THAT(result.out, AllOf(HasSubstr("estats-5: path on; 12 connections"),
                                HasSubstr("then off again; by chief at"), HasSubstr("case 4711")));
}

// An unset variable of the shell must not widen a change to every connection.
TEST(OperationTest, AnEmptySelectionChangesNothing) {
  const auto error = [](std::vector<std::string> arguments) {
    const CommandLine command_line = ParseCommandLine(std::move(arguments));
    EXPECT_FALSE(command_line.options.has_value());
    EXPECT_EQ(command_line.exit_code, kExitUsage);
    return command_line.error;
  };
  EXPECT_THAT(error({"clear", "ras", "--entry", ""}), HasSubstr("--entry \"\" lists nothing"));
  EXPECT_THAT(error({"clear", "ras", "--entry", " "}), HasSubstr("--entry \" \" lists nothing"));
  EXPECT_THAT(error({"clear", "ras", "--all", "--state", ""}), HasSubstr("--state \"\" lists"));
  EXPECT_THAT(error({"clear", "ras", "--entry="}), HasSubstr("--entry"));
  for (const char* const flag : {"--local", "--remote", "--port", "--pid", "--process"}) {
    for (const char* const nothing : {"", ",", " , "}) {
      EXPECT_THAT(error({"estats", "disable", "--groups", "path", flag, nothing}), HasSubstr(flag));
    }
    EXPECT_THAT(error({"estats", "disable", "--groups", "path", flag, ","}),
                HasSubstr(std::string(flag) + " \",\" lists nothing"));
  }
  EXPECT_THAT(error({"estats", "disable", "--groups", "", "--all"}),
              HasSubstr("--groups \"\" lists nothing"));
}

TEST(OperationTest, EverythingIsChangedOnlyOnRequest) {
  EXPECT_THAT(ErrorOf("clear ras"), AllOf(HasSubstr("--entry or --state"), HasSubstr("--all")));
  for (const char* const verb : {"enable", "disable"}) {
    const std::string command = std::string("estats ") + verb + " --groups path";
    EXPECT_THAT(ErrorOf(command), AllOf(HasSubstr("--local, --remote, --port, --pid or --process"),
                                        HasSubstr("--all for every connection")));
    EXPECT_THAT(ErrorOf(command + " --all --port 443"), HasSubstr("--all means every connection"));
  }
  EXPECT_THAT(ErrorOf("watch tcp --estats path"), HasSubstr("--all for every connection"));
  EXPECT_THAT(ErrorOf("watch tcp --estats path --all --port 443"),
              HasSubstr("--all means every connection"));
  EXPECT_TRUE(
      ParseCommandLine({"watch", "tcp", "--estats", "path", "--port", "443"}).options.has_value());
  EXPECT_THAT(ErrorOf("clear ras --all --entry Office"), HasSubstr("--all means every connection"));
  EXPECT_TRUE(ParseCommandLine({"clear", "ras", "--all"}).options.has_value());
}

TEST(OperationTest, WrongUsageIsExplained) {
  EXPECT_THAT(ErrorOf("estats enable"), HasSubstr("--groups data,path"));
  EXPECT_THAT(ErrorOf("estats enable --groups pth"), HasSubstr("path"));
  EXPECT_THAT(ErrorOf("estats enable --groups syn_options"), HasSubstr("has no switch"));
  EXPECT_THAT(ErrorOf("estats enable --groups path --release disable"), HasSubstr("--ttl"));
  EXPECT_THAT(ErrorOf("estats enable --groups path --release off"), HasSubstr("keep or disable"));
  EXPECT_THAT(ErrorOf("estats enable --groups path --ttl soon"), HasSubstr("--ttl"));
  EXPECT_THAT(ErrorOf("estats enabel"), HasSubstr("enable"));
  EXPECT_THAT(ErrorOf("clear tcp"), HasSubstr("ras"));
  EXPECT_THAT(ErrorOf("watch ras --estats path"), HasSubstr("only with tcp"));
  EXPECT_THAT(ErrorOf("watch tcp --release disable"), HasSubstr("--estats"));
}

TEST(OperationTest, HelpHasExamples) {
  EXPECT_THAT(ParseCommandLine({"estats", "enable", "--help"}).out,
              AllOf(HasSubstr("farstat estats enable --groups"), HasSubstr("--ttl")));
  EXPECT_THAT(ParseCommandLine({"clear", "ras", "--help"}).out, HasSubstr("farstat clear ras"));
}

}  // namespace
}  // namespace farstat::client
