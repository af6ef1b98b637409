// What is promised about the end of an agent: within 5 s, whatever hangs.

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "tests/contract/contract_fixture.h"

namespace farstat::testing {
namespace {

using Frame = v1::SubscribeTcpStatisticsResponse;

constexpr absl::Duration kGrace = absl::Seconds(2);
constexpr std::chrono::seconds kPromise(5);

// A changing call that does not return; it goes on after the test.
struct Stuck {
  std::promise<void> entered;
  std::promise<void> go_on;
  std::promise<void> over;
};

rpc::ServerOptions WithStuckOperation(const std::shared_ptr<Stuck>& stuck) {
  rpc::ServerOptions options;
  options.roles.local_operators = true;
  options.operations.set_estats =
      [stuck](const sources::EstatsRequest&) -> absl::StatusOr<sources::EstatsResult> {
    stuck->entered.set_value();
    stuck->go_on.get_future().wait();
    stuck->over.set_value();
    return sources::EstatsResult();
  };
  options.operations.end_estats_lease = [](uint64_t) {};
  options.operations.estats_leases = [] { return std::vector<sources::EstatsLease>(); };
  return options;
}

class StopTest : public ContractTest {
 protected:
  StopTest() : StopTest(std::make_shared<Stuck>()) {}
  explicit StopTest(const std::shared_ptr<Stuck>& stuck)
      : ContractTest(rpc::Limits(), WithStuckOperation(stuck)), stuck_(stuck) {
    tcp_.Set(ManyRows(3));
  }

  const std::shared_ptr<Stuck> stuck_;
};

TEST_F(StopTest, HangingSourceDoesNotHoldUpTheEnd) {
  tcp_.Hang();
  grpc::ClientContext stream_context;
  const auto reader = stub_->SubscribeTcpStatistics(&stream_context, {});
  Frame frame;
  ASSERT_TRUE(reader->Read(&frame));
  auto waiting = std::async(std::launch::async, [this] {
    grpc::ClientContext context;
    v1::GetTcpStatisticsResponse response;
    return stub_->GetTcpStatistics(&context, {}, &response);
  });
  tcp_.AwaitHang();
  const auto start = std::chrono::steady_clock::now();
  std::thread stop([this] { server_->Drain(kGrace); });
  bool goodbye = false;
  while (reader->Read(&frame)) goodbye = frame.has_goodbye();
  EXPECT_TRUE(goodbye);
  EXPECT_TRUE(reader->Finish().ok());
  const grpc::Status answer = waiting.get();
  EXPECT_EQ(answer.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(CauseOf(answer).reason(), kAgentStopping);
  stop.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, kPromise);
}

TEST_F(StopTest, HangingOperationDoesNotHoldUpTheEnd) {
  auto waiting = std::async(std::launch::async, [this] {
    grpc::ClientContext context;
    v1::SetTcpEstatsCollectionRequest request;
    request.mutable_filter();
    v1::TcpEstatsGroupSwitch& group = *request.add_groups();
    group.set_group(v1::TCP_GROUP_PATH);
    group.set_collection(v1::TCP_ESTATS_SWITCH_ENABLE);
    v1::SetTcpEstatsCollectionResponse response;
    return stub_->SetTcpEstatsCollection(&context, request, &response);
  });
  stuck_->entered.get_future().wait();
  const auto start = std::chrono::steady_clock::now();
  server_->Drain(kGrace);
  EXPECT_LT(std::chrono::steady_clock::now() - start, kPromise);
  const grpc::Status answer = waiting.get();
  EXPECT_EQ(answer.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(CauseOf(answer).reason(), kAgentStopping);
  server_.reset();
  stuck_->go_on.set_value();
  stuck_->over.get_future().wait();
}

}  // namespace
}  // namespace farstat::testing
