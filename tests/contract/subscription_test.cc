// What the comments in proto/ promise about subscriptions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/contract/contract_fixture.h"
#include "tests/contract/subscriber.h"

namespace farstat::testing {
namespace {

using ::testing::HasSubstr;

class SubscriptionTest : public ContractTest {};

TEST_F(SubscriptionTest, AcceptedThenABracketedFullSet) {
  tcp_.Set(ManyRows(3));
  Subscriber subscriber(*stub_, Every(absl::Milliseconds(100)));
  Frame frame;
  ASSERT_TRUE(subscriber.Read(frame));
  ASSERT_TRUE(frame.has_accepted());
  EXPECT_EQ(frame.accepted().agent_start_id(), 4711u);
  EXPECT_EQ(frame.accepted().interval().nanos(), 100'000'000);
  EXPECT_EQ(frame.accepted().adjustments_size(), 0);
  EXPECT_FALSE(frame.accepted().resumed());
  ASSERT_TRUE(subscriber.Read(frame));
  ASSERT_TRUE(frame.has_sync_begin());
  EXPECT_EQ(frame.sync_begin().reason(), v1::SYNC_REASON_INITIAL);
  EXPECT_EQ(frame.sync_begin().family(), v1::FAMILY_TCP);
  ASSERT_TRUE(subscriber.Read(frame));
  EXPECT_EQ(frame.statistics().connections_size(), 3);
  EXPECT_EQ(frame.statistics().collection().tick(), 1u);
  EXPECT_FALSE(frame.header().tick_complete());
  ASSERT_TRUE(subscriber.Read(frame));
  ASSERT_TRUE(frame.has_sync_end());
  EXPECT_EQ(frame.sync_end().row_count(), 3u);
  EXPECT_TRUE(frame.header().tick_complete());
  EXPECT_FALSE(frame.header().resume_token().empty());
  EXPECT_FALSE(frame.header().has_base_time());
}

TEST_F(SubscriptionTest, ThenOnlyWhatChanges) {
  tcp_.Set({{1, 5, 10}, {2, 5, 20}});
  Subscriber subscriber(*stub_, Every(absl::Milliseconds(100)));
  subscriber.ReadUntilComplete();
  tcp_.Set({{1, 5, 11}});
  const Frame frame = subscriber.ReadUntilComplete();
  ASSERT_EQ(frame.statistics().connections_size(), 1);
  EXPECT_EQ(frame.statistics().connections(0).data().segments_in(), 11u);
  ASSERT_EQ(frame.statistics().removed_connections_size(), 1);
  EXPECT_EQ(frame.statistics().removed_connections(0).incarnation(), 2u);
  const absl::Duration growth =
      FromProto(frame.header().time()) - FromProto(frame.header().base_time());
  EXPECT_GT(growth, absl::ZeroDuration());
  EXPECT_EQ(subscriber.rows().size(), 1u);
}

TEST_F(SubscriptionTest, EmptyHostIsAnEmptyFullSet) {
  Subscriber subscriber(*stub_, Every(absl::Milliseconds(100)));
  const Frame frame = subscriber.ReadUntilComplete();
  EXPECT_TRUE(frame.has_sync_end());
  EXPECT_EQ(frame.sync_end().row_count(), 0u);
}

TEST_F(SubscriptionTest, LargeFullSetComesInFramesOfBoundedSize) {
  tcp_.Set(ManyRows(30000));
  Subscriber subscriber(*stub_, Every(absl::Seconds(1)));
  int frames = 0;
  subscriber.ReadUntil([&](const Frame& frame) {
    EXPECT_LE(frame.ByteSizeLong(), 512u << 10);
    ++frames;
    return frame.header().tick_complete();
  });
  EXPECT_GT(frames, 4);
  EXPECT_EQ(subscriber.rows().size(), 30000u);
}

TEST_F(SubscriptionTest, CompletenessIsToldAlsoWhenNothingMoreChanges) {
  tcp_.Set(ManyRows(30000));
  Subscriber subscriber(*stub_, Every(absl::Milliseconds(100)));
  subscriber.ReadUntil([](const Frame& frame) { return frame.has_sync_begin(); });
  // The set is not read before there is another tick, which is the same.
  const int before = tcp_.collections();
  ASSERT_TRUE(Comes([&] { return tcp_.collections() >= before + 2; }));
  const Frame frame = subscriber.ReadUntilComplete();
  EXPECT_EQ(frame.statistics().connections_size(), 0);
  EXPECT_FALSE(frame.header().resume_token().empty());
  EXPECT_EQ(subscriber.rows().size(), 30000u);
}

TEST_F(SubscriptionTest, ClampsAreToldWithTheirReason) {
  struct Case {
    absl::Duration asked;
    absl::Duration effective;
  };
  for (const Case& c : {Case{absl::Nanoseconds(1), absl::Milliseconds(100)},
                        Case{absl::Milliseconds(150), absl::Milliseconds(200)},
                        Case{absl::Hours(24 * 365 * 1000), absl::Hours(1)}}) {
    Subscriber subscriber(*stub_, Every(c.asked));
    Frame frame;
    ASSERT_TRUE(subscriber.Read(frame));
    ASSERT_EQ(frame.accepted().adjustments_size(), 1);
    EXPECT_EQ(frame.accepted().adjustments(0).field(), "options.interval");
    EXPECT_FALSE(frame.accepted().adjustments(0).reason().empty());
    EXPECT_EQ(FromProto(frame.accepted().interval()), c.effective);
  }
}

TEST_F(SubscriptionTest, IntervalOfZeroIsTheDefault) {
  Subscriber subscriber(*stub_, {});
  Frame frame;
  ASSERT_TRUE(subscriber.Read(frame));
  EXPECT_EQ(frame.accepted().interval().seconds(), 1);
  EXPECT_EQ(frame.accepted().heartbeat_interval().seconds(), 15);
  EXPECT_EQ(frame.accepted().adjustments_size(), 0);
}

TEST_F(SubscriptionTest, BadOptionsAreRefused) {
  Subscriber subscriber(*stub_, Every(-absl::Seconds(1)));
  const grpc::Status status = subscriber.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(CauseOf(status).metadata().at("field"), "options.interval");
}

TEST_F(SubscriptionTest, HeartbeatsWhenNothingChanges) {
  tcp_.Set({{1, 5}});
  v1::SubscribeTcpStatisticsRequest request = Every(absl::Milliseconds(100));
  request.mutable_options()->mutable_heartbeat_interval()->set_seconds(1);
  Subscriber subscriber(*stub_, request);
  subscriber.ReadUntilComplete();
  Frame frame;
  ASSERT_TRUE(subscriber.Read(frame));
  EXPECT_TRUE(frame.has_heartbeat());
  ASSERT_TRUE(subscriber.Read(frame));
  EXPECT_TRUE(frame.has_heartbeat());
  EXPECT_GT(tcp_.collections(), 10) << "it was looked, and nothing had changed";
}

TEST_F(SubscriptionTest, FilteredRowThatStopsMatchingIsRemoved) {
  tcp_.Set({{1, 5}, {2, 6}});
  v1::SubscribeTcpStatisticsRequest request = Every(absl::Milliseconds(100));
  request.mutable_query()->mutable_filter()->add_states(v1::TCP_STATE_ESTABLISHED);
  Subscriber subscriber(*stub_, request);
  subscriber.ReadUntilComplete();
  EXPECT_EQ(subscriber.rows().size(), 1u);
  tcp_.Set({{1, 6}, {2, 6}});
  subscriber.ReadUntilComplete();
  EXPECT_TRUE(subscriber.rows().empty());
}

TEST_F(SubscriptionTest, UpdatesOnlyLeavesOutTheInitialSet) {
  tcp_.Set({{1, 5}, {2, 5}});
  v1::SubscribeTcpStatisticsRequest request = Every(absl::Milliseconds(100));
  request.mutable_options()->set_updates_only(true);
  Subscriber subscriber(*stub_, request);
  Frame frame;
  ASSERT_TRUE(subscriber.Read(frame));
  while (tcp_.collections() < 3) std::this_thread::yield();
  tcp_.Set({{1, 5}, {2, 5, 7}});
  ASSERT_TRUE(subscriber.Read(frame));
  ASSERT_EQ(frame.statistics().connections_size(), 1);
  EXPECT_EQ(frame.statistics().connections(0).key().incarnation(), 2u);
}

TEST_F(SubscriptionTest, ResumeGoesOnWhereTheClientWas) {
  tcp_.Set(ManyRows(100));
  // Another stream keeps the table alive meanwhile.
  Subscriber other(*stub_, Every(absl::Milliseconds(100)));
  other.ReadUntilComplete();
  std::string token;
  {
    Subscriber first(*stub_, Every(absl::Milliseconds(100)));
    first.ReadUntilComplete();
    token = first.token();
  }
  std::vector<TestRow> rows = ManyRows(100);
  rows[7].data = 1;
  tcp_.Set(rows);
  other.ReadUntilComplete();
  v1::SubscribeTcpStatisticsRequest request = Every(absl::Milliseconds(100));
  request.mutable_options()->set_resume_token(token);
  Subscriber second(*stub_, request);
  Frame frame;
  ASSERT_TRUE(second.Read(frame));
  EXPECT_TRUE(frame.accepted().resumed());
  ASSERT_TRUE(second.Read(frame));
  ASSERT_EQ(frame.statistics().connections_size(), 1) << frame.ShortDebugString();
  EXPECT_EQ(frame.statistics().connections(0).key().incarnation(), 8u);
}

TEST_F(SubscriptionTest, TokenThatCannotBeHonouredGivesAResync) {
  tcp_.Set(ManyRows(3));
  for (const std::string& token : {std::string("garbage"), std::string(8 + 32, 'x')}) {
    v1::SubscribeTcpStatisticsRequest request = Every(absl::Milliseconds(100));
    request.mutable_options()->set_resume_token(token);
    Subscriber subscriber(*stub_, request);
    Frame frame;
    ASSERT_TRUE(subscriber.Read(frame));
    EXPECT_FALSE(frame.accepted().resumed());
    ASSERT_TRUE(subscriber.Read(frame));
    EXPECT_EQ(frame.sync_begin().reason(), v1::SYNC_REASON_RESYNC);
    subscriber.ReadUntilComplete();
    EXPECT_EQ(subscriber.rows().size(), 3u);
  }
}

TEST_F(SubscriptionTest, TokenOfAnotherQueryGivesAResync) {
  tcp_.Set(ManyRows(3));
  Subscriber first(*stub_, Every(absl::Milliseconds(100)));
  first.ReadUntilComplete();
  v1::SubscribeTcpStatisticsRequest request = Every(absl::Milliseconds(100));
  request.mutable_query()->mutable_filter()->add_states(v1::TCP_STATE_LISTEN);
  request.mutable_options()->set_resume_token(first.token());
  Subscriber second(*stub_, request);
  Frame frame;
  ASSERT_TRUE(second.Read(frame));
  EXPECT_FALSE(frame.accepted().resumed());
}

TEST_F(SubscriptionTest, SourceThatFailsAndRecoversIsTold) {
  tcp_.Set({{1, 5}});
  Subscriber subscriber(*stub_, Every(absl::Milliseconds(100)));
  subscriber.ReadUntilComplete();
  tcp_.Fail(ErrorStatus(absl::StatusCode::kUnavailable, kSourceStopped, "stopped"));
  Frame frame;
  ASSERT_TRUE(subscriber.Read(frame));
  ASSERT_TRUE(frame.has_status());
  EXPECT_EQ(frame.status().state(), v1::SECTION_STATE_STALE);
  EXPECT_EQ(frame.status().error().reason(), "SOURCE_STOPPED");
  EXPECT_EQ(frame.header().family(), v1::FAMILY_TCP);
  tcp_.Fail(absl::OkStatus());
  ASSERT_TRUE(subscriber.Read(frame));
  ASSERT_TRUE(frame.has_status());
  EXPECT_EQ(frame.status().state(), v1::SECTION_STATE_OK);
  EXPECT_EQ(subscriber.rows().size(), 1u) << "the last good rows stayed";
}

TEST_F(SubscriptionTest, MaxDurationEndsWithGoodbyeAndOk) {
  tcp_.Set({{1, 5}});
  v1::SubscribeTcpStatisticsRequest request = Every(absl::Milliseconds(100));
  request.mutable_options()->mutable_max_duration()->set_nanos(300'000'000);
  Subscriber subscriber(*stub_, request);
  const Frame frame = subscriber.ReadUntil([](const Frame& next) { return next.has_goodbye(); });
  EXPECT_EQ(frame.goodbye().reason(), v1::GOODBYE_REASON_MAX_DURATION);
  EXPECT_TRUE(subscriber.Finish().ok());
}

TEST_F(SubscriptionTest, VeryLongDurationsAreNoOverflow) {
  tcp_.Set({{1, 5}});
  v1::SubscribeTcpStatisticsRequest request = Every(absl::Milliseconds(100));
  request.mutable_options()->mutable_max_duration()->set_seconds(9'300'000'000);
  Subscriber subscriber(*stub_, request);
  subscriber.ReadUntilComplete();
  tcp_.Set({{1, 5, 7}});
  EXPECT_FALSE(subscriber.ReadUntilComplete().has_goodbye());
}

TEST_F(SubscriptionTest, DrainSaysGoodbyeToEveryone) {
  tcp_.Set({{1, 5}});
  std::vector<std::unique_ptr<Subscriber>> subscribers;
  for (int i = 0; i < 50; ++i) {
    subscribers.push_back(std::make_unique<Subscriber>(*stub_, Every(absl::Milliseconds(100))));
    subscribers.back()->ReadUntilComplete();
  }
  std::thread drain([&] { server_->Drain(absl::Seconds(10)); });
  for (const auto& subscriber : subscribers) {
    const Frame frame = subscriber->ReadUntil([](const Frame& next) { return next.has_goodbye(); });
    EXPECT_EQ(frame.goodbye().reason(), v1::GOODBYE_REASON_SHUTDOWN);
    EXPECT_GT(frame.goodbye().retry_after().seconds(), 0);
    EXPECT_TRUE(subscriber->Finish().ok());
  }
  drain.join();
}

TEST_F(SubscriptionTest, DrainCutsAClientThatDoesNotRead) {
  tcp_.Set(ManyRows(20000));
  Subscriber subscriber(*stub_, Every(absl::Milliseconds(100)));
  while (tcp_.collections() < 2) std::this_thread::yield();
  const SteadyTime start = SystemClock().Steady();
  server_->Drain(absl::Milliseconds(300));
  EXPECT_LT(absl::FromChrono(SystemClock().Steady() - start), absl::Seconds(5));
  EXPECT_FALSE(subscriber.Finish().ok());
}

TEST_F(SubscriptionTest, StalledClientKeepsNoBacklogAndCatchesUp) {
  std::vector<TestRow> rows = ManyRows(2000);
  tcp_.Set(rows);
  Subscriber subscriber(*stub_, Every(absl::Milliseconds(100)));
  subscriber.ReadUntilComplete();
  const int before = tcp_.collections();
  // It reads nothing while everything changes several times.
  for (int value = 1; value <= 10; ++value) {
    for (TestRow& row : rows) row.data = value;
    tcp_.Set(rows);
    const int seen = tcp_.collections();
    while (tcp_.collections() == seen) std::this_thread::yield();
  }
  EXPECT_GE(tcp_.collections() - before, 10);
  uint64_t skipped = 0;
  int frames = 0;
  subscriber.ReadUntil([&](const Frame& frame) {
    skipped += frame.header().skipped_ticks();
    ++frames;
    return frame.header().tick_complete() && subscriber.rows().at(1).data().segments_in() == 10;
  });
  EXPECT_GT(skipped, 0u) << "what was merged is told";
  EXPECT_LT(frames, 8) << "frames were merged, not queued";
  for (const auto& [key, row] : subscriber.rows()) EXPECT_EQ(row.data().segments_in(), 10u);
}

TEST_F(SubscriptionTest, HostStreamCarriesTheFamiliesItHas) {
  tcp_.Set({{1, 5}});
  grpc::ClientContext context;
  v1::SubscribeHostStatisticsRequest request;
  request.mutable_options()->mutable_interval()->set_nanos(100'000'000);
  auto reader = v1::HostService::NewStub(channel_)->SubscribeHostStatistics(&context, request);
  v1::SubscribeHostStatisticsResponse frame;
  ASSERT_TRUE(reader->Read(&frame));
  EXPECT_EQ(frame.accepted().unsupported_size(), 3);
  bool rows = false;
  while (reader->Read(&frame) && !frame.header().tick_complete()) {
    if (!frame.has_statistics()) continue;
    rows = true;
    EXPECT_EQ(frame.header().family(), v1::FAMILY_TCP);
    EXPECT_EQ(frame.statistics().tcp().connections_size(), 1);
  }
  EXPECT_TRUE(rows);
  context.TryCancel();
  reader->Finish();
}

TEST_F(SubscriptionTest, FamilyThatTheHostLacksIsRefused) {
  grpc::ClientContext context;
  auto reader = v1::RasService::NewStub(channel_)->SubscribeRasStatistics(&context, {});
  v1::SubscribeRasStatisticsResponse frame;
  EXPECT_FALSE(reader->Read(&frame));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(SubscriptionTest, StatusTellsOfSubscribers) {
  tcp_.Set({{1, 5}});
  Subscriber subscriber(*stub_, Every(absl::Milliseconds(100)));
  subscriber.ReadUntilComplete();
  grpc::ClientContext context;
  v1::GetAgentStatusResponse status;
  ASSERT_TRUE(v1::AgentService::NewStub(channel_)->GetAgentStatus(&context, {}, &status).ok());
  ASSERT_EQ(status.subscribers_size(), 1);
  EXPECT_EQ(status.subscriber_count(), 1u);
  EXPECT_GE(status.subscribers(0).frames(), 4u);
  EXPECT_GT(status.sources(1).collections(), 0u);
  EXPECT_EQ(FromProto(status.sources(1).interval()), absl::Milliseconds(100));
}

}  // namespace
}  // namespace farstat::testing
