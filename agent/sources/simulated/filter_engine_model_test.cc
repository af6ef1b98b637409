#include "agent/sources/simulated/filter_engine_model.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/simulated_filter_engine.h"

namespace farstat::sources::simulated {
namespace {

using testing::SimulatedFilterEngine;
using windows::Handle;
using windows::IkeSaDetails;
using windows::IkeStatistics0;
using windows::IkeStatistics1;
using windows::IpsecDospStatistics;
using windows::IpsecSaContext;
using windows::IpsecStatistics0;
using windows::IpsecStatistics1;

constexpr uint32_t kSessionAborted = 0x80320010;
constexpr uint32_t kIkeextNotRunning = 0x80320044;

constexpr char kOffice[] = R"(filter_engine {
  peers { count: 3 transport_mode: true key_module: KEY_MODULE_AUTHIP
          authentication: AUTHENTICATION_KERBEROS ip_protocol: 6 local_port: 445
          inbound_bytes_per_s: 1000 outbound_bytes_per_s: 500 }
})";
constexpr char kGateway[] = R"(filter_engine {
  peers { count: 5 nat_traversal: true inbound_bytes_per_s: 1000 outbound_bytes_per_s: 500 }
  peers { count: 2 ipv6: true authentication: AUTHENTICATION_PRESHARED_KEY }
})";

// What each call says to an engine, by the exported name of the call.
std::map<std::string, uint32_t> CallEverything(const windows::Api& api, Handle engine) {
  IpsecStatistics0 ipsec0;
  IpsecStatistics1 ipsec1;
  IpsecDospStatistics dosp;
  IkeStatistics0 ike0;
  IkeStatistics1 ike1;
  Handle enumeration = 0;
  std::map<std::string, uint32_t> codes = {
      {"IPsecGetStatistics0", api.ipsec_get_statistics0(engine, &ipsec0)},
      {"IPsecGetStatistics1", api.ipsec_get_statistics1(engine, &ipsec1)},
      {"IPsecDospGetStatistics0", api.ipsec_dosp_get_statistics(engine, &dosp)},
      {"IkeextGetStatistics0", api.ikeext_get_statistics0(engine, &ike0)},
      {"IkeextGetStatistics1", api.ikeext_get_statistics1(engine, &ike1)},
      {"IPsecSaContextCreateEnumHandle0",
       api.ipsec_sa_context_create_enum_handle(engine, nullptr, &enumeration)}};
  if (enumeration != 0) api.ipsec_sa_context_destroy_enum_handle(engine, enumeration);
  enumeration = 0;
  codes["IkeextSaCreateEnumHandle0"] =
      api.ikeext_sa_create_enum_handle(engine, nullptr, &enumeration);
  if (enumeration != 0) api.ikeext_sa_destroy_enum_handle(engine, enumeration);
  return codes;
}

void ExpectAll(uint32_t expected, const std::map<std::string, uint32_t>& codes) {
  for (const auto& [call, code] : codes) EXPECT_EQ(code, expected) << call;
}

// Pitfall 34.
TEST(FilterEngineModelTest, AdministratorsAreServed) {
  SimulatedFilterEngine host(kOffice);
  const Handle engine = host.Open();
  std::map<std::string, uint32_t> codes = CallEverything(host.api, engine);
  EXPECT_EQ(codes["IPsecDospGetStatistics0"], windows::kErrorDospNotInstalled);
  codes.erase("IPsecDospGetStatistics0");
  ExpectAll(windows::kSuccess, codes);
  EXPECT_EQ(host.api.fwpm_engine_close(engine), windows::kSuccess);
  EXPECT_EQ(host.model.Violations(), 0);
}

// Pitfall 26.
TEST(FilterEngineModelTest, EverybodyMayOpenButNotRead) {
  SimulatedFilterEngine host(std::string("not_administrator: true ") + kOffice);
  const Handle engine = host.Open();
  ASSERT_NE(engine, 0u);
  ExpectAll(windows::kErrorAccessDenied, CallEverything(host.api, engine));
  EXPECT_EQ(host.api.fwpm_engine_close(engine), windows::kSuccess);
}

TEST(FilterEngineModelTest, UnknownEnginesAreInvalidHandles) {
  SimulatedFilterEngine host(kOffice);
  ExpectAll(windows::kErrorInvalidHandle, CallEverything(host.api, 77));
  const Handle engine = host.Open();
  host.api.fwpm_engine_close(engine);
  ExpectAll(windows::kErrorInvalidHandle, CallEverything(host.api, engine));
  EXPECT_EQ(host.model.Violations(), 0);
  EXPECT_EQ(host.api.fwpm_engine_close(engine), windows::kErrorInvalidHandle);
  EXPECT_EQ(host.model.Violations(), 1);
}

TEST(FilterEngineModelTest, OpeningChecksItsArguments) {
  SimulatedFilterEngine host(kOffice);
  Handle engine = 0;
  EXPECT_NE(host.api.fwpm_engine_open(u"another", 10, nullptr, nullptr, &engine), 0u);
  EXPECT_NE(host.api.fwpm_engine_open(nullptr, 16, nullptr, nullptr, &engine), 0u);
  windows::FwpmSession session = {};
  session.session_key.data1 = 5;
  EXPECT_EQ(host.api.fwpm_engine_open(nullptr, 0xFFFFFFFF, nullptr, &session, &engine), 0u);
  Handle second = 0;
  EXPECT_EQ(host.api.fwpm_engine_open(nullptr, 10, nullptr, &session, &second), 0x80320009);
  session.session_key = {};
  EXPECT_EQ(host.api.fwpm_engine_open(nullptr, 10, nullptr, &session, &second), 0u);
  EXPECT_EQ(host.api.fwpm_engine_open(nullptr, 10, nullptr, &session, &second), 0u);
  EXPECT_EQ(host.model.LiveEngines(), 3);
}

// Pitfall 24.
TEST(FilterEngineModelTest, SessionsDieWithTheFilterEngine) {
  SimulatedFilterEngine host(
      std::string("service_outages { service: 'BFE' after_s: 10 duration_s: 5 } ") + kOffice);
  const Handle old_engine = host.Open();
  Handle enumeration = 0;
  ASSERT_EQ(host.api.ipsec_sa_context_create_enum_handle(old_engine, nullptr, &enumeration), 0u);
  EXPECT_EQ(host.model.LiveEnumHandles(), 1);

  host.clock.Advance(absl::Seconds(10));
  Handle engine = 0;
  EXPECT_EQ(host.api.fwpm_engine_open(nullptr, 10, nullptr, nullptr, &engine), 1753u);
  ExpectAll(1722, CallEverything(host.api, old_engine));
  EXPECT_EQ(host.model.LiveEnumHandles(), 0);

  host.clock.Advance(absl::Seconds(5));
  ExpectAll(kSessionAborted, CallEverything(host.api, old_engine));
  EXPECT_EQ(host.api.ipsec_sa_context_destroy_enum_handle(old_engine, enumeration),
            kSessionAborted);
  EXPECT_EQ(host.model.LiveEngines(), 1);
  EXPECT_EQ(host.api.fwpm_engine_close(old_engine), kSessionAborted);
  EXPECT_EQ(host.model.LiveEngines(), 0);

  engine = host.Open();
  IpsecStatistics1 statistics = {};
  EXPECT_EQ(host.api.ipsec_get_statistics1(engine, &statistics), 0u);
  EXPECT_EQ(host.model.Violations(), 0);
}

TEST(FilterEngineModelTest, IkeAnswersOnlyWhileItsServiceRuns) {
  SimulatedFilterEngine host(
      std::string("service_outages { service: 'IKEEXT' after_s: 10 duration_s: 5 } ") + kGateway);
  const Handle engine = host.Open();
  Handle before = 0;
  ASSERT_EQ(host.api.ikeext_sa_create_enum_handle(engine, nullptr, &before), 0u);
  host.clock.Advance(absl::Seconds(10));
  std::map<std::string, uint32_t> codes = CallEverything(host.api, engine);
  EXPECT_EQ(codes["IkeextGetStatistics0"], kIkeextNotRunning);
  EXPECT_EQ(codes["IkeextGetStatistics1"], kIkeextNotRunning);
  EXPECT_EQ(codes["IkeextSaCreateEnumHandle0"], kIkeextNotRunning);
  EXPECT_EQ(codes["IPsecGetStatistics1"], 0u);
  EXPECT_EQ(codes["IPsecSaContextCreateEnumHandle0"], 0u);
  IkeSaDetails** sas = nullptr;
  uint32_t count = 0;
  EXPECT_EQ(host.api.ikeext_sa_enum2(engine, before, 10, &sas, &count), kIkeextNotRunning);

  host.clock.Advance(absl::Seconds(5));
  EXPECT_EQ(host.api.ikeext_sa_enum2(engine, before, 10, &sas, &count),
            windows::kErrorInvalidHandle);
  EXPECT_EQ(host.api.ikeext_sa_destroy_enum_handle(engine, before), 0u);
}

TEST(FilterEngineModelTest, DosProtectionIsAbsentOrIdleOrActive) {
  SimulatedFilterEngine idle("filter_engine { dos_protection { state: STATE_ZEROS } }");
  IpsecDospStatistics statistics;
  std::memset(&statistics, 0xAB, sizeof(statistics));
  ASSERT_EQ(idle.api.ipsec_dosp_get_statistics(idle.Open(), &statistics), 0u);
  const IpsecDospStatistics zeros = {};
  EXPECT_EQ(std::memcmp(&statistics, &zeros, sizeof(zeros)), 0);

  SimulatedFilterEngine active(
      "filter_engine { dos_protection { state: STATE_ACTIVE packets_per_s: 100000 "
      "state_entries_per_s: 50 } }");
  const Handle engine = active.Open();
  ASSERT_EQ(active.api.ipsec_dosp_get_statistics(engine, &statistics), 0u);
  std::array<uint64_t, sizeof(statistics) / sizeof(uint64_t)> before;
  std::memcpy(before.data(), &statistics, sizeof(statistics));
  active.clock.Advance(absl::Minutes(10));
  ASSERT_EQ(active.api.ipsec_dosp_get_statistics(engine, &statistics), 0u);
  std::array<uint64_t, sizeof(statistics) / sizeof(uint64_t)> after;
  std::memcpy(after.data(), &statistics, sizeof(statistics));
  for (size_t i = 0; i < after.size(); ++i) {
    EXPECT_GT(after[i], 0u) << i;
    // The second and the last are gauges.
    if (i != 1 && i != after.size() - 1) {
      EXPECT_GT(after[i], before[i]) << i;
    }
  }
  EXPECT_NEAR(statistics.current_state_entries, 50 * 60, 50 * 60 * 0.8);
}

TEST(FilterEngineModelTest, VersionZeroSaysTheSame) {
  SimulatedFilterEngine host(R"(filter_engine {
    peers { count: 4 inbound_bytes_per_s: 1000 outbound_bytes_per_s: 700 offloaded: true }
    peers { count: 4 key_module: KEY_MODULE_IKEV1 protection: PROTECTION_AH
            inbound_bytes_per_s: 300 outbound_bytes_per_s: 200 transport_mode: true }
    drops { esp_replay_per_s: 3 ah_replay_per_s: 2 clear_text_per_s: 5 no_matching_filter_per_s: 7 }
  })");
  host.clock.Advance(absl::Minutes(90));
  const Handle engine = host.Open();
  IpsecStatistics0 old_ipsec = {};
  IpsecStatistics1 ipsec = {};
  ASSERT_EQ(host.api.ipsec_get_statistics0(engine, &old_ipsec), 0u);
  ASSERT_EQ(host.api.ipsec_get_statistics1(engine, &ipsec), 0u);
  // The members that version 1 added are the last ones of their structures.
  EXPECT_EQ(
      std::memcmp(&old_ipsec, &ipsec, offsetof(IpsecStatistics1, aggregate_drop_packet_statistics)),
      0);
  EXPECT_EQ(std::memcmp(&old_ipsec.aggregate_drop_packet_statistics,
                        &ipsec.aggregate_drop_packet_statistics,
                        sizeof(old_ipsec.aggregate_drop_packet_statistics)),
            0);
  EXPECT_EQ(std::memcmp(&old_ipsec.inbound_traffic_statistics, &ipsec.inbound_traffic_statistics,
                        sizeof(old_ipsec.inbound_traffic_statistics)),
            0);
  EXPECT_EQ(std::memcmp(&old_ipsec.outbound_traffic_statistics, &ipsec.outbound_traffic_statistics,
                        sizeof(old_ipsec.outbound_traffic_statistics)),
            0);
  EXPECT_GT(old_ipsec.outbound_traffic_statistics.offload_byte_count, 0u);

  IkeStatistics0 old_ike = {};
  IkeStatistics1 ike = {};
  ASSERT_EQ(host.api.ikeext_get_statistics0(engine, &old_ike), 0u);
  ASSERT_EQ(host.api.ikeext_get_statistics1(engine, &ike), 0u);
  EXPECT_EQ(std::memcmp(&old_ike.ike_statistics, &ike.ike_statistics, sizeof(ike.ike_statistics)),
            0);
  EXPECT_EQ(std::memcmp(&old_ike.common_statistics, &ike.common_statistics,
                        sizeof(ike.common_statistics)),
            0);
  EXPECT_GT(old_ike.ike_statistics.v4_statistics.current_active_main_modes, 0u);
}

}  // namespace
}  // namespace farstat::sources::simulated
