#include "agent/sources/simulated/ipsec_population.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "tests/support/simulated_filter_engine.h"

namespace farstat::sources::simulated {
namespace {

using testing::SimulatedFilterEngine;
using windows::IkeIpVersionStatistics;
using windows::IkeKeyModuleStatistics;
using windows::IkeStatistics1;
using windows::IpsecStatistics1;

// Everything that can happen, and often.
constexpr char kLively[] = R"(filter_engine {
  peers { count: 20 sa_pairs: 2 lifetime_s: 120 idle_timeout_s: 20 main_mode_lifetime_s: 300
          session_s: 100 pause_s: 40 responder_share: 0.3 rate_spread: 0.5 rate_swing: 0.8
          inbound_bytes_per_s: 20000 outbound_bytes_per_s: 9000 late_packets_per_rekey: 1.5
          main_mode_failures { code: 13805 share: 0.1 } main_mode_failures { code: 13801 share: 0.1 }
          quick_mode_failures { code: 13868 share: 0.1 } }
  peers { count: 10 key_module: KEY_MODULE_AUTHIP transport_mode: true ipv6: true offloaded: true
          lifetime_s: 90 lifetime_kilobytes: 500 impersonation_share: 0.5
          inbound_bytes_per_s: 20000 outbound_bytes_per_s: 9000
          extended_mode_failures { code: 13801 share: 0.2 } main_mode_lifetime_s: 60 }
  peers { count: 5 key_module: KEY_MODULE_IKEV1 protection: PROTECTION_AH session_s: 60 pause_s: 60
          responder_share: 1 main_mode_failures { code: 13905 share: 0.3 } }
  drops { esp_invalid_spi_per_s: 2 clear_text_per_s: 5 ah_replay_per_s: 1 }
  ike_disturbances { invalid_packets_per_s: 3 ipv6_send_failures_per_s: 1 }
})";

template <typename Structure>
std::string Bytes(const Structure& structure) {
  return std::string(reinterpret_cast<const char*>(&structure), sizeof(structure));
}

uint32_t SlotsOf(const IkeKeyModuleStatistics& module) {
  return std::accumulate(std::begin(module.error_frequency_table),
                         std::end(module.error_frequency_table), 0u);
}

uint32_t FailuresOf(const IkeIpVersionStatistics& ike) {
  return ike.total_failed_main_modes + ike.total_failed_quick_modes +
         ike.total_failed_extended_modes;
}

void ExpectBalanced(const IpsecStatistics1& ipsec, const IkeStatistics1& ike) {
  const windows::IpsecAggregateSaStatistics& sas = ipsec.aggregate_sa_statistics;
  EXPECT_EQ(sas.total_sas_added - sas.total_sas_deleted, sas.active_sas);
  EXPECT_LE(sas.offloaded_sas, sas.active_sas);
  EXPECT_LE(sas.active_tunnels * 2, sas.active_sas);
  uint32_t quick_modes = 0;
  for (const IkeKeyModuleStatistics* module :
       {&ike.ike_statistics, &ike.authip_statistics, &ike.ike_v2_statistics}) {
    for (const IkeIpVersionStatistics* version : {&module->v4_statistics, &module->v6_statistics}) {
      quick_modes += version->current_active_quick_modes;
      EXPECT_LE(version->total_successful_main_modes + version->total_failed_main_modes,
                version->total_main_modes_started);
      EXPECT_LE(version->total_responder_main_modes, version->total_main_modes_started);
      EXPECT_LE(version->current_active_main_modes, 20u);
      EXPECT_LE(version->current_active_extended_modes, version->current_active_main_modes);
      const uint32_t pending = version->total_quick_modes_started -
                               version->total_successful_quick_modes -
                               version->total_failed_quick_modes;
      EXPECT_LE(pending, sas.pending_sa_negotiations);
    }
  }
  EXPECT_EQ(quick_modes * 2, sas.active_sas);
  // Failures with codes beyond 13896 have no slot.
  EXPECT_EQ(SlotsOf(ike.authip_statistics), FailuresOf(ike.authip_statistics.v6_statistics));
  EXPECT_EQ(SlotsOf(ike.ike_v2_statistics), FailuresOf(ike.ike_v2_statistics.v4_statistics));
  EXPECT_EQ(SlotsOf(ike.ike_statistics), 0u);

  const windows::IpsecTrafficStatistics1& in = ipsec.inbound_traffic_statistics;
  EXPECT_EQ(in.transport_byte_count + in.tunnel_byte_count,
            in.authenticated_ah_byte_count + in.authenticated_esp_byte_count);
  EXPECT_EQ(in.offload_byte_count, in.transport_byte_count);
}

TEST(IpsecPopulationTest, WhatComesAndGoesAddsUp) {
  SimulatedFilterEngine host(kLively);
  for (int i = 0; i < 200; ++i) {
    host.clock.Advance(absl::Milliseconds(7'777));
    ExpectBalanced(host.Ipsec(), host.Ike());
  }
  const IpsecStatistics1 ipsec = host.Ipsec();
  EXPECT_GT(ipsec.aggregate_sa_statistics.successful_rekeys, 100u);
  EXPECT_GT(ipsec.aggregate_sa_statistics.total_sas_deleted, 1000u);
  const IkeStatistics1 ike = host.Ike();
  const IkeIpVersionStatistics& authip = ike.authip_statistics.v6_statistics;
  EXPECT_GT(authip.total_successful_extended_modes, 0u);
  EXPECT_GT(authip.total_failed_extended_modes, 0u);
  EXPECT_GT(authip.total_impersonation_main_modes, 0u);
  EXPECT_GT(authip.total_impersonation_extended_modes, 0u);
  EXPECT_GT(ike.authip_statistics.extended_mode_negotiation_time, 0u);
  const IkeIpVersionStatistics& ikev1 = ike.ike_statistics.v4_statistics;
  EXPECT_EQ(ikev1.total_responder_main_modes, ikev1.total_main_modes_started);
  EXPECT_EQ(ikev1.total_acquires, 0u);
  EXPECT_GT(ikev1.total_failed_main_modes, 0u);
  const IkeIpVersionStatistics& ikev2 = ike.ike_v2_statistics.v4_statistics;
  EXPECT_GT(ikev2.total_acquires, 0u);
  EXPECT_GT(ikev2.total_reinit_acquires, 0u);
  EXPECT_GT(ike.ike_v2_statistics.error_frequency_table[5], 0u);
  EXPECT_GT(ike.ike_v2_statistics.error_frequency_table[68], 0u);
  EXPECT_GT(ike.common_statistics.total_packets_received,
            ike.common_statistics.total_invalid_packets_received);
  EXPECT_GT(ike.common_statistics.v6_statistics.total_socket_send_failures, 0u);
}

TEST(IpsecPopulationTest, HowOftenSomebodyLooksMakesNoDifference) {
  const std::string scenario =
      std::string(
          "service_outages { service: 'BFE' after_s: 300 duration_s: 3 every_s: 700 }"
          "service_outages { service: 'IKEEXT' after_s: 500.25 duration_s: 20 }") +
      kLively;
  SimulatedFilterEngine seldom(scenario);
  SimulatedFilterEngine often(scenario);
  SimulatedFilterEngine other_seed(scenario, 2);
  constexpr absl::Duration kTime = absl::Minutes(39);
  constexpr absl::Duration kStep = absl::Milliseconds(813);
  absl::Duration passed = absl::ZeroDuration();
  for (; passed + kStep < kTime; passed += kStep) {
    often.clock.Advance(kStep);
    IpsecStatistics1 ignored;
    const windows::Handle engine = often.Open();
    often.api.ipsec_get_statistics1(engine, &ignored);
    if (engine != 0) often.api.fwpm_engine_close(engine);
  }
  often.clock.Advance(kTime - passed);
  seldom.clock.Advance(kTime);
  other_seed.clock.Advance(kTime);
  EXPECT_EQ(Bytes(often.Ipsec()), Bytes(seldom.Ipsec()));
  EXPECT_EQ(Bytes(often.Ike()), Bytes(seldom.Ike()));
  EXPECT_NE(Bytes(other_seed.Ike()), Bytes(seldom.Ike()));
}

TEST(IpsecPopulationTest, TrafficIsWhatTheRatesSay) {
  SimulatedFilterEngine host(R"(filter_engine {
    peers { count: 10 first_contact_s: 0 inbound_bytes_per_s: 8000 outbound_bytes_per_s: 1000
            bytes_per_packet: 500 main_mode_ms: 1 quick_mode_ms: 1 lifetime_s: 60 }
  })");
  host.clock.Advance(absl::Seconds(1000));
  const IpsecStatistics1 ipsec = host.Ipsec();
  const windows::IpsecTrafficStatistics1& in = ipsec.inbound_traffic_statistics;
  const windows::IpsecTrafficStatistics1& out = ipsec.outbound_traffic_statistics;
  // A few milliseconds of negotiation are lost at the beginning.
  EXPECT_NEAR(static_cast<double>(in.tunnel_byte_count), 10 * 8000 * 1000.0, 10 * 8000 * 0.01);
  EXPECT_NEAR(static_cast<double>(out.tunnel_byte_count), 10 * 1000 * 1000.0, 10 * 1000 * 0.01);
  EXPECT_EQ(in.encrypted_byte_count, in.tunnel_byte_count);
  EXPECT_EQ(in.authenticated_esp_byte_count, in.tunnel_byte_count);
  EXPECT_EQ(in.transport_byte_count + in.offload_byte_count + in.authenticated_ah_byte_count, 0u);
  // Less than one packet is lost whenever a flow is counted.
  EXPECT_LE(in.total_successful_packets, in.tunnel_byte_count / 500);
  EXPECT_GE(in.total_successful_packets + 10 * 21, in.tunnel_byte_count / 500);
}

TEST(IpsecPopulationTest, TrafficNeverFallsHoweverClosely) {
  // After 300 days, when numbers are large.
  SimulatedFilterEngine host(R"(filter_engine {
    peers { count: 3 first_contact_s: 25919995 lifetime_s: 5 rate_swing: 0.9 rate_period_s: 2
            inbound_bytes_per_s: 1.25e9 outbound_bytes_per_s: 0.01 } })");
  host.clock.Advance(absl::Hours(24 * 300));
  IpsecStatistics1 before = host.Ipsec();
  for (int i = 0; i < 20'000; ++i) {
    host.clock.Advance(absl::Microseconds(487));
    const IpsecStatistics1 now = host.Ipsec();
    ASSERT_GE(now.inbound_traffic_statistics.tunnel_byte_count,
              before.inbound_traffic_statistics.tunnel_byte_count);
    ASSERT_GE(now.outbound_traffic_statistics.tunnel_byte_count,
              before.outbound_traffic_statistics.tunnel_byte_count);
    ASSERT_GE(now.inbound_traffic_statistics.total_successful_packets,
              before.inbound_traffic_statistics.total_successful_packets);
    before = now;
  }
}

TEST(IpsecPopulationTest, SasAreReplacedWhenTheyGetOld) {
  SimulatedFilterEngine host(R"(filter_engine {
    peers { count: 1 first_contact_s: 0 lifetime_s: 100 overlap_s: 4 outbound_bytes_per_s: 1 }
  })");
  host.clock.Advance(absl::Seconds(84));
  EXPECT_EQ(host.Ipsec().aggregate_sa_statistics.total_sas_added, 2u);
  uint32_t most = 0;
  for (int i = 0; i < 120; ++i) {
    host.clock.Advance(absl::Milliseconds(100));
    most = std::max(most, host.Ipsec().aggregate_sa_statistics.active_sas);
  }
  // Both pairs lived side by side for a while.
  EXPECT_EQ(most, 4u);
  host.clock.Advance(absl::Seconds(4));
  const windows::IpsecAggregateSaStatistics sas = host.Ipsec().aggregate_sa_statistics;
  EXPECT_EQ(sas.successful_rekeys, 1u);
  EXPECT_EQ(sas.total_sas_added, 4u);
  EXPECT_EQ(sas.total_sas_deleted, 2u);
  EXPECT_EQ(sas.active_tunnels, 1u);
  EXPECT_EQ(host.Ike().ike_v2_statistics.v4_statistics.total_successful_main_modes, 1u);
}

TEST(IpsecPopulationTest, VolumeMakesSasOldToo) {
  SimulatedFilterEngine host(R"(filter_engine {
    peers { count: 1 first_contact_s: 0 lifetime_kilobytes: 1000 inbound_bytes_per_s: 1000
            outbound_bytes_per_s: 102400 rate_swing: 0.5 rate_period_s: 7 }
    peers { count: 1 first_contact_s: 0 lifetime_packets: 1000 bytes_per_packet: 100
            key_module: KEY_MODULE_IKEV1 inbound_bytes_per_s: 10000 }
  })");
  host.clock.Advance(absl::Seconds(95));
  // Between 0.85 and 0.95 of 10 seconds' worth of traffic each.
  const IkeStatistics1 ike = host.Ike();
  EXPECT_NEAR(ike.ike_v2_statistics.v4_statistics.total_successful_quick_modes, 1 + 10, 1);
  EXPECT_NEAR(ike.ike_statistics.v4_statistics.total_successful_quick_modes, 1 + 10, 1);
}

TEST(IpsecPopulationTest, IdleSasAreDeletedAndNegotiatedAgain) {
  SimulatedFilterEngine host(R"(filter_engine {
    peers { count: 50 first_contact_s: 0 idle_timeout_s: 5 session_s: 20 pause_s: 60 }
    peers { count: 50 first_contact_s: 0 idle_timeout_s: 100000 session_s: 20 pause_s: 60 ipv6: true }
    peers { count: 50 first_contact_s: 0 idle_timeout_s: 5 session_s: 20 pause_s: 60
            key_module: KEY_MODULE_IKEV1 }
  })");
  host.clock.Advance(absl::Hours(1));
  const IkeStatistics1 ike = host.Ike();
  // The patient ones only wait for their lifetime.
  EXPECT_GT(ike.ike_v2_statistics.v4_statistics.total_successful_quick_modes, 50u * 20);
  EXPECT_LT(ike.ike_v2_statistics.v6_statistics.total_successful_quick_modes, 50u * 3);
  EXPECT_LT(ike.ike_v2_statistics.v4_statistics.current_active_quick_modes, 30u);
  EXPECT_GT(ike.ike_v2_statistics.v6_statistics.current_active_quick_modes, 40u);
  // IKEv2 keeps no main mode that nobody needs.
  EXPECT_LT(ike.ike_v2_statistics.v4_statistics.current_active_main_modes, 30u);
  EXPECT_GT(ike.ike_v2_statistics.v4_statistics.total_successful_main_modes, 50u * 20);
  EXPECT_LT(ike.ike_statistics.v4_statistics.current_active_quick_modes, 30u);
  EXPECT_EQ(ike.ike_statistics.v4_statistics.current_active_main_modes, 50u);
  EXPECT_EQ(ike.ike_statistics.v4_statistics.total_successful_main_modes, 50u);
}

TEST(IpsecPopulationTest, SasEndWithTheirLifetimeIfRenewalFails) {
  // Whoever gets a second pair has got it at the first attempt.
  SimulatedFilterEngine host(R"(filter_engine {
    peers { count: 200 first_contact_s: 0 lifetime_s: 100 retry_s: 1000
            quick_mode_failures { code: 13868 share: 0.5 } }
  })");
  host.clock.Advance(absl::Seconds(50));
  const uint32_t young = host.Ipsec().aggregate_sa_statistics.active_tunnels;
  EXPECT_NEAR(young, 100, 30);
  host.clock.Advance(absl::Seconds(60));
  EXPECT_NEAR(host.Ipsec().aggregate_sa_statistics.active_tunnels, young / 2.0, 25);
}

TEST(IpsecPopulationTest, MainModesFailInTheWaysThatAreAskedFor) {
  SimulatedFilterEngine host(R"(filter_engine {
    peers { count: 100 first_contact_s: 0 retry_s: 5 responder_share: 0.5
            main_mode_failures { code: 13801 share: 0.5 }
            main_mode_failures { code: 13805 share: 0.3 takes_ms: 20000 }
            main_mode_failures { code: 13899 share: 0.2 } }
  })");
  host.clock.Advance(absl::Seconds(10));
  // Peers that have fallen silent are still new, and keep IKE busy.
  EXPECT_GT(host.Ike().ike_v2_statistics.v4_statistics.current_new_responder_main_modes, 5u);
  EXPECT_GT(host.Ike().common_statistics.current_queued_workitems, 5u);
  host.clock.Advance(absl::Hours(1));
  const IkeStatistics1 ike = host.Ike();
  const IkeIpVersionStatistics& v4 = ike.ike_v2_statistics.v4_statistics;
  EXPECT_EQ(v4.total_successful_main_modes, 0u);
  EXPECT_EQ(v4.total_quick_modes_started, 0u);
  const double failed = v4.total_failed_main_modes;
  EXPECT_NEAR(ike.ike_v2_statistics.error_frequency_table[1], failed * 0.5, failed * 0.05);
  EXPECT_NEAR(ike.ike_v2_statistics.error_frequency_table[5], failed * 0.3, failed * 0.05);
  EXPECT_LT(SlotsOf(ike.ike_v2_statistics), v4.total_failed_main_modes);
  EXPECT_EQ(host.Ipsec().aggregate_sa_statistics.total_sas_added, 0u);
  EXPECT_EQ(host.Ipsec().aggregate_sa_statistics.pending_sa_negotiations, 100u);
}

// Pitfall 29.
TEST(IpsecPopulationTest, CountersWrapAtTwoToThe32) {
  SimulatedFilterEngine host(R"(filter_engine {
    counters_start: 4294967290
    peers { count: 10 first_contact_s: 0 key_module: KEY_MODULE_AUTHIP
            main_mode_failures { code: 13801 share: 0.5 } }
    drops { esp_replay_per_s: 1 clear_text_per_s: 2 }
    ike_disturbances { invalid_packets_per_s: 10 }
  })");
  const IpsecStatistics1 before = host.Ipsec();
  EXPECT_EQ(before.aggregate_sa_statistics.total_sas_added, 4294967290u);
  EXPECT_EQ(before.aggregate_sa_statistics.active_sas, 0u);
  EXPECT_EQ(before.esp_drop_packet_statistics.replay_check_failures_on_inbound, 4294967290u);
  EXPECT_EQ(host.Ike().authip_statistics.error_frequency_table[1], 4294967290u);
  EXPECT_EQ(host.Ike().authip_statistics.error_frequency_table[2], 0u);
  host.clock.Advance(absl::Minutes(10));
  const IpsecStatistics1 ipsec = host.Ipsec();
  const IkeStatistics1 ike = host.Ike();
  EXPECT_EQ(ipsec.aggregate_sa_statistics.active_sas, 20u);
  EXPECT_EQ(ipsec.aggregate_sa_statistics.total_sas_added, 14u);
  EXPECT_EQ(ipsec.aggregate_sa_statistics.total_sas_deleted, 4294967290u);
  EXPECT_NEAR(ipsec.esp_drop_packet_statistics.replay_check_failures_on_inbound, 594, 1);
  EXPECT_NEAR(ipsec.aggregate_drop_packet_statistics.invalid_clear_text_inbound, 1194, 1);
  EXPECT_EQ(ike.authip_statistics.v4_statistics.total_successful_main_modes, 4u);
  EXPECT_LT(ike.authip_statistics.error_frequency_table[1], 100u);
  EXPECT_NEAR(ike.common_statistics.total_invalid_packets_received, 5994, 1);
}

TEST(IpsecPopulationTest, DropsAreCountedByKindAndInTotal) {
  SimulatedFilterEngine host(R"(filter_engine { drops {
    esp_invalid_spi_per_s: 1 esp_decryption_failure_per_s: 2 esp_authentication_failure_per_s: 3
    esp_replay_per_s: 4 esp_sa_not_initialized_per_s: 5 ah_invalid_spi_per_s: 6
    ah_authentication_failure_per_s: 7 ah_replay_per_s: 8 ah_sa_not_initialized_per_s: 9
    udp_esp_validation_failure_per_s: 10 clear_text_per_s: 11 incorrect_sa_per_s: 12
    no_matching_filter_per_s: 13 } })");
  // One period of the rates' swing.
  host.clock.Advance(absl::Seconds(600));
  const IpsecStatistics1 ipsec = host.Ipsec();
  const windows::IpsecEspDropStatistics& esp = ipsec.esp_drop_packet_statistics;
  EXPECT_NEAR(esp.invalid_spis_on_inbound, 600, 1);
  EXPECT_NEAR(esp.decryption_failures_on_inbound, 1200, 1);
  EXPECT_NEAR(esp.authentication_failures_on_inbound, 1800, 1);
  EXPECT_NEAR(esp.replay_check_failures_on_inbound, 2400, 1);
  EXPECT_NEAR(esp.sa_not_initialized_on_inbound, 3000, 1);
  const windows::IpsecAhDropStatistics& ah = ipsec.ah_drop_packet_statistics;
  EXPECT_NEAR(ah.invalid_spis_on_inbound, 3600, 1);
  EXPECT_NEAR(ah.authentication_failures_on_inbound, 4200, 1);
  EXPECT_NEAR(ah.replay_check_failures_on_inbound, 4800, 1);
  EXPECT_NEAR(ah.sa_not_initialized_on_inbound, 5400, 1);
  const windows::IpsecAggregateDropStatistics1& all = ipsec.aggregate_drop_packet_statistics;
  EXPECT_EQ(all.invalid_spis_on_inbound, esp.invalid_spis_on_inbound + ah.invalid_spis_on_inbound);
  EXPECT_EQ(all.sa_not_initialized_on_inbound,
            esp.sa_not_initialized_on_inbound + ah.sa_not_initialized_on_inbound);
  EXPECT_NEAR(all.udp_esp_validation_failures_on_inbound, 6000, 1);
  EXPECT_NEAR(all.receive_over_incorrect_sa_inbound, 7200, 1);
  EXPECT_NEAR(all.secure_receives_not_matching_filters, 7800, 1);
  EXPECT_NEAR(all.total_drop_packets_inbound, 600 * 91, 13);
}

// Pitfall 29.
TEST(IpsecPopulationTest, IkeStartsAgainFromZeroAndEverybodyNegotiatesAnew) {
  SimulatedFilterEngine host(
      "service_outages { service: 'IKEEXT' after_s: 100 duration_s: 10 } "
      "filter_engine { counters_start: 5000 peers { count: 30 outbound_bytes_per_s: 10 } "
      "ike_disturbances { invalid_packets_per_s: 1 } }");
  host.clock.Advance(absl::Seconds(99));
  EXPECT_GT(host.Ike().ike_v2_statistics.v4_statistics.total_main_modes_started, 5000u);
  const uint32_t added = host.Ipsec().aggregate_sa_statistics.total_sas_added;
  host.clock.Advance(absl::Seconds(2));
  // Without IKE there are no SAs, but what the driver has counted stays.
  const IpsecStatistics1 without = host.Ipsec();
  EXPECT_EQ(without.aggregate_sa_statistics.active_sas, 0u);
  EXPECT_EQ(without.aggregate_sa_statistics.total_sas_added, added);
  EXPECT_EQ(without.aggregate_sa_statistics.total_sas_deleted, added);
  EXPECT_GT(without.outbound_traffic_statistics.tunnel_byte_count, 0u);

  host.clock.Advance(absl::Seconds(30));
  const IkeStatistics1 ike = host.Ike();
  EXPECT_EQ(ike.ike_v2_statistics.v4_statistics.total_main_modes_started, 30u);
  EXPECT_EQ(ike.ike_v2_statistics.v4_statistics.current_active_main_modes, 30u);
  EXPECT_NEAR(ike.common_statistics.total_invalid_packets_received, 21, 15);
  EXPECT_EQ(host.Ipsec().aggregate_sa_statistics.active_sas, 60u);
  EXPECT_EQ(host.Ipsec().aggregate_sa_statistics.total_sas_added, added + 60);
}

TEST(IpsecPopulationTest, TheFilterEngineStartsAgainFromZero) {
  SimulatedFilterEngine host(
      "service_outages { service: 'BFE' after_s: 100 duration_s: 10 } "
      "filter_engine { peers { count: 30 outbound_bytes_per_s: 10 } "
      "drops { clear_text_per_s: 5 } }");
  host.clock.Advance(absl::Seconds(99));
  const uint32_t started = host.Ike().ike_v2_statistics.v4_statistics.total_main_modes_started;
  host.clock.Advance(absl::Seconds(51));
  const IpsecStatistics1 ipsec = host.Ipsec();
  EXPECT_EQ(ipsec.aggregate_sa_statistics.active_sas, 60u);
  EXPECT_EQ(ipsec.aggregate_sa_statistics.total_sas_added, 60u);
  EXPECT_EQ(ipsec.aggregate_sa_statistics.total_sas_deleted, 0u);
  EXPECT_LE(ipsec.outbound_traffic_statistics.tunnel_byte_count, 30u * 10 * 40);
  EXPECT_NEAR(ipsec.aggregate_drop_packet_statistics.invalid_clear_text_inbound, 200, 100);
  // IKE is another service, and has counted on.
  EXPECT_EQ(host.Ike().ike_v2_statistics.v4_statistics.total_main_modes_started, started + 30);
}

TEST(IpsecPopulationTest, AGatewayOfThousandsIsCheapAfterADay) {
  SimulatedFilterEngine host(
      "filter_engine { peers { count: 5000 inbound_bytes_per_s: 1e6 rate_swing: 0.5 } }");
  host.clock.Advance(absl::Hours(24));
  const IpsecStatistics1 ipsec = host.Ipsec();
  EXPECT_EQ(ipsec.aggregate_sa_statistics.active_tunnels, 5000u);
  // Each of them about every 3240 seconds.
  EXPECT_NEAR(ipsec.aggregate_sa_statistics.successful_rekeys, 5000 * 27.5, 5000 * 1.5);
}

}  // namespace
}  // namespace farstat::sources::simulated
