// EStats that a subscription asks for: on before it begins, and they end with it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/sources/windows/estats_control.h"
#include "tests/contract/operations_fixture.h"
#include "tests/support/estats_windows.h"
#include "tests/support/test_certificates.h"

namespace farstat::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr sources::EstatsSwitches kPath = sources::EstatsSwitchOf(v1::TCP_GROUP_PATH);

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

// With the real thing behind it.
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

}  // namespace
}  // namespace farstat::testing
