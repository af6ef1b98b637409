// What the comments in proto/ promise about the calls that change a host, and what they answer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/contract/operations_fixture.h"

namespace farstat::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr sources::EstatsSwitches kPath = sources::EstatsSwitchOf(v1::TCP_GROUP_PATH);

class ReadersTest : public OperationsTest {
 protected:
  ReadersTest() : OperationsTest(std::make_unique<FakeHost>(), false) {}
};

// A host that can change nothing.
class NothingToChangeTest : public ContractTest {};

TEST_F(OperationsTest, SetEstatsHandsOverWhatIsAskedAndAnswersWhatCame) {
  sources::EstatsResult result;
  result.matched_connections = 3;
  result.succeeded = 2;
  result.lease = 5;
  host_->Answer(result);
  v1::SetTcpEstatsCollectionRequest request = EnablePathOfAll();
  request.mutable_ttl()->set_seconds(60);
  request.set_reason("case 4711");
  const grpc::Status status = Set(request);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_.matched_connections(), 3u);
  EXPECT_EQ(response_.succeeded(), 2u);
  EXPECT_EQ(response_.lease_id(), "estats-5");
  ASSERT_THAT(host_->requests(), SizeIs(1));
  EXPECT_EQ(host_->requests()[0].enable, kPath);
  EXPECT_EQ(host_->requests()[0].ttl, absl::Minutes(1));
  EXPECT_EQ(host_->requests()[0].reason, "case 4711");
  EXPECT_NE(host_->requests()[0].holder, "");
}

TEST_F(OperationsTest, AWrongRequestNamesTheFieldAndChangesNothing) {
  const grpc::Status status = Set(v1::SetTcpEstatsCollectionRequest());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(CauseOf(status).metadata().at("field"), "filter");
  EXPECT_THAT(host_->requests(), SizeIs(0));
}

TEST_F(OperationsTest, WhatTheHostRefusesIsTheErrorOfTheCall) {
  host_->Answer(ErrorStatus(absl::StatusCode::kFailedPrecondition, kAgentLacksPrivilege,
                            "run the agent as an administrator", {{"win32_code", "5"}}));
  const grpc::Status status = Set(EnablePathOfAll());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(CauseOf(status).reason(), kAgentLacksPrivilege);
  EXPECT_EQ(CauseOf(status).metadata().at("win32_code"), "5");
}

TEST_F(ReadersTest, WhoeverCallsFromThisHostIsAReader) {
  const grpc::Status status = Set(EnablePathOfAll());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(CauseOf(status).reason(), kRoleRequired);
  EXPECT_EQ(CauseOf(status).metadata().at("setting"), "local_operators");
  EXPECT_THAT(status.error_message(),
              AllOf(HasSubstr("SetTcpEstatsCollection"), HasSubstr("local_operators")));
  EXPECT_THAT(host_->requests(), SizeIs(0));
}

TEST_F(ReadersTest, ClearingAndInlineEstatsNeedTheRoleToo) {
  grpc::ClientContext clear_context;
  v1::ClearRasStatisticsRequest clear;
  clear.mutable_filter();
  v1::ClearRasStatisticsResponse cleared;
  grpc::Status status =
      v1::RasService::NewStub(channel_)->ClearRasStatistics(&clear_context, clear, &cleared);
  EXPECT_EQ(CauseOf(status).reason(), kRoleRequired);
  grpc::ClientContext context;
  v1::SubscribeTcpStatisticsRequest subscribe;
  *subscribe.mutable_estats()->add_groups() = EnablePath();
  const auto reader = stub_->SubscribeTcpStatistics(&context, subscribe);
  v1::SubscribeTcpStatisticsResponse frame;
  EXPECT_FALSE(reader->Read(&frame));
  status = reader->Finish();
  EXPECT_EQ(CauseOf(status).reason(), kRoleRequired);
  EXPECT_THAT(status.error_message(), HasSubstr("estats in SubscribeTcpStatistics"));
}

TEST_F(NothingToChangeTest, IsUnimplementedForWhoeverCalls) {
  grpc::ClientContext context;
  v1::SetTcpEstatsCollectionResponse response;
  const grpc::Status status = stub_->SetTcpEstatsCollection(&context, EnablePathOfAll(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(CauseOf(status).reason(), kNotSupportedHere);
}

TEST_F(OperationsTest, AHostThatIsStuckHoldsUpNothingElse) {
  host_->Stick(true);
  grpc::Status set;
  std::thread caller([&] { set = Set(EnablePathOfAll()); });
  EXPECT_TRUE(Becomes([&] { return !host_->requests().empty(); }));
  grpc::ClientContext get_context;
  v1::GetTcpStatisticsResponse got;
  EXPECT_TRUE(stub_->GetTcpStatistics(&get_context, {}, &got).ok());
  grpc::ClientContext clear_context;
  v1::ClearRasStatisticsRequest clear;
  clear.mutable_filter();
  v1::ClearRasStatisticsResponse cleared;
  EXPECT_TRUE(
      v1::RasService::NewStub(channel_)->ClearRasStatistics(&clear_context, clear, &cleared).ok());
  host_->Stick(false);
  caller.join();
  EXPECT_TRUE(set.ok()) << set.error_message();
}

TEST_F(OperationsTest, ACallThatIsGivenUpBeforeItsTurnChangesNothing) {
  host_->Stick(true);
  std::thread first([&] { EXPECT_TRUE(Set(EnablePathOfAll()).ok()); });
  EXPECT_TRUE(Becomes([&] { return !host_->requests().empty(); }));
  grpc::ClientContext context;
  const auto deadline = std::chrono::system_clock::now() + std::chrono::milliseconds(50);
  context.set_deadline(deadline);
  v1::SetTcpEstatsCollectionResponse response;
  EXPECT_EQ(stub_->SetTcpEstatsCollection(&context, EnablePathOfAll(), &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  // On its way to the agent the deadline is rounded up.
  EXPECT_TRUE(Becomes(
      [&] { return std::chrono::system_clock::now() > deadline + std::chrono::milliseconds(20); }));
  host_->Stick(false);
  first.join();
  EXPECT_TRUE(Set(EnablePathOfAll()).ok()) << "its turn is after the one that was given up";
  EXPECT_THAT(host_->requests(), SizeIs(2));
}

// Nobody knows the number of its lease.
TEST_F(OperationsTest, ALeaseWhoseCallerHasGoneIsEnded) {
  sources::EstatsResult result;
  result.lease = 7;
  host_->Answer(result);
  host_->Stick(true);
  v1::SetTcpEstatsCollectionRequest request = EnablePathOfAll();
  request.mutable_ttl()->set_seconds(3600);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
  EXPECT_EQ(stub_->SetTcpEstatsCollection(&context, request, &response_).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(host_->requests(), SizeIs(1)) << "its turn came in time";
  // On the same connection, so that the server has seen by then that the first was given up.
  for (int i = 0; i < 10; ++i) {
    grpc::ClientContext get_context;
    v1::GetTcpStatisticsResponse got;
    EXPECT_TRUE(stub_->GetTcpStatistics(&get_context, {}, &got).ok());
  }
  host_->Stick(false);
  EXPECT_TRUE(Becomes([&] { return !host_->ended().empty(); }));
  EXPECT_EQ(host_->ended(), std::vector<uint64_t>{7});
}

// Over a port: gRPC's in-process transport crashes when a call comes while its server shuts down.
class OperationsOverAPortTest : public ContractTest {
 protected:
  OperationsOverAPortTest() : OperationsOverAPortTest(std::make_unique<FakeHost>()) {}
  explicit OperationsOverAPortTest(std::unique_ptr<FakeHost> host)
      : ContractTest(rpc::Limits(), Options(*host)), host_(std::move(host)) {}
  ~OperationsOverAPortTest() override { server_.reset(); }

  static rpc::ServerOptions Options(FakeHost& host) {
    rpc::ServerOptions options = OptionsFor(host.operations(), true);
    options.listen = {"127.0.0.1:0"};
    return options;
  }
  grpc::Status Set() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    v1::SetTcpEstatsCollectionResponse response;
    return v1::TcpService::NewStub(port_)->SetTcpEstatsCollection(&context, EnablePathOfAll(),
                                                                  &response);
  }

  const std::unique_ptr<FakeHost> host_;
  const std::shared_ptr<grpc::Channel> port_ =
      grpc::CreateChannel(server_->addresses()[0], grpc::experimental::LocalCredentials(LOCAL_TCP));
};

TEST_F(OperationsOverAPortTest, CallsThatWaitAreToldWhenTheAgentStops) {
  host_->Stick(true);
  std::thread first([&] { Set(); });
  EXPECT_TRUE(Becomes([&] { return !host_->requests().empty(); }));
  grpc::Status second;
  std::thread waiting([&] { second = Set(); });
  std::thread drain([&] { server_->Drain(absl::Milliseconds(10)); });
  waiting.join();
  // CANCELLED is gRPC's own word, if the call comes when the agent has stopped taking calls.
  EXPECT_THAT(second.error_code(),
              AnyOf(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::CANCELLED))
      << second.error_message();
  host_->Stick(false);
  first.join();
  drain.join();
}

TEST_F(OperationsTest, ClearRasHandsOverWhatIsAskedAndAnswersWhatCame) {
  sources::RasClearReport report;
  report.matched_connections = 1;
  report.results.resize(1);
  report.results[0].entry_name = "Office";
  host_->AnswerRas(report);
  grpc::ClientContext context;
  v1::ClearRasStatisticsRequest request;
  request.mutable_connection()->set_handle(7);
  request.set_link(2);
  v1::ClearRasStatisticsResponse response;
  const grpc::Status status =
      v1::RasService::NewStub(channel_)->ClearRasStatistics(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.succeeded(), 1u);
  EXPECT_EQ(response.results(0).entry_name(), "Office");
  ASSERT_THAT(host_->ras_requests(), SizeIs(1));
  EXPECT_EQ(host_->ras_requests()[0].connection->handle, 7u);
  EXPECT_EQ(host_->ras_requests()[0].link, 2u);
}

TEST_F(OperationsTest, StatusTellsOfLeases) {
  sources::EstatsLease lease;
  lease.id = 5;
  lease.holder = "somebody";
  lease.enable = kPath;
  lease.connections = 12;
  host_->SetLeases({lease});
  grpc::ClientContext context;
  v1::GetAgentStatusResponse status;
  ASSERT_TRUE(v1::AgentService::NewStub(channel_)->GetAgentStatus(&context, {}, &status).ok());
  ASSERT_EQ(status.estats_leases_size(), 1);
  EXPECT_EQ(status.estats_leases(0).lease_id(), "estats-5");
  EXPECT_EQ(status.estats_leases(0).holder(), "somebody");
  EXPECT_EQ(status.estats_leases(0).connections(), 12u);
}

}  // namespace
}  // namespace farstat::testing
