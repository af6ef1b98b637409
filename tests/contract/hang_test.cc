// What is promised about a source that hangs or costs too much: callers, subscribers and health are
// told at once, and it is noticed when it answers again.

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "tests/contract/contract_fixture.h"

namespace farstat::testing {
namespace {

using Frame = v1::SubscribeTcpStatisticsResponse;

// As grpc.health.v1.HealthCheckResponse has them.
constexpr char kServing[] = "\x08\x01";
constexpr char kNotServing[] = "\x08\x02";

feed::Feed::Options SoonHung() {
  feed::Feed::Options options;
  options.watch.hung_after = absl::Milliseconds(300);
  options.watch.first_quarantine = absl::Milliseconds(200);
  return options;
}

class HangTest : public ContractTest {
 protected:
  HangTest() : HangTest(SoonHung()) {}
  explicit HangTest(const feed::Feed::Options& options)
      : ContractTest(rpc::Limits(), rpc::ServerOptions(), options) {
    tcp_.Set(ManyRows(3));
  }

  // Asks for a snapshot, with a deadline that a caller who waits would miss.
  grpc::Status Get(absl::Duration max_age, v1::GetTcpStatisticsResponse* response,
                   absl::Duration patience = absl::Seconds(20)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience));
    v1::GetTcpStatisticsRequest request;
    *request.mutable_options()->mutable_max_age() = ToProto(max_age);
    return stub_->GetTcpStatistics(&context, request, response);
  }
  v1::SourceStatus Source() {
    grpc::ClientContext context;
    v1::GetAgentStatusResponse response;
    EXPECT_TRUE(v1::AgentService::NewStub(channel_)->GetAgentStatus(&context, {}, &response).ok());
    return response.sources(v1::FAMILY_TCP - 1);
  }
  std::string Health() {
    const std::string service = "farstat.v1.TcpService";
    const grpc::Slice request(std::string("\x0a") + static_cast<char>(service.size()) + service);
    const grpc::ByteBuffer sent(&request, 1);
    grpc::ByteBuffer received;
    grpc::ClientContext context;
    std::promise<grpc::Status> done;
    grpc::GenericStub(channel_).UnaryCall(
        &context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &sent, &received,
        [&done](grpc::Status status) { done.set_value(std::move(status)); });
    EXPECT_TRUE(done.get_future().get().ok());
    grpc::Slice slice;
    EXPECT_TRUE(received.TrySingleSlice(&slice).ok());
    return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
  }
  void Await(const std::function<bool()>& holds) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit);
      std::this_thread::yield();
    }
  }
  // Reads the stream up to the status of a section.
  static v1::SectionStatus ReadStatus(grpc::ClientReader<Frame>& reader) {
    Frame frame;
    while (reader.Read(&frame)) {
      if (frame.has_status()) return frame.status();
    }
    ADD_FAILURE() << "the stream ended";
    return {};
  }
  std::unique_ptr<grpc::ClientReader<Frame>> Subscribe(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    v1::SubscribeTcpStatisticsRequest request;
    *request.mutable_options()->mutable_interval() = ToProto(absl::Milliseconds(100));
    return stub_->SubscribeTcpStatistics(&context, request);
  }
};

TEST_F(HangTest, EverybodyIsToldOfAHangAndOfItsEnd) {
  grpc::ClientContext context;
  const auto reader = Subscribe(context);
  v1::GetTcpStatisticsResponse response;
  ASSERT_TRUE(Get(absl::ZeroDuration(), &response).ok());
  EXPECT_EQ(Health(), kServing);
  tcp_.Hang();

  const v1::SectionStatus hung = ReadStatus(*reader);
  EXPECT_EQ(hung.state(), v1::SECTION_STATE_STALE);
  EXPECT_EQ(hung.error().reason(), kSourceHung);
  EXPECT_TRUE(hung.has_since());
  EXPECT_EQ(Health(), kNotServing);
  const v1::SourceStatus source = Source();
  EXPECT_EQ(source.state(), v1::SOURCE_STATE_HUNG);
  EXPECT_TRUE(source.has_running_for());
  EXPECT_GE(source.hung_collections(), 1u);

  const grpc::Status refused = Get(absl::ZeroDuration(), &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(CauseOf(refused).reason(), kSourceHung);
  EXPECT_EQ(CauseOf(refused).metadata().count("since"), 1u);
  ASSERT_TRUE(Get(absl::Hours(1), &response).ok()) << "the rows from before will do";
  EXPECT_EQ(response.statistics().connections_size(), 3);
  EXPECT_EQ(response.statistics().status().state(), v1::SECTION_STATE_STALE);
  EXPECT_GT(FromProto(response.statistics().collection().age()), absl::ZeroDuration());

  tcp_.Release();
  const v1::SectionStatus well = ReadStatus(*reader);
  EXPECT_EQ(well.state(), v1::SECTION_STATE_OK);
  EXPECT_EQ(Health(), kServing);
  EXPECT_TRUE(Get(absl::ZeroDuration(), &response).ok());
  context.TryCancel();
}

TEST_F(HangTest, SubscriberWhoComesDuringAHangGetsTheOldRowsAtOnce) {
  v1::GetTcpStatisticsResponse response;
  ASSERT_TRUE(Get(absl::ZeroDuration(), &response).ok());
  tcp_.Hang();
  EXPECT_EQ(CauseOf(Get(absl::ZeroDuration(), &response)).reason(), kSourceHung);
  grpc::ClientContext context;
  const auto reader = Subscribe(context);
  EXPECT_EQ(ReadStatus(*reader).error().reason(), kSourceHung);
  Frame frame;
  int rows = 0;
  while (!frame.has_sync_end() && reader->Read(&frame)) {
    rows += frame.statistics().connections_size();
  }
  EXPECT_EQ(rows, 3);
  context.TryCancel();
}

TEST_F(HangTest, SourceThatKeepsHangingIsLeftAloneAndComesBack) {
  v1::GetTcpStatisticsResponse response;
  for (int hang = 0; hang < 2; ++hang) {
    tcp_.Hang();
    EXPECT_EQ(CauseOf(Get(absl::ZeroDuration(), &response)).reason(), kSourceHung);
    tcp_.Release();
    Await([this] { return Source().state() != v1::SOURCE_STATE_HUNG; });
  }
  EXPECT_GE(Source().hung_collections(), 2u);
  Await([this] { return Source().state() == v1::SOURCE_STATE_OK; });
  EXPECT_EQ(Health(), kServing);
  EXPECT_TRUE(Get(absl::ZeroDuration(), &response).ok());
}

class PatientTest : public HangTest {
 protected:
  // The source is given its usual 10 s.
  PatientTest() : HangTest(feed::Feed::Options()) {}
};

TEST_F(PatientTest, CallersDeadlineIsNotMissed) {
  tcp_.Hang();
  v1::GetTcpStatisticsResponse response;
  const grpc::Status status = Get(absl::ZeroDuration(), &response, absl::Seconds(4));
  EXPECT_EQ(CauseOf(status).reason(), kSourceHung) << status.error_message();
  tcp_.Release();
  EXPECT_TRUE(Get(absl::ZeroDuration(), &response).ok());
}

// A source that uses 50 ms of processor time for each collection.
feed::Feed::Options Costly() {
  feed::Feed::Options options;
  options.thread_cpu_time = [used = std::make_shared<std::atomic<int>>(0)] {
    return absl::Milliseconds(50) * (*used)++;
  };
  return options;
}

class GovernorTest : public HangTest {
 protected:
  GovernorTest() : HangTest(Costly()) {}
};

TEST_F(GovernorTest, SubscriberIsToldThatCollectionsAreRarer) {
  grpc::ClientContext context;
  const auto reader = Subscribe(context);
  const v1::SectionStatus status = ReadStatus(*reader);
  EXPECT_EQ(status.state(), v1::SECTION_STATE_OK);
  EXPECT_EQ(FromProto(status.effective_interval()), absl::Milliseconds(500));
  const v1::SourceStatus source = Source();
  EXPECT_EQ(FromProto(source.interval()), absl::Milliseconds(500));
  EXPECT_EQ(FromProto(source.wanted_interval()), absl::Milliseconds(100));
  EXPECT_TRUE(source.has_cpu_time());
  context.TryCancel();
}

}  // namespace
}  // namespace farstat::testing
