#include "agent/simulator/fleet.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "farstat/v1/agent.grpc.pb.h"
#include "farstat/v1/host.grpc.pb.h"
#include "google/protobuf/text_format.h"

namespace farstat::simulator {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

FleetOptions Options(int hosts, const std::string& scenario = "") {
  FleetOptions options;
  options.hosts = hosts;
  options.listen = "127.0.0.1:0";
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(scenario, &options.scenario));
  return options;
}

std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address) {
  return grpc::CreateChannel(address, grpc::experimental::LocalCredentials(LOCAL_TCP));
}

std::string ErrorOf(const FleetOptions& options) {
  const auto fleet = Fleet::Start(options, [](const Fleet::Member&) {});
  EXPECT_FALSE(fleet.ok());
  return std::string(fleet.status().message());
}

TEST(FleetTest, EachHostIsOneOfItsOwn) {
  std::vector<std::string> names;
  std::vector<std::string> addresses;
  const auto fleet =
      Fleet::Start(Options(3, R"(windows_name: "Windows 7" windows_version: "6.1.7601"
                    ras { connections { name: "Work" connected_for_s: 60 } })"),
                   [&](const Fleet::Member& member) {
                     names.push_back(member.name());
                     addresses.push_back(member.address());
                   });
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  EXPECT_THAT(names, ElementsAre("sim-0001", "sim-0002", "sim-0003"));
  std::set<std::string> rows;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const auto channel = ChannelTo(addresses[i]);
    grpc::ClientContext info_context;
    v1::GetAgentInfoResponse info;
    ASSERT_TRUE(v1::AgentService::NewStub(channel)->GetAgentInfo(&info_context, {}, &info).ok());
    EXPECT_EQ(info.host_name(), names[i]);
    EXPECT_TRUE(info.simulated());
    EXPECT_EQ(info.operating_system().description(), "Windows 7 (simulated)");
    EXPECT_EQ(info.operating_system().version(), "6.1.7601");
    grpc::ClientContext context;
    v1::GetHostStatisticsResponse host;
    const grpc::Status status =
        v1::HostService::NewStub(channel)->GetHostStatistics(&context, {}, &host);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(host.statistics().ras().connections_size(), 1);
    rows.insert(host.statistics().ras().connections(0).SerializeAsString());
  }
  EXPECT_EQ(rows.size(), 3u) << "hosts have seeds of their own";
  (*fleet)->Stop(absl::Seconds(1));
}

TEST(FleetTest, NumbersThatCannotBeAreRefused) {
  EXPECT_THAT(ErrorOf(Options(0)), HasSubstr("not within 1 to"));
  FleetOptions options = Options(100);
  options.listen = "127.0.0.1:65500";
  EXPECT_THAT(ErrorOf(options), AllOf(HasSubstr("65599"), HasSubstr("65436 at most")));
  for (const std::string address : {"nonsense", "127.0.0.1:x", ":80", "127.0.0.1:70000"}) {
    options.listen = address;
    EXPECT_THAT(ErrorOf(options), AllOf(HasSubstr(address), HasSubstr("HOST:PORT")));
  }
}

TEST(FleetTest, BusyPortIsNamed) {
  std::string address;
  const auto first =
      Fleet::Start(Options(1), [&](const Fleet::Member& member) { address = member.address(); });
  ASSERT_TRUE(first.ok());
  FleetOptions second = Options(1);
  second.listen = address;
  EXPECT_THAT(ErrorOf(second), AllOf(HasSubstr(address), HasSubstr("in use")));
}

TEST(FleetTest, CallsThatHangDoNotKeepItFromEnding) {
  std::string address;
  auto fleet = Fleet::Start(Options(1, "faults { hang: true }"),
                            [&](const Fleet::Member& member) { address = member.address(); });
  ASSERT_TRUE(fleet.ok());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  v1::GetHostStatisticsResponse host;
  const grpc::Status status =
      v1::HostService::NewStub(ChannelTo(address))->GetHostStatistics(&context, {}, &host);
  // The agent tells that its sources hang shortly before the deadline; its answer may come too
  // late.
  EXPECT_THAT(status.error_code(),
              AnyOf(grpc::StatusCode::UNAVAILABLE, grpc::StatusCode::DEADLINE_EXCEEDED));
  const absl::Time start = absl::Now();
  (*fleet)->Stop(absl::Seconds(1));
  fleet->reset();
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
}

}  // namespace
}  // namespace farstat::simulator
