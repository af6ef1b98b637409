#include "agent/families/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/sources/tcp_rows.h"
#include "common/status.h"
#include "google/protobuf/text_format.h"

namespace farstat::families {
namespace {

using sources::EstatsSwitchOf;
using ::testing::HasSubstr;

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

absl::StatusOr<sources::EstatsRequest> CompileEstats(const std::string& text) {
  return CompileEstatsRequest(Parse<v1::SetTcpEstatsCollectionRequest>(text));
}

std::string FieldOf(const absl::Status& status) {
  const v1::ErrorInfo info = ErrorInfoOf(status);
  return info.metadata().count("field") > 0 ? info.metadata().at("field") : "";
}

TEST(OperationsEstatsTest, CompilesWhatIsToBeSwitched) {
  const auto compiled = CompileEstats(R"(
      filter { remote_ports { first: 443 } }
      groups { group: TCP_GROUP_PATH collection: TCP_ESTATS_SWITCH_ENABLE }
      groups { group: TCP_GROUP_DATA collection: TCP_ESTATS_SWITCH_DISABLE }
      groups { group: TCP_GROUP_BANDWIDTH inbound_collection: TCP_ESTATS_SWITCH_ENABLE }
      ttl { seconds: 600 } on_release: TCP_ESTATS_RELEASE_DISABLE)");
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  EXPECT_EQ(compiled->enable,
            EstatsSwitchOf(v1::TCP_GROUP_PATH) | sources::kInboundBandwidthSwitch);
  EXPECT_EQ(compiled->disable, EstatsSwitchOf(v1::TCP_GROUP_DATA));
  EXPECT_EQ(compiled->ttl, absl::Minutes(10));
  EXPECT_TRUE(compiled->undo);
  EXPECT_FALSE(compiled->filters_process);
  sources::TcpFacts facts = {};
  facts.has_remote = 1;
  facts.remote_port = 443;
  const absl::string_view bytes(reinterpret_cast<const char*>(&facts), sizeof(facts));
  EXPECT_TRUE(compiled->filter(bytes));
  facts.remote_port = 80;
  EXPECT_FALSE(compiled->filter(bytes));
}

TEST(OperationsEstatsTest, FiltersByProcessSaySo) {
  const auto compiled = CompileEstats(R"(
      filter { processes: "svchost.exe" }
      groups { group: TCP_GROUP_PATH collection: TCP_ESTATS_SWITCH_ENABLE })");
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  EXPECT_TRUE(compiled->filters_process);
}

TEST(OperationsEstatsTest, ConnectionBecomesItsIdentity) {
  const auto compiled = CompileEstats(R"(
      connection { local_address: "192.0.2.1" local_port: 5000 remote_address: "2001:db8::1"
                   remote_port: 443 local_scope_id: 3 incarnation: 7 }
      groups { group: TCP_GROUP_PATH collection: TCP_ESTATS_SWITCH_ENABLE })");
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  ASSERT_TRUE(compiled->connection.has_value());
  EXPECT_EQ(compiled->connection->local_address,
            (std::array<uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}));
  EXPECT_EQ(compiled->connection->remote_address[0], 0x20);
  EXPECT_EQ(compiled->connection->local_port, 5000);
  EXPECT_EQ(compiled->connection->remote_port, 443);
  EXPECT_EQ(compiled->connection->local_scope_id, 3u);
  EXPECT_EQ(compiled->connection->incarnation, 7u);
}

TEST(OperationsEstatsTest, RefusesWhatMakesNoSenseAndNamesTheField) {
  const std::string path = "groups { group: TCP_GROUP_PATH collection: TCP_ESTATS_SWITCH_ENABLE }";
  const struct {
    std::string request;
    std::string field;
    std::string says;
  } cases[] = {
      {path, "filter", "one of filter and connection"},
      {path + "filter {} connection { local_address: '::1' remote_address: '::1' }", "filter",
       "cannot both be set"},
      {"filter {}", "groups", "at least one"},
      {"filter {} groups { group: TCP_GROUP_SYN_OPTIONS collection: TCP_ESTATS_SWITCH_ENABLE }",
       "groups", "TCP_GROUP_SYN_OPTIONS is not a group that can be switched"},
      {"filter {} groups { group: TCP_GROUP_LINUX collection: TCP_ESTATS_SWITCH_ENABLE }", "groups",
       "can be switched"},
      {"filter {} groups { group: TCP_GROUP_PATH }", "groups", "left as it is"},
      {"filter {}" + path + path, "groups", "named twice"},
      {"filter {} groups { group: TCP_GROUP_PATH inbound_collection: TCP_ESTATS_SWITCH_ENABLE }",
       "groups", "TCP_GROUP_BANDWIDTH only"},
      {"filter {} ttl { nanos: 1 }" + path, "ttl", "1s to 24h"},
      {"filter {} ttl { seconds: -1 }" + path, "ttl", "1s to 24h"},
      {"filter {} ttl { seconds: 86401 }" + path, "ttl", "1s to 24h"},
      {"filter {} on_release: TCP_ESTATS_RELEASE_DISABLE " + path, "on_release", "no end"},
      {"filter { ports { first: 70000 } }" + path, "filter.ports", "not a range"},
      {"connection { local_address: 'here' remote_address: '::1' }" + path,
       "connection.local_address", "not an IP address"},
      {"connection { local_address: '::1' remote_address: '10.0.0.0/8' }" + path,
       "connection.remote_address", "not an IP address"},
      {"connection { local_address: '::1' remote_address: '::1' local_port: 70000 }" + path,
       "connection", "at most 65535"},
      {"filter {} reason: '" + std::string(1001, 'x') + "'" + path, "reason", "1001 bytes"},
  };
  for (const auto& wrong : cases) {
    const absl::Status status = CompileEstats(wrong.request).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << wrong.request << status;
    EXPECT_EQ(FieldOf(status), wrong.field) << wrong.request;

    EXPECT_THAT(std::string(status.message()), HasSubstr(wrong.says)) << wrong.request;
  }
}

TEST(OperationsEstatsTest, ASubscriptionCarriesALeaseWithoutEnd) {
  const auto compile = [](const std::string& text) {
    return CompileEstatsRequest(Parse<v1::SubscribeTcpStatisticsRequest>(text));
  };
  const std::string path = "groups { group: TCP_GROUP_PATH collection: TCP_ESTATS_SWITCH_ENABLE }";
  const auto compiled = compile("query { filter { processes: 'a' } } estats { " + path +
                                " on_release: TCP_ESTATS_RELEASE_DISABLE }");
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  EXPECT_EQ(compiled->ttl, absl::InfiniteDuration());
  EXPECT_TRUE(compiled->undo);
  EXPECT_TRUE(compiled->filters_process) << "the filter of the query";
  EXPECT_FALSE(compile("query { filter { processes: 'a' } } estats { filter {} " + path + "}")
                   ->filters_process);
  EXPECT_EQ(FieldOf(compile("estats { ttl { seconds: 5 }" + path + "}").status()), "estats.ttl");
  EXPECT_EQ(FieldOf(compile("estats { filter {} connection {}" + path + "}").status()),
            "estats.filter");
  EXPECT_EQ(FieldOf(compile("estats {}").status()), "estats.groups");
  EXPECT_EQ(FieldOf(compile("estats { groups { group: TCP_GROUP_PATH collection: "
                            "TCP_ESTATS_SWITCH_DISABLE } }")
                        .status()),
            "estats.groups");
}

TEST(OperationsEstatsTest, AnswersWithCountsAndFailures) {
  sources::EstatsResult result;
  result.matched_connections = 5;
  result.succeeded = 3;
  result.already = 1;
  result.failed = 1;
  result.vanished_connections = 1;
  result.lease = 17;
  sources::EstatsFailure& failure = result.failures.emplace_back();
  failure.connection.local_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  failure.connection.remote_address[15] = 1;
  failure.connection.local_port = 5000;
  failure.connection.incarnation = 9;
  failure.group = v1::TCP_GROUP_PATH;
  failure.win32_code = 87;
  failure.status =
      ErrorStatus(absl::StatusCode::kInternal, kNativeCallFailed, "no", {{"win32_code", "87"}});
  EXPECT_EQ(ToProto(result).ShortDebugString(), Parse<v1::SetTcpEstatsCollectionResponse>(R"(
                matched_connections: 5 succeeded: 3 already: 1 failed: 1 vanished_connections: 1
                lease_id: "estats-17"
                failures {
                  connection { local_address: "192.0.2.1" local_port: 5000 remote_address: "::1"
                               incarnation: 9 }
                  group: TCP_GROUP_PATH win32_code: 87
                  error { reason: "NATIVE_CALL_FAILED" domain: "farstat"
                          metadata { key: "win32_code" value: "87" } }
                })")
                                                    .ShortDebugString());
}

TEST(OperationsEstatsTest, LeasesAreToldAsTheyWereAskedFor) {
  sources::EstatsLease lease;
  lease.id = 3;
  lease.holder = "admin";
  lease.enable = EstatsSwitchOf(v1::TCP_GROUP_BANDWIDTH) | EstatsSwitchOf(v1::TCP_GROUP_DATA);
  lease.disable = sources::kInboundBandwidthSwitch;
  lease.undo = true;
  lease.start_time = absl::FromUnixSeconds(100);
  lease.end_time = absl::InfiniteFuture();
  const v1::EstatsLease told = ToProto(lease);
  EXPECT_EQ(told.lease_id(), "estats-3");
  ASSERT_EQ(told.groups_size(), 2);
  EXPECT_EQ(told.groups(1).group(), v1::TCP_GROUP_BANDWIDTH);
  EXPECT_EQ(told.groups(1).collection(), v1::TCP_ESTATS_SWITCH_ENABLE);
  EXPECT_EQ(told.groups(1).inbound_collection(), v1::TCP_ESTATS_SWITCH_DISABLE);
  EXPECT_EQ(told.on_release(), v1::TCP_ESTATS_RELEASE_DISABLE);
  EXPECT_FALSE(told.has_end_time());
  EXPECT_FALSE(told.has_error());
}

TEST(OperationsRasTest, CompilesAndRefuses) {
  const auto compile = [](const std::string& text) {
    return CompileRasClearRequest(Parse<v1::ClearRasStatisticsRequest>(text));
  };
  const auto one = compile("connection { entry_guid: 'g' handle: 7 } link: 2");
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->connection->handle, 7u);
  EXPECT_EQ(one->link, 2u);
  const auto all = compile("filter { states: RAS_STATE_CONNECTED } all_links: true");
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_TRUE(all->all_links);
  EXPECT_NE(all->matches, nullptr);
  EXPECT_NE(all->parts, 0u) << "the state costs a call";
  EXPECT_EQ(FieldOf(compile("").status()), "filter");
  EXPECT_EQ(FieldOf(compile("filter {} connection {}").status()), "filter");
  EXPECT_EQ(FieldOf(compile("filter {} link: 1").status()), "link");
  EXPECT_EQ(FieldOf(compile("connection {} link: 1 all_links: true").status()), "all_links");
  EXPECT_EQ(FieldOf(compile("filter { entry_guids: 'x' }").status()), "filter.entry_guids");
}

TEST(OperationsRasTest, AnswersFailuresFirst) {
  sources::RasClearReport report;
  report.matched_connections = 1;
  report.results.resize(2);
  report.results[0].entry_name = "Office";
  report.results[1].link = 1;
  report.results[1].win32_code = 668;
  report.results[1].status = ErrorStatus(absl::StatusCode::kNotFound, kObjectVanished, "gone");
  const auto response = ToProto(report);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->matched_connections(), 1u);
  EXPECT_EQ(response->succeeded(), 1u);
  EXPECT_EQ(response->failed(), 1u);
  ASSERT_EQ(response->results_size(), 2);
  EXPECT_EQ(response->results(0).win32_code(), 668u);
  EXPECT_EQ(response->results(1).entry_name(), "Office");
  EXPECT_FALSE(response->results(1).has_error());
}

TEST(OperationsRasTest, RefusedForAllIsTheErrorOfTheCall) {
  sources::RasClearReport report;
  report.results.resize(2);
  for (auto& result : report.results) {
    result.win32_code = 5;
    result.status = ErrorStatus(absl::StatusCode::kFailedPrecondition, kAgentLacksPrivilege, "no");
  }
  EXPECT_TRUE(absl::IsFailedPrecondition(ToProto(report).status()));
}

TEST(OperationsTest, WhatAHostCannotDoIsToldWithTheReasonThatItGave) {
  Operations operations;
  EXPECT_EQ(ErrorInfoOf(CheckEstatsAvailable(operations)).reason(), kNotSupportedHere);
  EXPECT_EQ(ErrorInfoOf(CheckRasClearingAvailable(operations)).reason(), kNotSupportedHere);
  operations.estats_unavailable = absl::UnimplementedError("always on");
  EXPECT_EQ(CheckEstatsAvailable(operations).message(), "always on");
}

}  // namespace
}  // namespace farstat::families
