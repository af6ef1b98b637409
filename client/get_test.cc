// farstat get and agent: the CLI as a whole against small agents over real gRPC.

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/grpc_status.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_agent.h"
#include "tests/support/run_cli.h"
#include "tests/support/test_certificates.h"

namespace farstat::client {
namespace {

using google::protobuf::Struct;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(RunTest, GetShowsATable) {
  FakeAgent agent;
  agent.on_get = Connections(2);
  agent.Start();
  const Result result = Farstat({"get", "tcp", "-t", agent.target()});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.errors, "");
  EXPECT_EQ(result.out,
            "TCP  2 connections\n"
            "STATE  LOCAL        REMOTE            RTT  RETR    IN   OUT\n"
            "ESTAB  192.0.2.1:1  198.51.100.1:443    -     -  10 B  20 B\n"
            "ESTAB  192.0.2.1:2  198.51.100.1:443    -     -  10 B  20 B\n");
}

TEST(RunTest, OnlyTheGroupsOfTheColumnsAreAskedFor) {
  FakeAgent agent;
  v1::TcpQuery query;
  agent.on_get = [&](const v1::GetTcpStatisticsRequest& request, auto*) {
    query = request.query();
    return grpc::Status::OK;
  };
  agent.Start();
  Farstat({"get", "tcp", "-t", agent.target(), "--columns", "local,cur_mss_bytes"});
  EXPECT_THAT(query.selection().groups(), ElementsAre(v1::TCP_GROUP_PATH));
  EXPECT_FALSE(query.selection().owner());
  Farstat(
      {"get", "tcp", "-t", agent.target(), "--columns", "local,process", "--sort", "rto_count"});
  EXPECT_THAT(query.selection().groups(), ElementsAre(v1::TCP_GROUP_LINUX));
  EXPECT_TRUE(query.selection().owner());
  Farstat({"get", "tcp", "-t", agent.target(), "--columns", "local"});
  EXPECT_EQ(query.selection().view(), v1::VIEW_BASIC);
  Farstat({"get", "tcp", "-t", agent.target(), "-o", "jsonl"});
  EXPECT_EQ(query.selection().view(), v1::VIEW_UNSPECIFIED);
  EXPECT_THAT(query.selection().groups(), SizeIs(0));
  Farstat({"get", "tcp", "-t", agent.target(), "--remote", "10.0.0.0/8", "--port", "80-90",
           "--state", "listen", "--pid", "7", "--process", "sshd"});
  EXPECT_EQ(query.filter().remote_addresses(0).text(), "10.0.0.0/8");
  EXPECT_EQ(query.filter().ports(0).last(), 90u);
  EXPECT_EQ(query.filter().states(0), v1::TCP_STATE_LISTEN);
  EXPECT_EQ(query.filter().pids(0), 7u);
  EXPECT_EQ(query.filter().processes(0), "sshd");
  EXPECT_TRUE(query.selection().owner());
}

TEST(RunTest, PagesAreFollowed) {
  FakeAgent agent;
  agent.on_get = [](const v1::GetTcpStatisticsRequest& request, auto* response) {
    const std::string& token = request.options().page_token();
    const uint32_t page = token.empty() ? 1 : static_cast<uint32_t>(token.size());
    *response->mutable_statistics()->add_connections() = FakeConnection(page, 1, 2);
    if (page < 4) response->set_next_page_token(std::string(page + 1, 'x'));
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result = Farstat({"get", "tcp", "-t", agent.target(), "-o", "jsonl"});
  EXPECT_THAT(Outline(result.out),
              ElementsAre("status", "row 1", "row 2", "row 3", "row 4", "summary"));
  EXPECT_EQ(agent.gets(), 4);
}

TEST(RunTest, AnExpiredPageTokenBeginsAgainOnce) {
  FakeAgent agent;
  int begun = 0;
  agent.on_get = [&](const v1::GetTcpStatisticsRequest& request, auto* response) {
    if (request.options().page_token().empty()) {
      ++begun;
      response->set_next_page_token("page 2");
      *response->mutable_statistics()->add_connections() =
          FakeConnection(static_cast<uint32_t>(begun), 1, 2);
      return grpc::Status::OK;
    }
    if (begun == 1) return ToGrpcStatus(InvalidField("options.page_token", "expired"));
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result = Farstat({"get", "tcp", "-t", agent.target(), "-o", "jsonl"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(Outline(result.out), ElementsAre("status", "row 2", "summary"));
  begun = -100;  // Never again the first time: expired for good.
  agent.on_get = nullptr;
}

TEST(RunTest, JsonlRecordsKeepTheContract) {
  FakeAgent agent;
  agent.on_get = Connections(1);
  agent.Start();
  const Result result = Farstat({"get", "tcp", "-t", agent.target(), "-o", "jsonl"});
  const std::vector<Struct> records = Records(result.out);
  ASSERT_THAT(records, SizeIs(3));
  for (const Struct& record : records) {
    EXPECT_EQ(Text(record, "schema"), "farstat/1");
    EXPECT_TRUE(absl::EndsWith(Text(record, "time"), "Z"));
    EXPECT_EQ(record.fields().count("target"), 1u);
    EXPECT_TRUE(record.fields().at("data").has_struct_value());
  }
  const Struct& row = records[1];
  EXPECT_EQ(Text(row, "target"), agent.target());
  EXPECT_EQ(Text(row, "time"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(Text(row, "kind"), "row");
  EXPECT_EQ(Text(row, "family"), "tcp");
  EXPECT_EQ(row.fields().at("tick").number_value(), 1);
  const Struct data = Data(row).fields().at("data").struct_value();
  EXPECT_EQ(data.fields().at("thru_bytes_received").string_value(), "10");
  const Struct summary = Data(records[2]);
  EXPECT_TRUE(records[2].fields().at("target").has_null_value());
  EXPECT_EQ(summary.fields().at("targets").number_value(), 1);
  EXPECT_EQ(summary.fields().at("answered").number_value(), 1);
  EXPECT_EQ(summary.fields().at("exit_code").number_value(), 0);
}

TEST(RunTest, JsonIsOneDocument) {
  FakeAgent one;
  FakeAgent two;
  one.on_get = two.on_get = Connections(2);
  one.Start();
  two.Start();
  google::protobuf::Value document;
  Result result = Farstat({"get", "tcp", "-t", one.target(), "-o", "json"});
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(result.out, &document).ok())
      << result.out;
  const Struct& tcp = document.struct_value().fields().at("tcp").struct_value();
  EXPECT_THAT(tcp.fields().at("connections").list_value().values(), SizeIs(2));
  result = Farstat({"get", "tcp", "-t", one.target() + "," + two.target(), "-o", "json"});
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(result.out, &document).ok())
      << result.out;
  EXPECT_THAT(document.list_value().values(), SizeIs(2));
  result = Farstat({"get", "ras", "-t", one.target(), "-o", "json"});
  EXPECT_EQ(result.exit_code, 3);
}

TEST(RunTest, AgentInfo) {
  FakeAgent agent;
  agent.Start();
  EXPECT_THAT(Farstat({"agent", "info", "-t", agent.target()}).out,
              AllOf(StartsWith("Host          fake\n"), HasSubstr("farstat 0.1.0")));
  EXPECT_THAT(Outline(Farstat({"agent", "info", "-t", agent.target(), "-o", "jsonl"}).out),
              ElementsAre("agent_info", "summary"));
  const Result status = Farstat({"agent", "status", "-t", agent.target()});
  EXPECT_EQ(status.exit_code, 3);
  EXPECT_THAT(status.errors, HasSubstr("UNSUPPORTED"));
}

class FleetTest : public ::testing::Test {
 protected:
  // `count` agents with one connection each, listed as names a0, a1, ….
  std::string Start(int count) {
    std::string list;
    for (int i = 0; i < count; ++i) {
      agents_.push_back(std::make_unique<FakeAgent>());
      agents_.back()->on_get = [i](const v1::GetTcpStatisticsRequest&, auto* response) {
        *response->mutable_statistics()->add_connections() =
            FakeConnection(static_cast<uint32_t>(i + 1), static_cast<uint64_t>(i), 0);
        return grpc::Status::OK;
      };
      agents_.back()->Start();
      absl::StrAppend(&list, agents_.back()->target(), " name=a", i, "\n");
    }
    return list;
  }

  std::vector<std::unique_ptr<FakeAgent>> agents_;
};

TEST_F(FleetTest, OneTableWithAHostColumn) {
  const std::string list = Start(3);
  const Result result = Farstat({"get", "tcp", "-t", "-", "--sort", "in"}, list);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out,
            "HOST  STATE  LOCAL        REMOTE            RTT  RETR   IN  OUT\n"
            "a2    ESTAB  192.0.2.1:3  198.51.100.1:443    -     -  2 B  0 B\n"
            "a1    ESTAB  192.0.2.1:2  198.51.100.1:443    -     -  1 B  0 B\n"
            "a0    ESTAB  192.0.2.1:1  198.51.100.1:443    -     -  0 B  0 B\n");
}

TEST_F(FleetTest, SomeFailed) {
  std::string list = Start(2);
  absl::StrAppend(&list, "127.0.0.1:1 name=down\n");
  const Result result = Farstat({"get", "tcp", "-t", "-"}, list);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.out, AllOf(HasSubstr("\na0 "), HasSubstr("\na1 ")));
  EXPECT_THAT(result.errors, AllOf(HasSubstr("farstat: 1 of 3 targets did not answer:\n"),
                                   HasSubstr("  down  REFUSED: 127.0.0.1:1 refused")));
}

TEST_F(FleetTest, AllFailed) {
  const Result result = Farstat({"get", "tcp", "-t", "127.0.0.1:1,127.0.0.1:2", "-o", "jsonl"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(Outline(result.out),
              ElementsAre("target_state failed", "target_state failed", "summary"));
  const Struct data = Data(Records(result.out)[0]);
  EXPECT_EQ(Text(data, "class"), "REFUSED");
  EXPECT_THAT(Text(data, "message"), HasSubstr("refused the connection"));
}

TEST_F(FleetTest, NoMoreThanMaxParallelAtOnce) {
  std::string list = Start(12);
  std::mutex mutex;
  int running = 0;
  int most = 0;
  for (const auto& agent : agents_) {
    agent->on_get = [&](const v1::GetTcpStatisticsRequest&, auto*) {
      {
        const std::lock_guard<std::mutex> lock(mutex);
        most = std::max(most, ++running);
      }
      std::this_thread::yield();
      const std::lock_guard<std::mutex> lock(mutex);
      --running;
      return grpc::Status::OK;
    };
  }
  const Result result = Farstat({"get", "tcp", "-t", "-", "--max-parallel", "3"}, list);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_LE(most, 3);
}

TEST_F(FleetTest, TheOverallDeadlineEndsWhatHangs) {
  std::string list = Start(2);
  std::mutex mutex;
  std::condition_variable changed;
  bool released = false;
  agents_[1]->on_get = [&](const v1::GetTcpStatisticsRequest&, auto*) {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return released; });
    return grpc::Status::OK;
  };
  const Result result = Farstat({"get", "tcp", "-t", "-", "--deadline", "300ms"}, list);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("a1  RPC_TIMEOUT: not finished when --deadline (300 ms)"));
  {
    const std::lock_guard<std::mutex> lock(mutex);
    released = true;
  }
  changed.notify_all();
  agents_.clear();  // The handler uses what is about to go.
}

TEST(RunTest, TheCallHasATimeoutOfItsOwn) {
  FakeAgent agent;
  std::mutex mutex;
  std::condition_variable changed;
  bool released = false;
  agent.on_get = [&](const v1::GetTcpStatisticsRequest&, auto*) {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return released; });
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result = Farstat({"get", "tcp", "-t", agent.target(), "--timeout", "100ms"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.errors, HasSubstr("RPC_TIMEOUT: connected, but no answer within 100 ms"));
  {
    const std::lock_guard<std::mutex> lock(mutex);
    released = true;
  }
  changed.notify_all();
  agent.Stop();  // The handler uses what is about to go.
}

TEST(RunTest, TheNetworkIsForMutualTlsOnly) {
  const Result result = Farstat({"get", "tcp", "-t", "192.0.2.1"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, AllOf(HasSubstr("target 192.0.2.1 is not this host"),
                                   HasSubstr("give --ca, --cert and --key")));
}

TEST(RunTest, OverTls) {
  const TestFolder folder;
  const TestAuthority authority;
  FakeAgent agent;
  agent.on_get = Connections(1);
  agent.Start(folder.WriteTlsFiles("agent", authority.certificate(), authority.Issue()));
  const TlsFiles own = folder.WriteTlsFiles("cli", authority.certificate(), authority.Issue());
  const Result result = Farstat({"get", "tcp", "-t", agent.target(), "--ca", own.ca, "--cert",
                                 own.certificate, "--key", own.key});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.out, HasSubstr("TCP  1 connection"));
}

TEST(RunTest, UnfitCertificatesAreTalkedAboutBeforeAnybodyIsCalled) {
  const Result result = Farstat({"get", "tcp", "-t", "192.0.2.1", "--ca", "/no/ca", "--cert",
                                 "/no/cert", "--key", "/no/key"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, AllOf(HasSubstr("farstat: CA file /no/ca cannot be read"),
                                   HasSubstr("farstat: key file /no/key cannot be read")));
}

TEST(RunTest, ColumnsAndVersion) {
  EXPECT_THAT(Farstat({"get", "ike", "--columns", "help"}).out, HasSubstr("initiator_cookie"));
  EXPECT_THAT(Farstat({"version"}).out, StartsWith("farstat "));
}

}  // namespace
}  // namespace farstat::client
