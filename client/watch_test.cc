// farstat watch: the CLI as a whole against small agents over real gRPC.

#include <string>

#include "common/grpc_status.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_agent.h"
#include "tests/support/run_cli.h"

namespace farstat::client {
namespace {

using google::protobuf::Struct;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(WatchTest, RecordsTellAllThatChanges) {
  FakeAgent agent;
  agent.on_subscribe = [](grpc::ServerContext* context, const auto&, auto* writer) {
    FakeStream stream(writer);
    stream.Accept(1, false);
    stream.FullSet(1, {FakeConnection(1, 0, 0), FakeConnection(2, 0, 0)});
    stream.Delta(2, {FakeConnection(2, 100, 300)}, {FakeConnection(1, 0, 0).key()});
    WaitForCancel(context);
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result =
      Farstat({"watch", "tcp", "-t", agent.target(), "-o", "jsonl", "--count", "2", "--rate"});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(Outline(result.out), ElementsAre("target_state connected", "row 2", "row 1", "status",
                                               "row 2", "removed 1", "summary"));
  const Struct row = Records(result.out)[4];
  EXPECT_EQ(Text(row, "time"), "2024-01-01T00:00:02Z");
  const Struct& rates = row.fields().at("rates").struct_value();
  EXPECT_EQ(rates.fields().at("data.thru_bytes_received").number_value(), 100);
  EXPECT_EQ(rates.fields().at("data.thru_bytes_acked").number_value(), 300);
}

TEST(WatchTest, ATablePerReadingAndRatesFromTheSecondOn) {
  FakeAgent agent;
  agent.on_subscribe = [](grpc::ServerContext* context, const auto& request, auto* writer) {
    EXPECT_EQ(request.options().interval().seconds(), 2);
    FakeStream stream(writer);
    stream.next().mutable_accepted()->mutable_adjustments()->Add()->set_field("options.interval");
    stream.Accept(1, false);
    stream.FullSet(1, {FakeConnection(1, 0, 0)});
    stream.Delta(2, {FakeConnection(1, 1'500'000, 0)}, {});
    WaitForCancel(context);
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result = Farstat({"watch", "tcp", "-t", agent.target(), "--count", "1", "--rate",
                                 "--interval", "2s", "--columns", "local,in"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("TCP  1 connection\n"
                                    "LOCAL            IN/s\n"
                                    "192.0.2.1:1  1.5 MB/s\n"));
  EXPECT_THAT(result.errors, HasSubstr("farstat: interval "));
}

TEST(WatchTest, GetWithRatesTakesTwoReadings) {
  FakeAgent agent;
  agent.on_subscribe = [](grpc::ServerContext* context, const auto&, auto* writer) {
    FakeStream stream(writer);
    stream.Accept(1, false);
    stream.FullSet(1, {FakeConnection(1, 0, 0)});
    stream.Delta(2, {FakeConnection(1, 2'000, 0)}, {});
    WaitForCancel(context);
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result = Farstat({"get", "tcp", "-t", agent.target(), "--rate", "--columns", "in"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "TCP  1 connection\n    IN/s\n2.0 kB/s\n");
}

TEST(WatchTest, ALostStreamResumes) {
  FakeAgent agent;
  int stream_number = 0;
  std::string token;
  agent.on_subscribe = [&](grpc::ServerContext* context, const auto& request, auto* writer) {
    FakeStream stream(writer);
    if (++stream_number == 1) {
      stream.Accept(1, false);
      stream.FullSet(1, {FakeConnection(1, 0, 0)});
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "lost");
    }
    token = request.options().resume_token();
    stream.Accept(1, true);
    stream.Delta(2, {FakeConnection(1, 5, 5)}, {});
    WaitForCancel(context);
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result =
      Farstat({"watch", "tcp", "-t", agent.target(), "-o", "jsonl", "--count", "2"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(Outline(result.out),
              ElementsAre("target_state connected", "row 1", "status", "target_state disconnected",
                          "target_state connected", "row 1", "summary"));
  EXPECT_EQ(token, "after 1");
  EXPECT_THAT(result.errors, AllOf(HasSubstr("next try in"), HasSubstr("resumed where it was")));
}

TEST(WatchTest, LostFramesBeginAgainWithoutAToken) {
  FakeAgent agent;
  int stream_number = 0;
  std::string token = "none yet";
  agent.on_subscribe = [&](grpc::ServerContext* context, const auto& request, auto* writer) {
    FakeStream stream(writer);
    token = request.options().resume_token();
    stream.Accept(1, false);
    stream.FullSet(1, {FakeConnection(1, 0, 0)});
    if (++stream_number == 1) {
      v1::SubscribeTcpStatisticsResponse gap;
      gap.mutable_header()->set_sequence(77);
      gap.mutable_heartbeat();
      writer->Write(gap);
    }
    WaitForCancel(context);
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result =
      Farstat({"watch", "tcp", "-t", agent.target(), "-o", "jsonl", "--count", "2"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(token, "");
  EXPECT_THAT(result.errors, HasSubstr("frames are missing"));
}

TEST(WatchTest, AnAgentThatRestartsIsWaitedFor) {
  auto agent = std::make_unique<FakeAgent>();
  FakeAgent successor;
  const auto serve = [](uint64_t start_id, bool goodbye) {
    return [=](grpc::ServerContext* context, const auto&, auto* writer) {
      FakeStream stream(writer);
      stream.Accept(start_id, false);
      stream.FullSet(1, {FakeConnection(static_cast<uint32_t>(start_id), 0, 0)});
      if (goodbye) {
        stream.Goodbye(v1::GOODBYE_REASON_SHUTDOWN);
      } else {
        WaitForCancel(context);
      }
      return grpc::Status::OK;
    };
  };
  int streams = 0;
  agent->on_subscribe = [&](grpc::ServerContext* context, const auto& request, auto* writer) {
    return ++streams == 1 ? serve(1, true)(context, request, writer)
                          : serve(2, false)(context, request, writer);
  };
  agent->Start();
  const Result result =
      Farstat({"watch", "tcp", "-t", agent->target(), "-o", "jsonl", "--count", "2"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(
      Outline(result.out),
      ElementsAre("target_state connected", "row 1", "status", "target_state disconnected",
                  "target_state connected", "row 2", "gap", "removed 1", "status", "summary"));
  EXPECT_THAT(result.errors,
              AllOf(HasSubstr("the agent stops or restarts"), HasSubstr("lost since "),
                    HasSubstr("was not seen: the agent restarted")));
  const std::vector<Struct> records = Records(result.out);
  EXPECT_EQ(Text(Data(records[6]), "reason"), "AGENT_RESTARTED");
  EXPECT_EQ(Text(Data(records[6]), "from"), "2024-01-01T00:00:01Z");
  EXPECT_GE(Text(Data(records[4]), "lost_since"), Text(records[0], "time"));
}

TEST(WatchTest, WhatCannotHealEndsIt) {
  FakeAgent agent;
  agent.on_subscribe = [](grpc::ServerContext*, const auto&, auto*) {
    return ToGrpcStatus(ErrorStatus(absl::StatusCode::kPermissionDenied, kRoleRequired, "not you"));
  };
  agent.Start();
  const Result result = Farstat({"watch", "tcp", "-t", agent.target()});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.errors, HasSubstr("AUTH: not you"));
  EXPECT_EQ(agent.subscriptions(), 1);
}

TEST(WatchTest, NothingToWatchEndsIt) {
  const Result result = Farstat({"watch", "tcp", "-t", "127.0.0.1:1,127.0.0.1:2"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.errors, HasSubstr("2 of 2 targets did not answer"));
  EXPECT_THAT(result.errors, Not(HasSubstr("never connected")));
}

TEST(WatchTest, TheDurationEndsIt) {
  FakeAgent agent;
  agent.on_subscribe = [](grpc::ServerContext* context, const auto&, auto* writer) {
    FakeStream stream(writer);
    stream.Accept(1, false);
    stream.FullSet(1, {FakeConnection(1, 0, 0)});
    WaitForCancel(context);
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result = Farstat({"watch", "tcp", "-t", agent.target() + ",127.0.0.1:1",
                                 "--duration", "300ms", "-o", "jsonl"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr("127.0.0.1:1  REFUSED"));
}

TEST(WatchTest, SilenceIsNoticed) {
  FakeAgent agent;
  agent.on_subscribe = [](grpc::ServerContext* context, const auto&, auto*) {
    WaitForCancel(context);
    return grpc::Status::OK;
  };
  agent.Start();
  const Result result = Farstat({"watch", "tcp", "-t", agent.target(), "--timeout", "100ms"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.errors, HasSubstr("RPC_TIMEOUT: connected, but nothing came for 100 ms"));
}

}  // namespace
}  // namespace farstat::client
