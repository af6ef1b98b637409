#include "agent/simulator/scenarios.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/sources/simulated/host.h"
#include "agent/sources/windows/ike_source.h"
#include "agent/sources/windows/ipsec_source.h"
#include "agent/sources/windows/ras_source.h"
#include "agent/sources/windows/tcp_source.h"
#include "common/status.h"
#include "farstat/v1/ike.pb.h"
#include "tests/support/manual_clock.h"
#include "tests/support/test_certificates.h"

namespace farstat::simulator {
namespace {

using farstat::testing::ManualClock;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Keeps what one collection delivered.
class Rows : public sources::RowSink {
 public:
  void Put(sources::RowKind kind, sources::RowWriter& row) override {
    if (kind == sources::RowKind::kTotals) {
      totals = std::string(row.bytes());
    } else {
      keys.emplace(row.key());
    }
  }

  std::set<std::string> keys;
  std::string totals;
};

// A host of a shipped scenario, whose time the test moves.
class ScenarioHost {
 public:
  explicit ScenarioHost(const std::string& name) {
    const auto scenario = LoadScenario(name);
    EXPECT_TRUE(scenario.ok()) << scenario.status();
    if (!scenario.ok()) return;
    host_ = std::make_unique<sources::simulated::Host>(*scenario, 1, clock_);
    const sources::windows::Api& api = host_->api();
    sources_["ras"] = std::make_unique<sources::windows::RasSource>(api, clock_);
    sources_["tcp"] = std::make_unique<sources::windows::TcpSource>(api, clock_);
    sources_["ipsec"] = std::make_unique<sources::windows::IpsecSource>(api, clock_);
    sources_["ike"] = std::make_unique<sources::windows::IkeSource>(api, clock_);
  }
  const sources::simulated::Scenario& scenario() const { return host_->scenario(); }
  sources::Outcome Collect(const std::string& family, Rows& rows) {
    return sources_.at(family)->Collect(~sources::PartMask{0}, rows);
  }
  void Advance(absl::Duration duration) { clock_.Advance(duration); }

 private:
  ManualClock clock_;
  std::unique_ptr<sources::simulated::Host> host_;
  std::map<std::string, std::unique_ptr<sources::Source>> sources_;
};

// What a client of a host may meet; anything else is a fault of ours.
bool IsOfTheHost(const absl::Status& status) {
  const std::string reason = ErrorInfoOf(status).reason();
  return reason == kAgentLacksPrivilege || reason == kSourceStopped || reason == kNotSupportedHere;
}

class ShippedScenarioTest : public ::testing::TestWithParam<ShippedScenario> {};

TEST_P(ShippedScenarioTest, RunsForAQuarterOfAnHour) {
  ScenarioHost host(GetParam().name);
  EXPECT_NE(host.scenario().description(), "");
  for (int step = 0; step < 30; ++step) {
    for (const std::string family : {"ras", "tcp", "ipsec", "ike"}) {
      Rows rows;
      const sources::Outcome outcome = host.Collect(family, rows);
      EXPECT_TRUE(outcome.status.ok() || IsOfTheHost(outcome.status))
          << family << ": " << outcome.status;
      EXPECT_TRUE(outcome.partial.ok() || IsOfTheHost(outcome.partial))
          << family << ": " << outcome.partial;
    }
    host.Advance(absl::Seconds(30));
  }
}

INSTANTIATE_TEST_SUITE_P(Shipped, ShippedScenarioTest, ::testing::ValuesIn(ShippedScenarios()),
                         [](const auto& test) { return test.param.name; });

TEST(ScenariosTest, AllSixAreShipped) {
  std::set<std::string> names;
  for (const ShippedScenario& scenario : ShippedScenarios()) names.insert(scenario.name);
  EXPECT_EQ(names, (std::set<std::string>{"busy_vpn_gateway", "flapping_vpn", "healthy_office",
                                          "ike_failing", "locked_down", "older_windows"}));
}

TEST(ScenariosTest, HealthyOfficeLacksNothing) {
  ScenarioHost office("healthy_office");
  for (const std::string family : {"ras", "tcp", "ipsec", "ike"}) {
    Rows rows;
    const sources::Outcome outcome = office.Collect(family, rows);
    EXPECT_TRUE(outcome.status.ok()) << outcome.status;
    EXPECT_GT(rows.keys.size(), 0u) << family;
  }
}

TEST(ScenariosTest, BusyGatewayHasTenThousandConnectionsAndManyTunnels) {
  ScenarioHost gateway("busy_vpn_gateway");
  Rows tcp;
  EXPECT_TRUE(gateway.Collect("tcp", tcp).status.ok());
  EXPECT_GE(tcp.keys.size(), 10'000u);
  Rows ipsec;
  EXPECT_TRUE(gateway.Collect("ipsec", ipsec).status.ok());
  EXPECT_GE(ipsec.keys.size(), 400u);
}

TEST(ScenariosTest, FlappingVpnIsDialledAgainAndAgain) {
  ScenarioHost notebook("flapping_vpn");
  std::set<std::string> connections;
  for (int second = 0; second < 120; ++second) {
    Rows rows;
    EXPECT_TRUE(notebook.Collect("ras", rows).status.ok());
    connections.insert(rows.keys.begin(), rows.keys.end());
    notebook.Advance(absl::Seconds(1));
  }
  EXPECT_GE(connections.size(), 6u) << "each time is another connection";
}

TEST(ScenariosTest, IkeFailsForSeveralReasons) {
  ScenarioHost server("ike_failing");
  server.Advance(absl::Minutes(2));
  Rows rows;
  EXPECT_TRUE(server.Collect("ike", rows).status.ok());
  v1::IkeTotals totals;
  ASSERT_TRUE(totals.ParseFromString(rows.totals));
  std::set<uint32_t> codes;
  for (const v1::IkeErrorCount& error : totals.ikev2().errors()) codes.insert(error.code());
  EXPECT_THAT(codes, ::testing::IsSupersetOf({13801u, 13805u, 13868u}));
}

TEST(ScenariosTest, LockedDownHostSaysWhatTheAgentLacks) {
  ScenarioHost host("locked_down");
  Rows rows;
  EXPECT_TRUE(host.Collect("ras", rows).status.ok()) << "needs no administrator";
  EXPECT_TRUE(host.Collect("tcp", rows).status.ok()) << "needs none for the list";
  EXPECT_EQ(ErrorInfoOf(host.Collect("ipsec", rows).status).reason(), kAgentLacksPrivilege);
}

TEST(LoadScenarioTest, FileOfOnesOwn) {
  const TestFolder folder;
  const auto scenario =
      LoadScenario(folder.Write("mine.textproto", "description: \"mine\" not_administrator: true"));
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ(scenario->description(), "mine");
}

TEST(LoadScenarioTest, ProblemsAreNamedWithTheirLine) {
  const TestFolder folder;
  const auto scenario = LoadScenario(
      folder.Write("bad.textproto", "description: \"bad\"\n\nras { conections {} }\n"));
  EXPECT_THAT(std::string(scenario.status().message()),
              AllOf(HasSubstr("bad.textproto:3:"), HasSubstr("conections")));
  const auto nonsense = LoadScenario(
      folder.Write("nonsense.textproto",
                   "absent_functions: \"RasHangOn\"\nservice_outages { service: \"RASMAN\" }\n"));
  EXPECT_THAT(std::string(nonsense.status().message()),
              AllOf(HasSubstr("nonsense.textproto: absent_functions"), HasSubstr("RasHangOn"),
                    HasSubstr("nonsense.textproto: service_outages[0]")));
}

TEST(LoadScenarioTest, UnknownNameListsThoseThereAre) {
  EXPECT_THAT(std::string(LoadScenario("helthy_office").status().message()),
              AllOf(HasSubstr("helthy_office"), HasSubstr("healthy_office, ike_failing")));
  EXPECT_THAT(std::string(LoadScenario("/nonexistent/mine").status().message()),
              HasSubstr("No such file"));
}

}  // namespace
}  // namespace farstat::simulator
