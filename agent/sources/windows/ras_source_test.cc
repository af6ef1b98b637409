// The RAS collector against the simulated RAS: what is in the rows, what is asked for, and what it
// makes of connections, services and functions that are not there.

#include "agent/sources/windows/ras_source.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"
#include "tests/support/ras_host.h"
#include "tests/support/ras_rows.h"

namespace farstat::sources::windows {
namespace {

// One of each kind.
constexpr char kOffice[] = R"(ras {
  connections { name: "Head office" kind: RAS_KIND_IKEV2 server: "vpn.example.com"
                dormant_every_s: 100 dormant_s: 20 }
  connections { name: "Home" kind: RAS_KIND_SSTP user: "anna" }
  connections { name: "Depot" kind: RAS_KIND_L2TP ipv6_tunnel: true }
  connections { name: "Old branch" kind: RAS_KIND_PPTP ipv6_error: 731 }
  connections { name: "Line" kind: RAS_KIND_PPPOE ipv6_error: 733 }
  connections { name: "Bundle" kind: RAS_KIND_ISDN links: 3 link_up_s: 20 link_down_s: 10
                out_kbps: 60 in_kbps: 120 }
})";

std::map<std::string, uint64_t> StatsMembers(const RasStats& stats) {
  return {{"dwBytesXmited", stats.bytes_xmited},
          {"dwBytesRcved", stats.bytes_rcved},
          {"dwFramesXmited", stats.frames_xmited},
          {"dwFramesRcved", stats.frames_rcved},
          {"dwCrcErr", stats.crc_err},
          {"dwTimeoutErr", stats.timeout_err},
          {"dwAlignmentErr", stats.alignment_err},
          {"dwHardwareOverrunErr", stats.hardware_overrun_err},
          {"dwFramingErr", stats.framing_err},
          {"dwBufferOverrunErr", stats.buffer_overrun_err},
          {"dwCompressionRatioIn", stats.compression_ratio_in},
          {"dwCompressionRatioOut", stats.compression_ratio_out},
          {"dwBps", stats.bps},
          {"dwConnectDuration", stats.connect_duration}};
}

TEST(RasSourceTest, ListsConnectionsWithTheirIdentity) {
  RasHost host(kOffice);
  const CollectedRasRows rows = host.Collect(PartBit(0));
  ASSERT_EQ(host.outcome().status, absl::OkStatus());
  EXPECT_EQ(host.outcome().partial, absl::OkStatus());
  EXPECT_EQ(rows.size(), 6u);
  const v1::RasConnection office = rows.Get("Head office");
  EXPECT_EQ(office.key().entry_guid().size(), 36u);
  EXPECT_NE(office.key().handle(), 0u);
  EXPECT_EQ(office.device_type(), "vpn");
  EXPECT_EQ(office.device_name(), "WAN Miniport (IKEv2)");
  EXPECT_EQ(office.phonebook(),
            "C:\\ProgramData\\Microsoft\\Network\\Connections\\Pbk\\rasphone.pbk");
  EXPECT_EQ(office.sub_entry(), 1u);
  EXPECT_TRUE(office.all_users());
  EXPECT_TRUE(office.global_credentials());
  EXPECT_TRUE(office.owner_known());
  EXPECT_TRUE(office.owner_match());
  EXPECT_EQ(office.logon_session_id(), 0x3e7u);
  EXPECT_EQ(office.correlation_id().size(), 36u);
  EXPECT_FALSE(office.has_status() || office.has_statistics() || office.links_size() > 0 ||
               office.has_projection() || office.has_accumulation());
  EXPECT_EQ(rows.Get("Line").device_type(), "PPPoE");
}

// Pitfall 22.
TEST(RasSourceTest, ConnectionsOfOtherUsersAreListed) {
  RasHost host(kOffice);
  const v1::RasConnection home = host.Collect(PartBit(0)).Get("Home");
  EXPECT_EQ(
      home.phonebook(),
      "C:\\Users\\anna\\AppData\\Roaming\\Microsoft\\Network\\Connections\\Pbk\\rasphone.pbk");
  EXPECT_TRUE(home.owner_known());
  EXPECT_FALSE(home.owner_match());
  EXPECT_FALSE(home.all_users());
  EXPECT_GT(home.logon_session_id(), uint64_t{1} << 32);
}

TEST(RasSourceTest, NamesAreNotAsciiOnly) {
  RasHost host("ras { connections { name: \"K\\303\\266ln \\360\\237\\232\\200\" } }");
  EXPECT_TRUE(host.Collect().Has("K\xC3\xB6ln \xF0\x9F\x9A\x80"));
}

TEST(RasSourceTest, StatusSaysWhereTheConnectionStands) {
  RasHost host(kOffice);
  host.clock().Advance(absl::Seconds(1));
  const CollectedRasRows rows = host.Collect(kRasStatus);
  const v1::RasStatus office = rows.Get("Head office").status();
  EXPECT_EQ(office.state(), v1::RAS_STATE_CONNECTED);
  EXPECT_NE(office.sub_state(), v1::RAS_SUB_STATE_UNSPECIFIED);
  EXPECT_EQ(office.error_code(), 0u);
  EXPECT_TRUE(office.has_error_code());
  EXPECT_FALSE(office.has_error_symbol());
  EXPECT_EQ(office.device_type(), "vpn");
  EXPECT_EQ(office.device_name(), "WAN Miniport (IKEv2)");
  EXPECT_EQ(office.phone_number(), "vpn.example.com");
  EXPECT_EQ(office.local_tunnel_address(), "192.168.1.20");
  EXPECT_EQ(office.remote_tunnel_address(), "198.18.0.2");
  const v1::RasStatus depot = rows.Get("Depot").status();
  EXPECT_EQ(depot.local_tunnel_address(), "2001:db8::20");
  EXPECT_EQ(depot.remote_tunnel_address(), "2001:db8::1:2");
  const CollectedRasRow row = rows.Find("Head office");
  EXPECT_EQ(row.facts.state, static_cast<uint32_t>(v1::RAS_STATE_CONNECTED));
  EXPECT_EQ(row.facts.has_tunnel_address, 1);
  EXPECT_EQ(row.facts.tunnel_address, MapIpv4({198, 18, 0, 2}));
}

// Pitfall 18.
TEST(RasSourceTest, UnknownTunnelEndPointsAreAbsent) {
  RasHost host(kOffice);
  const CollectedRasRow home = host.Collect(kRasStatus).Find("Home");
  EXPECT_EQ(home.message.status().state(), v1::RAS_STATE_CONNECTED);
  EXPECT_FALSE(home.message.status().has_local_tunnel_address());
  EXPECT_FALSE(home.message.status().has_remote_tunnel_address());
  EXPECT_EQ(home.facts.has_tunnel_address, 0);
}

TEST(RasSourceTest, DroppedConnectionSaysWhyAndGoes) {
  RasHost host(R"(ras { connections { name: "VPN" connected_for_s: 0 dial_s: 2 up_s: 10 down_s: 8
                                      closing_s: 4 drop_error: 691 } })");
  EXPECT_EQ(host.Collect().size(), 0u) << "it is being dialled";
  bool dropped = false;
  uint64_t first_handle = 0;
  for (int i = 0; i < 400; ++i) {
    host.clock().Advance(absl::Milliseconds(200));
    const CollectedRasRows rows = host.Collect(kRasStatus);
    if (!rows.Has("VPN")) continue;
    const v1::RasConnection vpn = rows.Get("VPN");
    if (first_handle == 0) first_handle = vpn.key().handle();
    if (vpn.status().state() == v1::RAS_STATE_CONNECTED) {
      if (!dropped) continue;
      EXPECT_NE(vpn.key().handle(), first_handle) << "dialled again";
      return;
    }
    dropped = true;
    EXPECT_EQ(vpn.status().state(), v1::RAS_STATE_DISCONNECTED);
    EXPECT_EQ(vpn.status().error_code(), 691u);
    EXPECT_EQ(vpn.status().error_symbol(), "ERROR_AUTHENTICATION_FAILURE");
    EXPECT_NE(vpn.status().error_text(), "");
  }
  FAIL() << "it was not dialled again";
}

TEST(RasSourceTest, MobilityIsSeen) {
  RasHost host(kOffice);
  std::map<v1::RasSubState, int> seen;
  for (int i = 0; i < 300; ++i) {
    host.clock().Advance(absl::Seconds(1));
    ++seen[host.Collect(kRasStatus).Get("Head office").status().sub_state()];
  }
  EXPECT_GT(seen[v1::RAS_SUB_STATE_DORMANT], 10);
  EXPECT_GT(seen[v1::RAS_SUB_STATE_RECONNECTING], 10);
  EXPECT_GT(seen[v1::RAS_SUB_STATE_RECONNECTED], 10);
}

TEST(RasSourceTest, StatisticsAreWhatWindowsSays) {
  RasHost host(kOffice);
  const CollectedRasRows rows = host.Collect(kRasStatistics);
  ASSERT_EQ(host.outcome().status, absl::OkStatus());
  for (const char* name : {"Head office", "Home", "Depot", "Old branch", "Line"}) {
    const v1::RasConnection row = rows.Get(name);
    RasStats stats = {};
    stats.size = sizeof(stats);
    ASSERT_EQ(host.api().ras_get_connection_statistics(row.key().handle(), &stats), 0u);
    EXPECT_EQ(ValuesFrom("RAS_STATS", row.statistics()), StatsMembers(stats)) << name;
    EXPECT_GT(row.statistics().connect_duration_ms(), 1'000'000u);
    EXPECT_GT(row.statistics().buffer_overrun_errors(), 0u);
    EXPECT_EQ(row.accumulation().wraps(), 0u);
    EXPECT_EQ(row.accumulation().resets(), 0u);
    EXPECT_FALSE(row.accumulation().uncertain());
    EXPECT_EQ(FromProto(row.accumulation().since()), host.clock().Wall());
  }
}

// Pitfall 16.
TEST(RasSourceTest, CompressionRatiosOfBundlesAreAbsent) {
  RasHost host(kOffice);
  for (const PartMask parts : {kRasStatistics, kRasStatistics | kRasLinks, kRasStatistics}) {
    const v1::RasConnection bundle = host.Collect(parts).Get("Bundle");
    EXPECT_TRUE(bundle.statistics().has_bytes_in());
    EXPECT_FALSE(bundle.statistics().has_compression_ratio_in());
    EXPECT_FALSE(bundle.statistics().has_compression_ratio_out());
    for (const v1::RasLink& link : bundle.links()) {
      EXPECT_EQ(link.statistics().has_compression_ratio_in(), link.up()) << link.index();
    }
  }
}

// Pitfall 16.
TEST(RasSourceTest, LinksOfBundlesComeAndGo) {
  RasHost host(kOffice);
  std::map<uint32_t, int> up;
  std::map<uint32_t, int> down;
  int dialling = 0;
  for (int i = 0; i < 120; ++i) {
    host.clock().Advance(absl::Seconds(1));
    const v1::RasConnection bundle = host.Collect(kRasLinks | kRasStatistics).Get("Bundle");
    ASSERT_EQ(host.outcome().partial, absl::OkStatus());
    ASSERT_EQ(bundle.links_size(), 3);
    uint64_t speed = 0;
    for (const v1::RasLink& link : bundle.links()) {
      ++(link.up() ? up : down)[link.index()];
      EXPECT_EQ(link.has_status(), link.up());
      if (link.up() && link.status().state() != v1::RAS_STATE_CONNECTED) ++dialling;
      EXPECT_EQ(link.has_statistics(), link.has_accumulation());
      speed += link.statistics().speed_bits_per_second();
    }
    EXPECT_EQ(bundle.statistics().speed_bits_per_second(), speed) << "the sum over the links";
  }
  EXPECT_EQ(up[1], 120);
  for (const uint32_t index : {2u, 3u}) {
    EXPECT_GT(up[index], 20);
    EXPECT_GT(down[index], 10);
  }
  // While it is dialled, a link has a state already.
  EXPECT_GT(dialling, 0);
}

TEST(RasSourceTest, ProjectionOfIkev2) {
  RasHost host(kOffice);
  const CollectedRasRow row = host.Collect(kRasProjection).Find("Head office");
  const v1::RasProjection& projection = row.message.projection();
  EXPECT_EQ(projection.type(), v1::RAS_PROJECTION_TYPE_IKEV2);
  EXPECT_FALSE(projection.has_ppp());
  const v1::RasIkev2Projection& ikev2 = projection.ikev2();
  EXPECT_EQ(ikev2.ipv4_error_code(), 0u);
  EXPECT_EQ(ikev2.ipv4_address(), "10.8.0.2");
  EXPECT_EQ(ikev2.ipv4_server_address(), "10.8.0.1");
  EXPECT_EQ(ikev2.ipv6_error_code(), 0u);
  EXPECT_EQ(ikev2.ipv6_address(), "fd00:8::2");
  EXPECT_EQ(ikev2.ipv6_server_address(), "fd00:8::1");
  EXPECT_EQ(ikev2.ipv6_prefix_length(), 64u);
  EXPECT_EQ(ikev2.authentication(), v1::RAS_IKEV2_AUTHENTICATION_EAP);
  EXPECT_EQ(ikev2.eap_type(), 26u);
  EXPECT_TRUE(ikev2.mobike());
  EXPECT_TRUE(ikev2.behind_nat());
  EXPECT_FALSE(ikev2.server_behind_nat());
  EXPECT_TRUE(ikev2.has_server_behind_nat());
  EXPECT_EQ(ikev2.encryption(), v1::RAS_IKEV2_ENCRYPTION_AES_256);
  ASSERT_EQ(ikev2.ipv4_server_addresses_size(), 2);
  EXPECT_EQ(ikev2.ipv4_server_addresses(1), "203.0.113.3");
  ASSERT_EQ(ikev2.ipv6_server_addresses_size(), 1);
  EXPECT_EQ(ikev2.ipv6_server_addresses(0), "2001:db8::2:0");
  EXPECT_EQ(row.facts.has_ipv4_address, 1);
  EXPECT_EQ(row.facts.ipv4_address, MapIpv4({10, 8, 0, 2}));
  EXPECT_EQ(row.facts.has_ipv6_address, 1);
  EXPECT_EQ(row.facts.ipv6_address[15], 2);
}

TEST(RasSourceTest, ProjectionOfPpp) {
  RasHost host(kOffice);
  const CollectedRasRows rows = host.Collect(kRasProjection);
  ASSERT_EQ(host.outcome().partial, absl::OkStatus());
  EXPECT_EQ(rows.Get("Home").projection().type(), v1::RAS_PROJECTION_TYPE_PPP);
  const v1::RasPppProjection home = rows.Get("Home").projection().ppp();
  EXPECT_EQ(home.ipv4_address(), "10.8.0.3");
  EXPECT_EQ(home.ipv4_server_address(), "10.8.0.1");
  EXPECT_EQ(home.ipv4_options(), 1u);
  EXPECT_EQ(home.ipv4_server_options(), 1u);
  EXPECT_EQ(home.ipv6_interface_id().size(), 19u);
  EXPECT_EQ(home.ipv6_server_interface_id().size(), 19u);
  EXPECT_EQ(home.authentication(), v1::RAS_PPP_AUTHENTICATION_EAP);
  EXPECT_FALSE(home.has_chap_algorithm());
  EXPECT_EQ(home.eap_type(), 26u);
  EXPECT_EQ(home.server_authentication(), v1::RAS_PPP_AUTHENTICATION_EAP);
  EXPECT_EQ(home.server_eap_type(), 26u);
  EXPECT_EQ(home.lcp_options(), 3u);
  EXPECT_EQ(home.lcp_server_options(), 7u);
  EXPECT_FALSE(home.has_ccp_error_code()) << "compression was not tried";
  EXPECT_FALSE(home.has_ccp_algorithm());

  const v1::RasPppProjection branch = rows.Get("Old branch").projection().ppp();
  EXPECT_FALSE(branch.has_ipv6_error_code()) << "IPv6 was not tried";
  EXPECT_FALSE(branch.has_ipv6_interface_id());
  EXPECT_EQ(branch.authentication(), v1::RAS_PPP_AUTHENTICATION_CHAP);
  EXPECT_EQ(branch.chap_algorithm(), v1::RAS_CHAP_ALGORITHM_MS_V2);
  EXPECT_FALSE(branch.has_eap_type());
  EXPECT_EQ(branch.server_authentication(), v1::RAS_PPP_AUTHENTICATION_UNSPECIFIED);
  EXPECT_EQ(branch.ccp_error_code(), 0u);
  EXPECT_EQ(branch.ccp_algorithm(), v1::RAS_PPP_COMPRESSION_MPPC);
  EXPECT_EQ(branch.ccp_server_algorithm(), v1::RAS_PPP_COMPRESSION_MPPC);
  EXPECT_EQ(branch.ccp_options(), 0x42u);
  EXPECT_EQ(branch.ccp_server_options(), 0x42u);

  EXPECT_EQ(rows.Get("Line").projection().ppp().ipv6_error_code(), 733u);
  EXPECT_FALSE(rows.Get("Line").projection().ppp().has_ipv6_interface_id());
  EXPECT_TRUE(rows.Get("Bundle").projection().ppp().bundled());
  EXPECT_TRUE(rows.Get("Bundle").projection().ppp().multilink());
  EXPECT_EQ(rows.Get("Bundle").projection().ppp().server_chap_algorithm(),
            v1::RAS_CHAP_ALGORITHM_MS_V2);
}

// Pitfall 17. Pitfall 21.
TEST(RasSourceTest, OlderWindowsIsAskedProtocolByProtocol) {
  RasHost host(kOffice);
  host.api().ras_get_projection_info_ex = nullptr;
  const CollectedRasRows rows = host.Collect(kRasProjection);
  EXPECT_EQ(host.outcome().partial, absl::OkStatus()) << "what was not negotiated is no error";
  EXPECT_EQ(rows.Get("Home").projection().type(), v1::RAS_PROJECTION_TYPE_PPP);
  const CollectedRasRow row = rows.Find("Home");
  const v1::RasPppProjection& home = row.message.projection().ppp();
  EXPECT_EQ(home.ipv4_error_code(), 0u);
  EXPECT_EQ(home.ipv4_address(), "10.8.0.3");
  EXPECT_EQ(home.ipv4_server_address(), "10.8.0.1");
  EXPECT_EQ(row.facts.ipv4_address, MapIpv4({10, 8, 0, 3}));
  EXPECT_EQ(home.ipv4_options(), 1u);
  EXPECT_EQ(home.ipv6_error_code(), 0u);
  EXPECT_EQ(home.ipv6_compression_protocol(), 0x61u);
  EXPECT_EQ(home.ipv6_server_compression_protocol(), 0x61u);
  EXPECT_EQ(home.lcp_error_code(), 0u);
  EXPECT_TRUE(home.has_terminate_reason());
  EXPECT_TRUE(home.has_server_terminate_reason());
  EXPECT_EQ(home.reply_message(), "S=welcome");
  EXPECT_EQ(home.authentication(), v1::RAS_PPP_AUTHENTICATION_EAP);
  EXPECT_EQ(home.lcp_server_options(), 7u);
  EXPECT_FALSE(home.has_ccp_error_code());
  EXPECT_EQ(rows.Get("Old branch").projection().ppp().ccp_options(), 0x42u);
  EXPECT_FALSE(rows.Get("Old branch").projection().ppp().has_ipv6_error_code());

  // IKEv2 cannot be asked for there.
  const v1::RasConnection office = rows.Get("Head office");
  EXPECT_FALSE(office.has_projection());
  ASSERT_EQ(office.missing_groups_size(), 1);
  EXPECT_EQ(office.missing_groups(0).group(), v1::RAS_GROUP_PROJECTION);
  EXPECT_EQ(office.missing_groups(0).win32_code(), 731u);
  EXPECT_EQ(office.missing_groups(0).win32_symbol(), "ERROR_PROTOCOL_NOT_CONFIGURED");
}

// Pitfall 17.
TEST(RasSourceTest, OldLayoutsAreFoundByTryingOnce) {
  for (const uint32_t size : kRasConnectionSizes) {
    for (const uint32_t status_size : kRasConnectionStatusSizes) {
      RasHost host(absl::StrCat(
          "ras { connections { name: \"VPN\" count: 30 } layouts { connection_size: ", size,
          " status_size: ", status_size, " } }"));
      CallCounts counts;
      counts.Count(host.api());
      CollectedRasRows rows = host.Collect(kRasStatus);
      ASSERT_EQ(host.outcome().status, absl::OkStatus()) << size;
      EXPECT_EQ(host.outcome().partial, absl::OkStatus()) << size;
      counts.Clear();
      rows = host.Collect(kRasStatus);
      EXPECT_EQ(counts["RasEnumConnectionsW"], 1) << "the size that works is remembered";
      EXPECT_EQ(counts["RasGetConnectStatusW"], 30);
      ASSERT_EQ(rows.size(), 30u);
      const v1::RasConnection last = rows.Get("VPN 30");
      EXPECT_EQ(last.sub_entry(), 1u);
      EXPECT_EQ(last.key().entry_guid() != "00000000-0000-0000-0000-000000000000", size >= 1360);
      EXPECT_EQ(last.has_all_users(), size >= 1372);
      EXPECT_EQ(last.has_logon_session_id(), size >= 1372);
      EXPECT_EQ(last.has_correlation_id(), size >= 1388);
      EXPECT_EQ(last.status().state(), v1::RAS_STATE_CONNECTED);
      EXPECT_EQ(last.status().phone_number(), "vpn.example.com");
      EXPECT_EQ(last.status().has_sub_state(), status_size == 608);
      EXPECT_EQ(last.status().has_remote_tunnel_address(), status_size == 608);
    }
  }
}

// Pitfall 19.
TEST(RasSourceTest, ListThatGrowsIsFetchedAgain) {
  RasHost host(R"(ras { connections { name: "VPN" count: 200 }
                        growth { missing: 180 per_call: 60 } })");
  CallCounts counts;
  counts.Count(host.api());
  EXPECT_EQ(host.Collect().size(), 200u);
  EXPECT_EQ(host.outcome().status, absl::OkStatus());
  EXPECT_GT(counts["RasEnumConnectionsW"], 2);
  counts.Clear();
  EXPECT_EQ(host.Collect().size(), 200u);
  EXPECT_EQ(counts["RasEnumConnectionsW"], 1) << "the buffer is kept";
}

TEST(RasSourceTest, OnlyWhatIsAskedForIsCalled) {
  RasHost host("ras { connections { name: \"VPN\" count: 10 } }");
  CallCounts counts;
  counts.Count(host.api());
  host.Collect(PartBit(0));
  EXPECT_EQ(counts.ras(), 1);
  EXPECT_EQ(host.outcome().native_calls, 2u) << "with the look at the service";
  EXPECT_EQ(host.outcome().revisit_within, absl::InfiniteDuration());
  counts.Clear();
  host.Collect(kRasStatus);
  EXPECT_EQ(counts.ras(), 11);
  EXPECT_EQ(counts["RasGetConnectStatusW"], 10);
  host.Collect(kRasStatistics);
  counts.Clear();
  host.Collect(kRasStatistics);
  EXPECT_EQ(counts.ras(), 11) << "the number of links is asked for once";
  EXPECT_EQ(counts["RasGetConnectionStatistics"], 10);
  EXPECT_EQ(host.outcome().native_calls, 12u);
  counts.Clear();
  host.Collect(kRasLinks);
  EXPECT_EQ(counts["RasGetSubEntryHandleW"], 20);
  EXPECT_EQ(counts["RasGetLinkStatistics"], 10);
  EXPECT_EQ(counts["RasGetConnectStatusW"], 10);
  EXPECT_EQ(counts.ras(), 41);
  counts.Clear();
  host.Collect(kRasProjection);
  EXPECT_EQ(counts["RasGetProjectionInfoEx"], 10);
  EXPECT_EQ(counts.ras(), 11);
}

TEST(RasSourceTest, CountersAreRevisitedBeforeTheyCanWrapUnseen) {
  RasHost host("ras { connections { name: \"VPN\" } }");
  host.Collect(kRasStatistics);
  EXPECT_LT(host.outcome().revisit_within, absl::Seconds(2));
  EXPECT_GT(host.outcome().revisit_within, absl::Seconds(1));
  RasHost empty("");
  empty.Collect(kRasStatistics);
  EXPECT_EQ(empty.outcome().status, absl::OkStatus());
  EXPECT_EQ(empty.outcome().revisit_within, absl::InfiniteDuration());
}

TEST(RasSourceTest, PartsLieWhereTheyBelong) {
  RasHost host(kOffice);
  const CollectedRasRow row = host.Collect().Find("Head office");
  const auto part = [&](int n) {
    const uint32_t begin = n == 0 ? 0 : row.part_ends[n - 1];
    v1::RasConnection message;
    EXPECT_TRUE(message.ParseFromString(row.bytes.substr(begin, row.part_ends[n] - begin)));
    return message;
  };
  EXPECT_TRUE(part(0).has_key() && part(0).has_entry_name() && !part(0).has_status());
  EXPECT_TRUE(part(1).has_status() && !part(1).has_key());
  EXPECT_TRUE(part(2).has_statistics() && part(2).has_accumulation());
  EXPECT_EQ(part(3).links_size(), 1);
  EXPECT_TRUE(part(4).has_projection());
  EXPECT_EQ(row.part_ends[4], row.bytes.size());
}

// Pitfall 23.
TEST(RasSourceTest, StoppedServiceIsOneStatus) {
  RasHost host(R"(ras { connections { name: "VPN" count: 5 } }
                  service_outages { service: "RasMan" after_s: 10 duration_s: 20 })");
  CallCounts counts;
  counts.Count(host.api());
  EXPECT_EQ(host.Collect().size(), 5u);
  counts.Clear();
  host.clock().Advance(absl::Seconds(15));
  EXPECT_EQ(host.Collect().size(), 0u);
  EXPECT_TRUE(absl::IsUnavailable(host.outcome().status)) << host.outcome().status;
  EXPECT_EQ(ErrorInfoOf(host.outcome().status).reason(), kSourceStopped);
  EXPECT_EQ(counts.ras(), 0) << "asking RAS could start the service";
  host.clock().Advance(absl::Seconds(60));
  EXPECT_EQ(host.Collect().size(), 5u);
  EXPECT_EQ(host.outcome().status, absl::OkStatus());
}

// Pitfall 23.
TEST(RasSourceTest, CodesOfAStoppedServiceAreOneStatus) {
  RasHost host(R"(ras { connections { name: "VPN" count: 5 } }
                  service_outages { service: "RasMan" after_s: 10 })");
  host.api().service_status = nullptr;
  CallCounts counts;
  counts.Count(host.api());
  host.clock().Advance(absl::Seconds(15));
  EXPECT_EQ(host.Collect().size(), 0u);
  EXPECT_EQ(ErrorInfoOf(host.outcome().status).reason(), kSourceStopped);
  EXPECT_EQ(counts.ras(), 1);
}

// Pitfall 23.
TEST(RasSourceTest, ServiceThatStopsMeanwhileEndsTheCollection) {
  for (const uint32_t code : {711u, 834u, 1722u, 1753u}) {
    RasHost host("ras { connections { name: \"VPN\" count: 50 } }");
    int calls = 0;
    const auto stopped = [&, code] { return ++calls > 10 ? code : kSuccess; };
    host.api().ras_get_connect_status = [&, call = host.api().ras_get_connect_status](
                                            Handle handle, RasConnectionStatus* status) {
      const uint32_t failed = stopped();
      return failed != kSuccess ? failed : call(handle, status);
    };
    host.Collect();
    EXPECT_EQ(ErrorInfoOf(host.outcome().status).reason(), kSourceStopped) << code;
    EXPECT_EQ(Win32CodeOf(host.outcome().status), code);
    EXPECT_EQ(calls, 11) << "the rest is not asked for";
  }
}

// Pitfall 21.
TEST(RasSourceTest, AbsentFunctionsAreToldOnce) {
  RasHost reference(kOffice);
  std::vector<std::string> names;
  VisitEntries(reference.api(), [&](absl::string_view library, absl::string_view name, auto&) {
    if (library == "rasapi32.dll") names.emplace_back(name);
  });
  for (const std::string& absent : names) {
    RasHost host(kOffice);
    VisitEntries(host.api(), [&](absl::string_view, absl::string_view name, auto& entry) {
      if (name == absent) entry = nullptr;
    });
    const CollectedRasRows rows = host.Collect();
    if (absent == "RasEnumConnectionsW") {
      EXPECT_TRUE(absl::IsUnimplemented(host.outcome().status));
      continue;
    }
    EXPECT_EQ(host.outcome().status, absl::OkStatus()) << absent;
    EXPECT_EQ(rows.size(), 6u) << absent;
    const bool needed = absent == "RasGetConnectStatusW" ||
                        absent == "RasGetConnectionStatistics" ||
                        absent == "RasGetLinkStatistics" || absent == "RasGetSubEntryHandleW";
    EXPECT_EQ(absl::IsUnimplemented(host.outcome().partial), needed)
        << absent << ": " << host.outcome().partial;
    if (!needed) continue;
    for (const auto& [name, row] : rows.rows()) {
      EXPECT_EQ(row.message.missing_groups_size(), 0) << "not in each row";
    }
  }
}

// Pitfall 21.
TEST(RasSourceTest, WithoutLinkHandlesTheKnownLinkIsRead) {
  RasHost host(kOffice);
  host.api().ras_get_sub_entry_handle = nullptr;
  const v1::RasConnection office = host.Collect(kRasLinks | kRasStatistics).Get("Head office");
  ASSERT_EQ(office.links_size(), 1);
  EXPECT_EQ(office.links(0).index(), 1u);
  EXPECT_FALSE(office.links(0).has_up());
  EXPECT_TRUE(office.links(0).has_statistics());
  EXPECT_FALSE(office.statistics().has_compression_ratio_in()) << "it may have several links";
}

// Pitfall 20.
TEST(RasSourceTest, LookingEndsNoConnection) {
  RasHost host(kOffice);
  std::map<std::string, uint64_t> handles;
  for (int i = 0; i < 20; ++i) {
    host.clock().Advance(absl::Seconds(1));
    const CollectedRasRows rows = host.Collect();
    for (const auto& [name, row] : rows.rows()) {
      const uint64_t handle = row.message.key().handle();
      EXPECT_EQ(handles.emplace(name, handle).first->second, handle);
    }
  }
  EXPECT_EQ(handles.size(), 6u);
}

}  // namespace
}  // namespace farstat::sources::windows
