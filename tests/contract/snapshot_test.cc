// What the comments in proto/ promise about unary snapshots.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "absl/strings/ascii.h"
#include "tests/contract/contract_fixture.h"

namespace farstat::testing {
namespace {

using ::testing::HasSubstr;

class SnapshotTest : public ContractTest {
 protected:
  grpc::Status Get(const v1::GetTcpStatisticsRequest& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    response_.Clear();
    return stub_->GetTcpStatistics(&context, request, &response_);
  }

  v1::GetTcpStatisticsResponse response_;
};

TEST_F(SnapshotTest, HoldsAllRowsAndHowTheyWereCollected) {
  tcp_.Set({{1, 5, 10, 20}, {2, 2, 0, 0}});
  ASSERT_TRUE(Get({}).ok());
  EXPECT_EQ(response_.total_rows(), 2u);
  EXPECT_TRUE(response_.next_page_token().empty());
  const v1::TcpStatistics& statistics = response_.statistics();
  ASSERT_EQ(statistics.connections_size(), 2);
  EXPECT_EQ(statistics.connections(0).key().incarnation(), 1u);
  EXPECT_EQ(statistics.connections(0).data().segments_in(), 10u);
  EXPECT_EQ(statistics.status().state(), v1::SECTION_STATE_OK);
  EXPECT_EQ(statistics.collection().tick(), 1u);
  EXPECT_EQ(statistics.collection().native_calls(), 7u);
  EXPECT_EQ(statistics.collection().row_count(), 2u);
}

TEST_F(SnapshotTest, SelectionAndViewDecideWhatOfEachRow) {
  tcp_.Set({{1, 5, 10, 20}});
  v1::GetTcpStatisticsRequest request;
  request.mutable_query()->mutable_selection()->add_groups(v1::TCP_GROUP_PATH);
  ASSERT_TRUE(Get(request).ok());
  EXPECT_FALSE(response_.statistics().connections(0).has_data());
  EXPECT_TRUE(response_.statistics().connections(0).has_path());
  EXPECT_EQ(tcp_.newest_parts() & 1 << kDataPart, 0u) << "what nobody asks for is not collected";
  request.mutable_query()->mutable_selection()->clear_groups();
  request.mutable_query()->mutable_selection()->set_view(v1::VIEW_BASIC);
  ASSERT_TRUE(Get(request).ok());
  EXPECT_FALSE(response_.statistics().connections(0).has_path());
  EXPECT_EQ(response_.statistics().connections(0).state(), v1::TCP_STATE_ESTABLISHED);
}

TEST_F(SnapshotTest, GroupThatTheHostLacksMakesTheSectionPartial) {
  tcp_.Set({{1, 5}});
  v1::GetTcpStatisticsRequest request;
  request.mutable_query()->mutable_selection()->add_groups(v1::TCP_GROUP_BANDWIDTH);
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(response_.statistics().status().state(), v1::SECTION_STATE_PARTIAL);
  EXPECT_EQ(response_.statistics().status().error().reason(), "NOT_SUPPORTED_HERE");
  EXPECT_THAT(response_.statistics().status().message(), HasSubstr("TCP_GROUP_BANDWIDTH"));
  EXPECT_EQ(response_.statistics().connections_size(), 1);
}

TEST_F(SnapshotTest, FilterFieldsAreAndedAndTheirValuesOred) {
  tcp_.Set({{80, 5}, {81, 5}, {82, 2}});
  v1::GetTcpStatisticsRequest request;
  v1::TcpFilter& filter = *request.mutable_query()->mutable_filter();
  filter.add_states(v1::TCP_STATE_ESTABLISHED);
  filter.add_local_ports()->set_first(81);
  filter.add_local_ports()->set_first(82);
  ASSERT_TRUE(Get(request).ok());
  ASSERT_EQ(response_.statistics().connections_size(), 1);
  EXPECT_EQ(response_.statistics().connections(0).key().incarnation(), 81u);
}

TEST_F(SnapshotTest, BadQueriesNameTheFieldAtFault) {
  struct Case {
    std::string field;
    std::function<void(v1::GetTcpStatisticsRequest&)> spoil;
  };
  const std::vector<Case> cases = {
      {"query.filter.local_addresses",
       [](auto& r) {
         r.mutable_query()->mutable_filter()->add_local_addresses()->set_text("10/8");
       }},
      {"query.filter.remote_addresses",
       [](auto& r) {
         r.mutable_query()->mutable_filter()->add_remote_addresses()->set_text("::1/129");
       }},
      {"query.filter.ports",
       [](auto& r) { r.mutable_query()->mutable_filter()->add_ports()->set_first(70000); }},
      {"query.filter.states",
       [](auto& r) {
         r.mutable_query()->mutable_filter()->add_states(static_cast<v1::TcpState>(99));
       }},
      {"query.selection.groups",
       [](auto& r) {
         r.mutable_query()->mutable_selection()->add_groups(static_cast<v1::TcpGroup>(99));
       }},
      {"options.max_age", [](auto& r) { r.mutable_options()->mutable_max_age()->set_seconds(-1); }},
      {"options.page_size", [](auto& r) { r.mutable_options()->set_page_size(-1); }},
      {"options.page_token", [](auto& r) { r.mutable_options()->set_page_token("nonsense"); }},
      {"options.page_token", [](auto& r) { r.mutable_options()->set_page_token("12ab-3"); }},
  };
  for (const Case& bad : cases) {
    v1::GetTcpStatisticsRequest request;
    bad.spoil(request);
    const grpc::Status status = Get(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << bad.field;
    EXPECT_EQ(CauseOf(status).reason(), "INVALID_ARGUMENT");
    EXPECT_EQ(CauseOf(status).metadata().at("field"), bad.field);
    EXPECT_THAT(status.error_message(), HasSubstr(bad.field));
  }
}

TEST_F(SnapshotTest, FilterWithTooManyValuesIsRefused) {
  v1::GetTcpStatisticsRequest request;
  for (uint32_t pid = 1; pid <= 257; ++pid)
    request.mutable_query()->mutable_filter()->add_pids(pid);
  const grpc::Status status = Get(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(CauseOf(status).metadata().at("field"), "query.filter");
}

TEST_F(SnapshotTest, CallersWithOtherWishesDoNotSpoilEachOther) {
  tcp_.Set(ManyRows(2000));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([this, i, &wrong] {
      for (int round = 0; round < 20; ++round) {
        grpc::ClientContext context;
        v1::GetTcpStatisticsRequest request;
        if (i % 2 == 0) request.mutable_query()->mutable_selection()->set_view(v1::VIEW_BASIC);
        request.mutable_options()->mutable_max_age()->set_nanos(round % 3 * 10'000'000);
        v1::GetTcpStatisticsResponse response;
        if (!stub_->GetTcpStatistics(&context, request, &response).ok()) ++wrong;
        if (response.statistics().connections_size() != 2000) {
          ++wrong;
        } else if (response.statistics().connections(7).has_data() != (i % 2 == 1)) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(SnapshotTest, LargeSnapshotsFetchedToTheirEndMakeRoom) {
  tcp_.Set(ManyRows(20));
  for (int call = 0; call < 100; ++call) {
    v1::GetTcpStatisticsRequest request;
    request.mutable_options()->set_page_size(10);
    ASSERT_TRUE(Get(request).ok()) << call;
    request.mutable_options()->set_page_token(response_.next_page_token());
    ASSERT_TRUE(Get(request).ok()) << call;
    EXPECT_TRUE(response_.next_page_token().empty());
  }
}

TEST_F(SnapshotTest, RequestThatIsNoMessageIsRefused) {
  grpc::ClientContext context;
  grpc::GenericStub generic(channel_);
  const grpc::Slice garbage(std::string("\xff\xff\xff\xff"));
  const grpc::ByteBuffer request(&garbage, 1);
  grpc::ByteBuffer response;
  grpc::CompletionQueue queue;
  auto call = generic.PrepareUnaryCall(&context, "/farstat.v1.TcpService/GetTcpStatistics", request,
                                       &queue);
  grpc::Status status;
  call->StartCall();
  call->Finish(&response, &status, nullptr);
  void* tag;
  bool ok;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(SnapshotTest, PagesAgreeWithEachOther) {
  tcp_.Set(ManyRows(20000));
  v1::GetTcpStatisticsRequest request;
  std::set<uint64_t> seen;
  int pages = 0;
  do {
    ASSERT_TRUE(Get(request).ok());
    EXPECT_LE(response_.ByteSizeLong(), 512u << 10);
    EXPECT_EQ(response_.total_rows(), 20000u);
    EXPECT_EQ(response_.statistics().collection().tick(), 1u);
    for (const v1::TcpConnection& row : response_.statistics().connections()) {
      EXPECT_EQ(row.data().segments_in(), row.key().incarnation() * 100);
      EXPECT_TRUE(seen.insert(row.key().incarnation()).second);
    }
    tcp_.Set({});  // the snapshot is kept whatever happens to the table
    request.mutable_options()->set_page_token(response_.next_page_token());
    ++pages;
  } while (!response_.next_page_token().empty());
  EXPECT_EQ(seen.size(), 20000u);
  EXPECT_GT(pages, 1);
  EXPECT_EQ(tcp_.collections(), 1);
}

TEST_F(SnapshotTest, PageSizeIsHonouredAndBoundToTheToken) {
  tcp_.Set(ManyRows(10));
  v1::GetTcpStatisticsRequest request;
  request.mutable_options()->set_page_size(4);
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(response_.statistics().connections_size(), 4);
  const std::string token = response_.next_page_token();
  request.mutable_options()->set_page_token(token);
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(response_.statistics().connections_size(), 4);
  ASSERT_TRUE(Get(request).ok()) << "a page can be fetched again";
  EXPECT_EQ(response_.statistics().connections(0).key().incarnation(), 5u);
  request.mutable_options()->set_page_size(5);
  EXPECT_EQ(Get(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.mutable_options()->set_page_size(4);
  request.mutable_query()->mutable_filter()->add_states(v1::TCP_STATE_ESTABLISHED);
  EXPECT_EQ(Get(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(SnapshotTest, MaxAgeSharesACollection) {
  tcp_.Set({{1, 5}});
  v1::GetTcpStatisticsRequest request;
  request.mutable_options()->mutable_max_age()->set_seconds(60);
  ASSERT_TRUE(Get(request).ok());
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(tcp_.collections(), 1);
  request.mutable_options()->clear_max_age();
  ASSERT_TRUE(Get(request).ok());
  EXPECT_EQ(tcp_.collections(), 2);
}

TEST_F(SnapshotTest, FailedSourceFailsTheCallUntilThereAreRows) {
  tcp_.Fail(ErrorStatus(absl::StatusCode::kUnavailable, kSourceStopped, "the service is stopped",
                        {{"api", "SomeCall"}}));
  const grpc::Status status = Get({});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(CauseOf(status).reason(), "SOURCE_STOPPED");
  EXPECT_EQ(CauseOf(status).metadata().at("api"), "SomeCall");
  v1::RpcStatus rpc_status;
  ASSERT_TRUE(rpc_status.ParseFromString(status.error_details()));
  ASSERT_EQ(rpc_status.details_size(), 2) << "RetryInfo follows";
  tcp_.Fail(absl::OkStatus());
  tcp_.Set({{1, 5}});
  ASSERT_TRUE(Get({}).ok());
  tcp_.Fail(absl::UnavailableError("stopped again"));
  ASSERT_TRUE(Get({}).ok());
  EXPECT_EQ(response_.statistics().status().state(), v1::SECTION_STATE_STALE);
  EXPECT_EQ(response_.statistics().connections_size(), 1);
}

TEST_F(SnapshotTest, FamilyThatTheHostLacks) {
  grpc::ClientContext context;
  v1::GetRasStatisticsResponse response;
  const grpc::Status status =
      v1::RasService::NewStub(channel_)->GetRasStatistics(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(CauseOf(status).reason(), "NOT_SUPPORTED_HERE");
}

TEST_F(SnapshotTest, HostAnswersWithEachFamilysStatus) {
  tcp_.Set({{1, 5}});
  grpc::ClientContext context;
  v1::GetHostStatisticsResponse response;
  ASSERT_TRUE(v1::HostService::NewStub(channel_)->GetHostStatistics(&context, {}, &response).ok());
  const v1::HostStatistics& host = response.statistics();
  EXPECT_EQ(host.tcp().status().state(), v1::SECTION_STATE_OK);
  EXPECT_EQ(host.tcp().connections_size(), 1);
  for (const v1::SectionStatus* status :
       {&host.ras().status(), &host.ipsec().status(), &host.ike().status()}) {
    EXPECT_EQ(status->state(), v1::SECTION_STATE_UNAVAILABLE);
    EXPECT_EQ(status->error().reason(), "NOT_SUPPORTED_HERE");
  }
}

TEST_F(SnapshotTest, HostDeliversOnlyTheFamiliesAskedFor) {
  tcp_.Set(ManyRows(3));
  grpc::ClientContext context;
  v1::GetHostStatisticsRequest request;
  request.mutable_query()->mutable_tcp();
  request.mutable_options()->set_page_size(2);
  v1::GetHostStatisticsResponse response;
  ASSERT_TRUE(
      v1::HostService::NewStub(channel_)->GetHostStatistics(&context, request, &response).ok());
  EXPECT_FALSE(response.statistics().has_ras());
  EXPECT_EQ(response.statistics().tcp().connections_size(), 2);
  EXPECT_FALSE(response.next_page_token().empty());
}

TEST_F(SnapshotTest, EstatsCannotBeSwitchedHere) {
  grpc::ClientContext context;
  v1::SetTcpEstatsCollectionResponse response;
  const grpc::Status status = stub_->SetTcpEstatsCollection(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(CauseOf(status).reason(), "NOT_SUPPORTED_HERE");
}

TEST_F(SnapshotTest, AgentTellsWhatItCanDeliver) {
  grpc::ClientContext context;
  v1::GetAgentInfoResponse info;
  ASSERT_TRUE(v1::AgentService::NewStub(channel_)->GetAgentInfo(&context, {}, &info).ok());
  EXPECT_EQ(info.agent_start_id(), 4711u);
  ASSERT_EQ(info.families_size(), 4);
  EXPECT_EQ(info.families(0).status().state(), v1::SECTION_STATE_UNAVAILABLE);
  EXPECT_EQ(info.families(1).tcp_groups_size(), 2);
  EXPECT_EQ(info.limits().max_message_bytes(), 512u << 10);
  EXPECT_EQ(tcp_.collections(), 0) << "telling collects nothing";
}

// The engine writes all families' responses by one set of field numbers.
TEST(WireShapeTest, AllFamiliesHaveTheSameFieldNumbers) {
  const auto* pool = v1::GetHostStatisticsResponse::descriptor()->file()->pool();
  // Through a generated type of each file, so that it is linked in.
  const std::vector<const google::protobuf::FileDescriptor*> files = {
      v1::GetTcpStatisticsResponse::descriptor()->file(),
      v1::GetRasStatisticsResponse::descriptor()->file(), v1::HostStatistics::descriptor()->file()};
  for (const std::string family : {"Ras", "Tcp", "Ipsec", "Ike", "Host"}) {
    const auto number = [&](const std::string& message, const std::string& field) {
      const auto* descriptor = pool->FindMessageTypeByName("farstat.v1." + message);
      EXPECT_NE(descriptor, nullptr) << message;
      const auto* found = descriptor->FindFieldByName(field);
      return found == nullptr ? 0 : found->number();
    };
    const std::string get = "Get" + family + "StatisticsResponse";
    EXPECT_EQ(number(get, "statistics"), 1);
    EXPECT_EQ(number(get, "next_page_token"), 2);
    EXPECT_EQ(number(get, "total_rows"), 3);
    const std::string subscribe = "Subscribe" + family + "StatisticsResponse";
    int expected = 1;
    for (const char* field : {"header", "accepted", "sync_begin", "sync_end", "heartbeat", "status",
                              "goodbye", "statistics"}) {
      EXPECT_EQ(number(subscribe, field), expected++) << subscribe << "." << field;
    }
    if (family == "Host") continue;
    const std::string statistics = family + "Statistics";
    EXPECT_EQ(number(statistics, "status"), 1);
    EXPECT_EQ(number(statistics, "collection"), 2);
    const auto* rows = pool->FindMessageTypeByName("farstat.v1." + statistics);
    ASSERT_NE(rows->FindFieldByNumber(3), nullptr) << statistics;
    EXPECT_TRUE(rows->FindFieldByNumber(3)->is_repeated());
    ASSERT_NE(rows->FindFieldByNumber(4), nullptr) << statistics;
    EXPECT_EQ(rows->FindFieldByNumber(4)->message_type(),
              rows->FindFieldByNumber(3)->message_type()->FindFieldByName("key")->message_type());
    const auto* totals = rows->FindFieldByNumber(5);
    EXPECT_TRUE(totals == nullptr || !totals->is_repeated()) << statistics;
    v1::Family id = v1::FAMILY_UNSPECIFIED;
    ASSERT_TRUE(v1::Family_Parse("FAMILY_" + absl::AsciiStrToUpper(family), &id));
    EXPECT_EQ(number("HostStatistics", absl::AsciiStrToLower(family)), static_cast<int>(id));
  }
}

}  // namespace
}  // namespace farstat::testing
