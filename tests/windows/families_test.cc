// The unmodified agent on a Windows whose DLLs are the simulated ones: all four families, over
// mutual TLS, as the CLI of another host sees them.

#include <gmock/gmock.h>
#include <signal.h>

#include "farstat/v1/ike.pb.h"
#include "farstat/v1/ipsec.pb.h"
#include "farstat/v1/ras.pb.h"
#include "farstat/v1/tcp.pb.h"
#include "tests/support/becomes.h"
#include "tests/windows/office.h"
#include "tests/windows/wine_agent.h"

namespace farstat::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::SizeIs;
using ::testing::StartsWith;

class FamiliesTest : public WineAgentTest {
 protected:
  FamiliesTest() { StartAgent(SimulatedWindows(kOffice)); }

  template <typename Totals>
  Totals TotalsOf(const std::string& family) const {
    const auto totals = DataOf<Totals>(Get(family), "totals");
    EXPECT_THAT(totals, SizeIs(1)) << family;
    return totals.empty() ? Totals() : totals.front();
  }
};

TEST_F(FamiliesTest, AllAreSeenTogether) {
  const Finished host = Farstat({"get", "host"});
  EXPECT_EQ(host.exit_code, 0) << host.err;
  EXPECT_THAT(host.out, AllOf(HasSubstr("RAS  1 connection;"), HasSubstr("Headquarters"),
                              HasSubstr("TCP  12 connections: 10 ESTAB, 2 LISTEN;"),
                              HasSubstr("extended statistics are off on 10 connections"),
                              HasSubstr("IPsec  8 SAs;"), HasSubstr("IKE  4 SAs;")));
  const Finished info = Farstat({"agent", "info"});
  EXPECT_THAT(info.out, AllOf(ContainsRegex("RAS +yes\n"), ContainsRegex("TCP +yes; groups"),
                              ContainsRegex("IPsec +yes\n"), ContainsRegex("IKE +yes\n")));
  EXPECT_THAT(info.out, ::testing::Not(HasSubstr("SIMULATED"))) << "as far as the agent knows";
}

TEST_F(FamiliesTest, OnlyClientsWithACertificateAreServed) {
  const Finished refused = RunToEnd(Binary("farstat"), {"get", "host", "-t", address()});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("TLS"), HasSubstr("--cert")));
}

TEST_F(FamiliesTest, RasCountsWhatTheConnectionCarries) {
  const Finished watched =
      Farstat({"watch", "ras", "-o", "jsonl", "--interval", "500ms", "--count", "5"});
  ASSERT_EQ(watched.exit_code, 0) << watched.err;
  std::vector<v1::RasConnection> readings;
  std::vector<absl::Time> times;
  for (const Record& record : Records(watched.out)) {
    if (record.kind != "row") continue;
    Parse(record.data, readings.emplace_back());
    times.push_back(record.time);
  }
  ASSERT_THAT(readings, SizeIs(5));
  const v1::RasConnection& connection = readings.front();
  EXPECT_EQ(connection.entry_name(), "Headquarters");
  EXPECT_EQ(connection.device_name(), "WAN Miniport (IKEv2)");
  EXPECT_EQ(connection.status().state(), v1::RAS_STATE_CONNECTED);
  EXPECT_EQ(connection.status().phone_number(), "vpn.example.com");
  EXPECT_EQ(connection.status().local_tunnel_address(), "192.168.1.20");
  ASSERT_THAT(connection.links(), SizeIs(1));
  EXPECT_TRUE(connection.links(0).statistics().has_bytes_in());
  EXPECT_TRUE(connection.has_projection()) << "RasGetProjectionInfoEx";
  const double seconds = absl::ToDoubleSeconds(times.back() - times.front());
  const auto rate = [&](uint64_t first, uint64_t last) {
    return static_cast<double>(last - first) / seconds;
  };
  // 8000 and 1600 kbit/s. The agent reads a moment after the time that it states.
  EXPECT_NEAR(
      rate(readings.front().statistics().bytes_in(), readings.back().statistics().bytes_in()), 1e6,
      2e5);
  EXPECT_NEAR(
      rate(readings.front().statistics().bytes_out(), readings.back().statistics().bytes_out()),
      2e5, 4e4);
}

// Windows' counters begin anew, farstat's totals go on.
TEST_F(FamiliesTest, RasCountersAreClearedAndTotalsGoOn) {
  const auto connection = [this] {
    const auto rows = DataOf<v1::RasConnection>(Get("ras"), "row");
    EXPECT_THAT(rows, SizeIs(1));
    return rows.empty() ? v1::RasConnection() : rows.front();
  };
  const v1::RasConnection before = connection();
  EXPECT_EQ(before.accumulation().resets(), 0u);
  const Finished cleared = Farstat({"clear", "ras", "--entry", "Headquarters"});
  EXPECT_EQ(cleared.exit_code, 0) << cleared.err;
  const v1::RasConnection after = connection();
  EXPECT_EQ(after.accumulation().resets(), 1u);
  EXPECT_GE(after.statistics().bytes_in(), before.statistics().bytes_in());
}

TEST_F(FamiliesTest, TcpListsTheConnectionsAndTheirOwners) {
  const std::string got = Get("tcp", {"--owner"});
  std::vector<std::string> remotes;
  std::vector<uint32_t> remote_ports;
  std::vector<std::string> listeners;
  for (const auto& row : DataOf<v1::TcpConnection>(got, "row")) {
    if (row.state() == v1::TCP_STATE_LISTEN) {
      EXPECT_EQ(row.key().local_port(), 135u);
      EXPECT_EQ(row.owner().pid(), 812u);
      EXPECT_EQ(row.owner().service(), "RpcSs");
      listeners.push_back(row.key().local_address());
      continue;
    }
    EXPECT_EQ(row.state(), v1::TCP_STATE_ESTABLISHED);
    EXPECT_EQ(row.owner().pid(), 4712u);
    EXPECT_TRUE(row.syn_options().has_mss_sent_bytes());
    remotes.push_back(row.key().remote_address());
    remote_ports.push_back(row.key().remote_port());
  }
  EXPECT_THAT(listeners, ::testing::UnorderedElementsAre("0.0.0.0", "::"));
  EXPECT_THAT(remotes, SizeIs(kConnections));
  EXPECT_THAT(remotes, Each(AnyOf(StartsWith("10.20.0."), StartsWith("203.0.113."),
                                  StartsWith("2001:db8:9:"))));
  EXPECT_THAT(remotes, Contains(StartsWith("2001:db8:9:")));
  EXPECT_THAT(remote_ports, Contains(445u).Times(kFileConnections));
  EXPECT_THAT(remote_ports, Contains(443u).Times(kConnections - kFileConnections));
}

TEST_F(FamiliesTest, IpsecAndIkeListTheirSas) {
  const auto sas = DataOf<v1::IpsecSa>(Get("ipsec"), "row");
  EXPECT_THAT(sas, SizeIs(8)) << "a pair for each of four peers";
  EXPECT_THAT(sas, Contains(Property(&v1::IpsecSa::mode, v1::IPSEC_MODE_TRANSPORT)).Times(6));
  EXPECT_THAT(sas, Contains(Property(&v1::IpsecSa::mode, v1::IPSEC_MODE_TUNNEL)).Times(2));
  for (const v1::IpsecSa& sa : sas) {
    EXPECT_THAT(sa.transforms(), SizeIs(1));
    EXPECT_EQ(sa.lifetime_seconds(), 3600u);
  }
  const auto main_modes = DataOf<v1::IkeSa>(Get("ike"), "row");
  EXPECT_THAT(main_modes, SizeIs(4));
  EXPECT_THAT(main_modes,
              Contains(Property(&v1::IkeSa::key_module, v1::IKE_KEY_MODULE_AUTHIP)).Times(3));
  EXPECT_THAT(main_modes,
              Contains(Property(&v1::IkeSa::key_module, v1::IKE_KEY_MODULE_IKEV2)).Times(1));
}

TEST_F(FamiliesTest, WhatTheFilterEngineHandsOutIsGivenBack) {
  for (int i = 0; i < 5; ++i) {
    Get("ipsec");
    Get("ike");
  }
  agent().Signal(SIGINT);
  const Finished ended = agent().Wait();
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.err, HasSubstr("every session is closed; 0 arrays kept, 0 violations"));
}

TEST_F(FamiliesTest, TotalsOfEveryFamilyMove) {
  const auto tcp = TotalsOf<v1::TcpStack>("tcp");
  EXPECT_EQ(tcp.current_established(), uint64_t{kConnections});
  EXPECT_TRUE(Becomes([&] {
    const auto now = TotalsOf<v1::TcpStack>("tcp");
    return now.segments_in() > tcp.segments_in() && now.segments_out() > tcp.segments_out();
  }));
  const auto ipsec = TotalsOf<v1::IpsecTotals>("ipsec");
  EXPECT_EQ(ipsec.sas().active_sas(), 8u);
  EXPECT_TRUE(Becomes([&] {
    const auto now = TotalsOf<v1::IpsecTotals>("ipsec");
    return now.inbound().esp_authenticated_bytes() > ipsec.inbound().esp_authenticated_bytes() &&
           now.outbound().tunnel_bytes() > ipsec.outbound().tunnel_bytes();
  }));
  const auto ike = TotalsOf<v1::IkeTotals>("ike");
  EXPECT_EQ(ike.authip().ipv4().current_main_modes(), 3u);
  EXPECT_EQ(ike.ikev2().ipv4().current_main_modes(), 1u);
  EXPECT_TRUE(Becomes([&] {
    return TotalsOf<v1::IkeTotals>("ike").common().invalid_packets_in() >
           ike.common().invalid_packets_in();
  }));
}

}  // namespace
}  // namespace farstat::testing
