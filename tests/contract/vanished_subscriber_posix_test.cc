// Subscribers behind a network.

#include <gtest/gtest.h>

#include "agent/rpc/stream.h"
#include "tests/contract/contract_fixture.h"
#include "tests/contract/subscriber.h"
#include "tests/support/relay.h"

namespace farstat::testing {
namespace {

class NetworkTest : public ContractTest {
 protected:
  static rpc::Limits ShortKeepalive() {
    rpc::Limits limits;
    limits.keepalive_time = absl::Seconds(1);
    limits.keepalive_timeout = absl::Seconds(1);
    return limits;
  }
  static rpc::ServerOptions OnLoopback() {
    rpc::ServerOptions options;
    options.listen = {"127.0.0.1:0"};
    return options;
  }
  NetworkTest() : ContractTest(ShortKeepalive(), OnLoopback()) {}
};

TEST_F(NetworkTest, VanishedClientIsNoticedByKeepalive) {
  tcp_.Set({{1, 5}});
  Relay relay(server_->addresses()[0]);
  const auto stub = v1::TcpService::NewStub(
      grpc::CreateChannel(relay.address(), grpc::experimental::LocalCredentials(LOCAL_TCP)));
  v1::SubscribeTcpStatisticsRequest request = Every(absl::Minutes(10));
  request.mutable_options()->mutable_heartbeat_interval()->set_seconds(3600);
  Subscriber subscriber(*stub, request);
  subscriber.ReadUntilComplete();
  ASSERT_EQ(serving_.streams.size(), 1u);
  relay.Swallow();
  EXPECT_TRUE(Comes([&] { return serving_.streams.size() == 0; }))
      << "nothing is sent on this stream for an hour, so only keepalive can tell";
}

TEST_F(NetworkTest, LittleIsOnItsWayToAClientWithASmallWindow) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 65535);
  const auto stub = v1::TcpService::NewStub(grpc::CreateCustomChannel(
      server_->addresses()[0], grpc::experimental::LocalCredentials(LOCAL_TCP), arguments));
  tcp_.Set(ManyRows(200));
  Subscriber subscriber(*stub, Every(absl::Milliseconds(100)));
  subscriber.ReadUntilComplete();
  int value = 1000;
  const auto status = [&] { return serving_.streams.All().front()->Describe(); };
  const uint64_t before = status().bytes();
  EXPECT_TRUE(Comes([&] {
    std::vector<TestRow> rows = ManyRows(200);
    ++value;
    for (TestRow& row : rows) row.data = value;
    tcp_.Set(std::move(rows));
    return FromProto(status().stalled_for()) > absl::Milliseconds(500);
  })) << "the stream never stalls, however much is not read";
  EXPECT_LT(status().bytes() - before, 256u << 10);
}

}  // namespace
}  // namespace farstat::testing
