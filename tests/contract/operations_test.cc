// What the comments in proto/ promise about the calls that change a host: who may, what they
// answer, and that a subscription's EStats end with it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "agent/sources/windows/estats_control.h"
#include "common/tls.h"
#include "tests/contract/contract_fixture.h"
#include "tests/support/estats_windows.h"
#include "tests/support/test_certificates.h"

namespace farstat::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr sources::EstatsSwitches kPath = sources::EstatsSwitchOf(v1::TCP_GROUP_PATH);

// Waits, with a bound, until `condition` holds.
template <typename Condition>
bool Becomes(Condition&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

v1::TcpEstatsGroupSwitch EnablePath() {
  v1::TcpEstatsGroupSwitch enable;
  enable.set_group(v1::TCP_GROUP_PATH);
  enable.set_collection(v1::TCP_ESTATS_SWITCH_ENABLE);
  return enable;
}

v1::SetTcpEstatsCollectionRequest EnablePathOfAll() {
  v1::SetTcpEstatsCollectionRequest request;
  request.mutable_filter();
  *request.add_groups() = EnablePath();
  return request;
}

// A host that does what it is told, or is stuck in doing it.
class FakeHost {
 public:
  families::Operations operations() {
    families::Operations operations;
    operations.set_estats = [this](const sources::EstatsRequest& request) {
      MutexLock lock(mutex_);
      requests_.push_back(request);
      while (stuck_) changed_.wait(mutex_);
      return result_;
    };
    operations.end_estats_lease = [this](uint64_t lease) {
      MutexLock lock(mutex_);
      ended_.push_back(lease);
    };
    operations.estats_leases = [this] {
      MutexLock lock(mutex_);
      return leases_;
    };
    operations.clear_ras = [this](const sources::RasClearRequest& request) {
      MutexLock lock(mutex_);
      ras_requests_.push_back(request);
      return ras_report_;
    };
    return operations;
  }

  void Answer(absl::StatusOr<sources::EstatsResult> result) {
    MutexLock lock(mutex_);
    result_ = std::move(result);
  }
  void AnswerRas(absl::StatusOr<sources::RasClearReport> report) {
    MutexLock lock(mutex_);
    ras_report_ = std::move(report);
  }
  void SetLeases(std::vector<sources::EstatsLease> leases) {
    MutexLock lock(mutex_);
    leases_ = std::move(leases);
  }
  void Stick(bool stuck) {
    MutexLock lock(mutex_);
    stuck_ = stuck;
    changed_.notify_all();
  }
  std::vector<sources::EstatsRequest> requests() {
    MutexLock lock(mutex_);
    return requests_;
  }
  std::vector<sources::RasClearRequest> ras_requests() {
    MutexLock lock(mutex_);
    return ras_requests_;
  }
  std::vector<uint64_t> ended() {
    MutexLock lock(mutex_);
    return ended_;
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  bool stuck_ ABSL_GUARDED_BY(mutex_) = false;
  absl::StatusOr<sources::EstatsResult> result_ ABSL_GUARDED_BY(mutex_) = sources::EstatsResult();
  absl::StatusOr<sources::RasClearReport> ras_report_ ABSL_GUARDED_BY(mutex_) =
      sources::RasClearReport();
  std::vector<sources::EstatsLease> leases_ ABSL_GUARDED_BY(mutex_);
  std::vector<sources::EstatsRequest> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<sources::RasClearRequest> ras_requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<uint64_t> ended_ ABSL_GUARDED_BY(mutex_);
};

rpc::ServerOptions OptionsFor(families::Operations operations, bool local_operators) {
  rpc::ServerOptions options;
  options.operations = std::move(operations);
  options.roles.local_operators = local_operators;
  return options;
}

// A host that can do everything, and callers who are operators.
class OperationsTest : public ContractTest {
 protected:
  OperationsTest() : OperationsTest(std::make_unique<FakeHost>(), true) {}
  OperationsTest(std::unique_ptr<FakeHost> host, bool local_operators)
      : ContractTest(rpc::Limits(), OptionsFor(host->operations(), local_operators)),
        host_(std::move(host)) {}
  // The server looks at the host.
  ~OperationsTest() override { server_.reset(); }

  grpc::Status Set(const v1::SetTcpEstatsCollectionRequest& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    return stub_->SetTcpEstatsCollection(&context, request, &response_);
  }

  const std::unique_ptr<FakeHost> host_;
  v1::SetTcpEstatsCollectionResponse response_;
};

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

// --- EStats of a subscription
// ---------------------------------------------------------------------

class InlineEstatsTest : public OperationsTest {
 protected:
  using Frame = v1::SubscribeTcpStatisticsResponse;

  InlineEstatsTest() {
    sources::EstatsResult result;
    result.lease = 9;
    host_->Answer(result);
    *request_.mutable_estats()->add_groups() = EnablePath();
  }
  void Subscribe() { reader_ = stub_->SubscribeTcpStatistics(&context_, request_); }
  bool EndedOnce() {
    return Becomes([&] { return !host_->ended().empty(); }) &&
           host_->ended() == std::vector<uint64_t>{9};
  }

  grpc::ClientContext context_;
  v1::SubscribeTcpStatisticsRequest request_;
  std::unique_ptr<grpc::ClientReader<Frame>> reader_;
};

TEST_F(InlineEstatsTest, AreOnBeforeTheStreamBeginsAndEndWithIt) {
  Subscribe();
  Frame frame;
  ASSERT_TRUE(reader_->Read(&frame));
  EXPECT_TRUE(frame.has_accepted());
  ASSERT_THAT(host_->requests(), SizeIs(1));
  EXPECT_EQ(host_->requests()[0].ttl, absl::InfiniteDuration());
  EXPECT_THAT(host_->requests()[0].holder, HasSubstr("stream of"));
  EXPECT_THAT(host_->ended(), SizeIs(0));
  context_.TryCancel();
  EXPECT_TRUE(EndedOnce());
}

TEST_F(InlineEstatsTest, EndWhenTheAgentEndsTheStream) {
  request_.mutable_options()->mutable_max_duration()->set_nanos(100'000'000);
  Subscribe();
  Frame frame;
  while (reader_->Read(&frame)) {
  }
  EXPECT_TRUE(frame.has_goodbye());
  EXPECT_TRUE(reader_->Finish().ok());
  EXPECT_TRUE(EndedOnce());
}

TEST_F(InlineEstatsTest, EndWhenTheAgentStops) {
  Subscribe();
  Frame frame;
  ASSERT_TRUE(reader_->Read(&frame));
  std::thread drain([&] { server_->Drain(absl::Seconds(5)); });
  while (reader_->Read(&frame)) {
  }
  drain.join();
  EXPECT_TRUE(EndedOnce());
}

TEST_F(InlineEstatsTest, WhatTheHostRefusesIsTheErrorOfTheCall) {
  host_->Answer(ErrorStatus(absl::StatusCode::kFailedPrecondition, kAgentLacksPrivilege, "no"));
  Subscribe();
  Frame frame;
  EXPECT_FALSE(reader_->Read(&frame)) << frame.ShortDebugString();
  EXPECT_EQ(CauseOf(reader_->Finish()).reason(), kAgentLacksPrivilege);
  EXPECT_THAT(host_->ended(), SizeIs(0));
}

TEST_F(InlineEstatsTest, AWrongRequestIsTheErrorOfTheCall) {
  request_.mutable_estats()->mutable_ttl()->set_seconds(60);
  Subscribe();
  Frame frame;
  EXPECT_FALSE(reader_->Read(&frame));
  EXPECT_EQ(CauseOf(reader_->Finish()).metadata().at("field"), "estats.ttl");
}

TEST_F(InlineEstatsTest, AClientThatGoesWhileTheyAreSwitchedLeavesNothingBehind) {
  host_->Stick(true);
  Subscribe();
  EXPECT_TRUE(Becomes([&] { return !host_->requests().empty(); }));
  context_.TryCancel();
  EXPECT_EQ(reader_->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Becomes([&] { return serving_.streams.size() == 0; }));
  EXPECT_THAT(host_->ended(), SizeIs(0)) << "there is no lease yet";
  host_->Stick(false);
  EXPECT_TRUE(EndedOnce());
}

TEST_F(InlineEstatsTest, AClientThatGoesBeforeTheirTurnChangesNothing) {
  host_->Stick(true);
  std::thread first([&] { EXPECT_TRUE(Set(EnablePathOfAll()).ok()); });
  EXPECT_TRUE(Becomes([&] { return !host_->requests().empty(); }));
  Subscribe();
  EXPECT_TRUE(Becomes([&] { return serving_.streams.size() == 1; }));
  context_.TryCancel();
  EXPECT_EQ(reader_->Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(Becomes([&] { return serving_.streams.size() == 0; }));
  host_->Stick(false);
  first.join();
  EXPECT_TRUE(Set(EnablePathOfAll()).ok()) << "its turn is after the stream's";
  EXPECT_THAT(host_->requests(), SizeIs(2));
  EXPECT_THAT(host_->ended(), SizeIs(0));
}

TEST_F(InlineEstatsTest, SubscriptionsWithoutThemDoNotWaitForAHostThatIsStuck) {
  host_->Stick(true);
  std::thread stuck([&] { Set(EnablePathOfAll()); });
  request_.clear_estats();
  Subscribe();
  Frame frame;
  EXPECT_TRUE(reader_->Read(&frame));
  context_.TryCancel();
  host_->Stick(false);
  stuck.join();
}

// --- With the real thing behind it
// ----------------------------------------------------------------

TEST(OperationsOnWindowsTest, ASubscriptionsEstatsAreSwitchedOffWhenItsClientVanishes) {
  const TestFolder folder;
  EstatsWindows windows;
  const size_t first = windows.Add(1000);
  const size_t foreign = windows.Add(1001);
  windows.Alter(foreign, [](auto& connection) { connection.on = kPath; });
  sources::windows::EstatsControl control(windows.api(), SystemClock(),
                                          folder.Path("estats.journal"));
  families::Operations operations;
  operations.set_estats = [&](const sources::EstatsRequest& request) {
    return control.Set(request);
  };
  operations.end_estats_lease = [&](uint64_t lease) { control.End(lease); };
  operations.estats_leases = [&] { return control.Leases(); };

  // The fixture as an object: what stands behind the server must be there before it.
  struct Served : ContractTest {
    explicit Served(families::Operations operations)
        : ContractTest(rpc::Limits(), OptionsFor(std::move(operations), true)) {}
    void TestBody() override {}
    v1::TcpService::Stub& stub() { return *stub_; }
  };
  Served served(operations);
  v1::SubscribeTcpStatisticsRequest request;
  *request.mutable_estats()->add_groups() = EnablePath();
  request.mutable_estats()->set_on_release(v1::TCP_ESTATS_RELEASE_DISABLE);
  grpc::ClientContext context;
  const auto reader = served.stub().SubscribeTcpStatistics(&context, request);
  v1::SubscribeTcpStatisticsResponse frame;
  ASSERT_TRUE(reader->Read(&frame)) << reader->Finish().error_message();
  EXPECT_EQ(windows.On(first), kPath);
  const size_t later = windows.Add(1002);
  EXPECT_TRUE(Becomes([&] { return windows.On(later) == kPath; }));
  context.TryCancel();
  EXPECT_TRUE(Becomes([&] { return windows.On(first) == 0 && windows.On(later) == 0; }));
  EXPECT_EQ(windows.On(foreign), kPath);
  EXPECT_TRUE(Becomes([&] { return control.Leases().empty(); }));
}

// --- Roles over TLS
// -------------------------------------------------------------------------------

class TlsRolesTest : public ::testing::Test {
 protected:
  TlsRolesTest() {
    for (const v1::Family id : {v1::FAMILY_RAS, v1::FAMILY_TCP, v1::FAMILY_IPSEC, v1::FAMILY_IKE}) {
      auto& family = families_.emplace_back(std::make_unique<families::Family>());
      family->id = id;
      family->unavailable = absl::UnimplementedError("not here");
    }
    rpc::ServerOptions options = OptionsFor(host_.operations(), /*local_operators=*/true);
    options.roles.operators = {"Chief", "*.ops.example", "spiffe://example/admin"};
    options.listen = {"127.0.0.1:0"};
    options.use_tls = true;
    options.tls = folder_.WriteTlsFiles("agent", authority_.certificate(), authority_.Issue());
    auto server = rpc::Server::Start(options, families_, serving_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // What a client with these names in its certificate is answered.
  grpc::Status SetAs(const std::string& common_name, std::vector<std::string> names) {
    TestCertificateOptions certificate;
    certificate.common_name = common_name;
    certificate.names = std::move(names);
    const auto credentials = MakeChannelCredentials(
        folder_.WriteTlsFiles("client", authority_.certificate(), authority_.Issue(certificate)));
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    grpc::ChannelArguments own_connection;
    own_connection.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel =
        grpc::CreateCustomChannel(server_->addresses()[0], *credentials, own_connection);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    v1::SetTcpEstatsCollectionResponse response;
    return v1::TcpService::NewStub(channel)->SetTcpEstatsCollection(&context, EnablePathOfAll(),
                                                                    &response);
  }

  FakeHost host_;
  const TestFolder folder_;
  const TestAuthority authority_;
  rpc::Families families_;
  rpc::Serving serving_{SystemClock(), rpc::Limits(), 1};
  std::unique_ptr<rpc::Server> server_;
};

TEST_F(TlsRolesTest, OperatorsAreKnownByTheNamesInTheirCertificates) {
  EXPECT_TRUE(SetAs("chief", {"IP:127.0.0.1"}).ok()) << "the common name";
  EXPECT_TRUE(SetAs("x", {"DNS:chief"}).ok()) << "a DNS name without a dot";
  EXPECT_TRUE(SetAs("x", {"DNS:x.example", "DNS:box.OPS.example"}).ok()) << "a DNS name";
  EXPECT_TRUE(SetAs("x", {"URI:spiffe://example/admin"}).ok()) << "a URI";
  EXPECT_THAT(host_.requests(), SizeIs(4));
  EXPECT_THAT(host_.requests()[0].holder, HasSubstr("chief at ipv4:127.0.0.1"));
}

TEST_F(TlsRolesTest, OthersAreReadersAndAreToldWhatWouldChangeThat) {
  const grpc::Status status = SetAs("auditor", {"DNS:ops.example", "DNS:box.ops.example.org"});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(CauseOf(status).reason(), kRoleRequired);
  EXPECT_EQ(CauseOf(status).metadata().at("setting"), "operators");
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("ops.example"), HasSubstr("operators")));
  EXPECT_THAT(host_.requests(), SizeIs(0));
}

TEST_F(TlsRolesTest, ANameCountsOnlyAsTheKindOfNameThatItIs) {
  EXPECT_FALSE(SetAs("chief", {"DNS:somewhere.example"}).ok())
      << "a common name does not count beside a DNS name";
  EXPECT_FALSE(SetAs("chief", {"URI:spiffe://example/reader"}).ok())
      << "a common name does not count beside a URI";
  EXPECT_FALSE(SetAs("box.ops.example", {"IP:127.0.0.1"}).ok()) << "suffixes are of DNS names";
  EXPECT_FALSE(SetAs("x", {"URI:box.ops.example"}).ok()) << "suffixes are of DNS names";
  EXPECT_FALSE(SetAs("x", {"URI:spiffe://example/admin/.ops.example"}).ok())
      << "suffixes are of DNS names";
  EXPECT_FALSE(SetAs("spiffe://example/admin", {"IP:127.0.0.1"}).ok()) << "a common name, no URI";
  EXPECT_FALSE(SetAs("x", {"DNS:spiffe://example/admin"}).ok()) << "a DNS name, no URI";
  EXPECT_FALSE(SetAs("x", {"URI:spiffe://example/ADMIN"}).ok()) << "URIs are compared exactly";
  EXPECT_FALSE(SetAs("x", {"URI:chief"}).ok()) << "a URI is listed with its scheme";
  EXPECT_THAT(host_.requests(), SizeIs(0));
}

}  // namespace
}  // namespace farstat::testing
