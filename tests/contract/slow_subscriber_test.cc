// Subscribers that read slowly or not at all, and those that want too much.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "agent/rpc/stream.h"
#include "farstat/v1/agent.grpc.pb.h"
#include "tests/contract/contract_fixture.h"
#include "tests/contract/subscriber.h"

namespace farstat::testing {
namespace {

using ::testing::HasSubstr;

// When the caller may try again; zero: that is not said.
absl::Duration RetryDelayOf(const grpc::Status& status) {
  v1::RpcStatus rpc_status;
  EXPECT_TRUE(rpc_status.ParseFromString(status.error_details()));
  v1::RetryInfo retry;
  for (const auto& detail : rpc_status.details()) {
    if (detail.type_url() == "type.googleapis.com/google.rpc.RetryInfo") {
      EXPECT_TRUE(retry.ParseFromString(detail.value()));
    }
  }
  return FromProto(retry.retry_delay());
}

class FewStreamsTest : public ContractTest {
 protected:
  static rpc::Limits FewStreams() {
    rpc::Limits limits;
    limits.max_streams = 2;
    limits.stalled_stream_timeout = absl::Milliseconds(500);
    return limits;
  }
  FewStreamsTest() : ContractTest(FewStreams()) {}
};

TEST_F(FewStreamsTest, StreamAboveTheLimitIsRefusedWithAHint) {
  tcp_.Set({{1, 5}});
  Subscriber a(*stub_, Every(absl::Milliseconds(100)));
  a.ReadUntilComplete();
  Subscriber b(*stub_, Every(absl::Milliseconds(100)));
  b.ReadUntilComplete();
  Subscriber c(*stub_, Every(absl::Milliseconds(100)));
  const grpc::Status status = c.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(CauseOf(status).reason(), "LIMIT_REACHED");
  EXPECT_THAT(status.error_message(), HasSubstr("2 streams"));
  EXPECT_GT(RetryDelayOf(status), absl::ZeroDuration());
  EXPECT_EQ(serving_.streams.refused, 1u);
}

TEST_F(FewStreamsTest, ClientThatDoesNotReadIsEvictedAndCounted) {
  tcp_.Set(ManyRows(20000));
  v1::SubscribeTcpStatisticsRequest request = Every(absl::Milliseconds(100));
  request.mutable_options()->mutable_heartbeat_interval()->set_seconds(1);
  Subscriber subscriber(*stub_, request);
  const SteadyTime deadline = SystemClock().Steady() + std::chrono::seconds(20);
  while (serving_.streams.evicted == 0 && SystemClock().Steady() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(serving_.streams.evicted, 1u);
  EXPECT_EQ(subscriber.Finish().error_code(), grpc::StatusCode::CANCELLED);
}

class FewPerPeerTest : public ContractTest {
 protected:
  static rpc::Limits FewPerPeer() {
    rpc::Limits limits;
    limits.max_streams_per_peer = 1;
    limits.max_retained_snapshots_per_peer = 1;
    return limits;
  }
  static rpc::ServerOptions OnLoopback() {
    rpc::ServerOptions options;
    options.listen = {"127.0.0.1:0"};
    return options;
  }
  FewPerPeerTest() : ContractTest(FewPerPeer(), OnLoopback()) {}
};

TEST_F(FewPerPeerTest, OnePeerDoesNotKeepOthersOut) {
  tcp_.Set({{1, 5}});
  Subscriber here(*stub_, Every(absl::Milliseconds(100)));
  here.ReadUntilComplete();
  Subscriber again(*stub_, Every(absl::Milliseconds(100)));
  const grpc::Status status = again.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(CauseOf(status).metadata().at("limit"), "max_streams_per_peer");
  EXPECT_GT(RetryDelayOf(status), absl::ZeroDuration());
  const auto other_stub = v1::TcpService::NewStub(grpc::CreateChannel(
      server_->addresses()[0], grpc::experimental::LocalCredentials(LOCAL_TCP)));
  Subscriber other(*other_stub, Every(absl::Milliseconds(100)));
  other.ReadUntilComplete();
  EXPECT_EQ(other.rows().size(), 1u);
}

TEST_F(FewPerPeerTest, OnePeerMayPageOneSnapshotAtATime) {
  tcp_.Set(ManyRows(10));
  v1::GetTcpStatisticsRequest request;
  request.mutable_options()->set_page_size(4);
  const auto get = [&](v1::GetTcpStatisticsResponse& response) {
    grpc::ClientContext context;
    return stub_->GetTcpStatistics(&context, request, &response);
  };
  v1::GetTcpStatisticsResponse first;
  ASSERT_TRUE(get(first).ok());
  v1::GetTcpStatisticsResponse second;
  const grpc::Status status = get(second);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(CauseOf(status).metadata().at("limit"), "max_retained_snapshots_per_peer");
  // What has been fetched to its end makes room.
  request.mutable_options()->set_page_token(first.next_page_token());
  ASSERT_TRUE(get(second).ok());
  request.mutable_options()->set_page_token(second.next_page_token());
  ASSERT_TRUE(get(second).ok());
  EXPECT_TRUE(second.next_page_token().empty());
  request.mutable_options()->clear_page_token();
  EXPECT_TRUE(get(second).ok());
}

class SlowSubscriberTest : public ContractTest {};

TEST_F(SlowSubscriberTest, SkippedTicksAreToldAndCounted) {
  int value = 0;
  const auto change = [&] { tcp_.Set({{1, 5, ++value}}); };
  change();
  Subscriber subscriber(*stub_, Every(absl::Milliseconds(100)));
  subscriber.ReadUntilComplete();
  // In the process nothing is buffered: a frame that is not read holds up the stream.
  const int before = tcp_.collections();
  while (tcp_.collections() < before + 8) {
    change();
    std::this_thread::yield();
  }
  const int newest = ++value;
  tcp_.Set({{1, 5, newest}});
  uint64_t skipped = 0;
  subscriber.ReadUntil([&](const Frame& frame) {
    skipped += frame.header().skipped_ticks();
    return frame.statistics().connections_size() == 1 &&
           frame.statistics().connections(0).data().segments_in() == static_cast<uint64_t>(newest);
  });
  EXPECT_GE(skipped, 4u);
  grpc::ClientContext context;
  v1::GetAgentStatusResponse status;
  ASSERT_TRUE(v1::AgentService::NewStub(channel_)->GetAgentStatus(&context, {}, &status).ok());
  EXPECT_GE(status.subscribers(0).skipped_ticks(), skipped);
}

TEST_F(SlowSubscriberTest, OneThatDoesNotReadHoldsUpNobodyElse) {
  int value = 0;
  tcp_.Set({{1, 5, ++value}});
  Subscriber stalled(*stub_, Every(absl::Milliseconds(100)));
  Subscriber reading(*stub_, Every(absl::Milliseconds(100)));
  reading.ReadUntilComplete();
  for (int round = 0; round < 10; ++round) {
    tcp_.Set({{1, 5, ++value}});
    uint64_t skipped = 0;
    reading.ReadUntil([&](const Frame& frame) {
      skipped += frame.header().skipped_ticks();
      return frame.statistics().connections_size() == 1 &&
             frame.statistics().connections(0).data().segments_in() == static_cast<uint64_t>(value);
    });
    EXPECT_LE(skipped, 2u) << "only what this thread may have been too slow for";
  }
}

class LittleMemoryTest : public ContractTest {
 protected:
  static rpc::Limits LittleMemory() {
    rpc::Limits limits;
    limits.max_unsent_bytes = 1 << 20;
    return limits;
  }
  LittleMemoryTest() : ContractTest(LittleMemory()) {}
};

TEST_F(LittleMemoryTest, ManyThatDoNotReadAreGivenSmallFrames) {
  tcp_.Set(ManyRows(20000));
  std::vector<std::unique_ptr<Subscriber>> stalled;
  for (uint32_t i = 0; i < 30; ++i) {
    // All ports but one, another each time: none can share what is assembled for another.
    v1::SubscribeTcpStatisticsRequest request = Every(absl::Seconds(1));
    v1::PortRange& below = *request.mutable_query()->mutable_filter()->add_local_ports();
    below.set_first(0);
    below.set_last(100 + i);
    v1::PortRange& above = *request.mutable_query()->mutable_filter()->add_local_ports();
    above.set_first(102 + i);
    above.set_last(65535);
    stalled.push_back(std::make_unique<Subscriber>(*stub_, request));
  }
  const feed::Table& table = families_[v1::FAMILY_TCP - 1]->feed->table();
  // Accepted and the beginning of the set are read; the first rows are held up.
  for (const auto& subscriber : stalled) {
    Frame frame;
    ASSERT_TRUE(subscriber->Read(frame));
    ASSERT_TRUE(subscriber->Read(frame));
  }
  EXPECT_TRUE(Comes([&] {
    const auto streams = serving_.streams.All();
    return std::all_of(streams.begin(), streams.end(), [](const auto& stream) {
      const v1::SubscriberStatus status = stream->Describe();
      return status.frames() >= 3 && status.has_stalled_for();
    });
  }));
  EXPECT_GT(table.batch_bytes(), 1u << 20);
  EXPECT_LE(table.batch_bytes(), (1u << 20) + (512u << 10) + 30 * (32u << 10));
  for (const auto& subscriber : stalled) {
    subscriber->ReadUntilComplete();
    EXPECT_EQ(subscriber->rows().size(), 19999u);
  }
}

}  // namespace
}  // namespace farstat::testing
