#include "agent/sources/simulated/ipsec_ledger.h"

namespace farstat::sources::simulated {
namespace {

using windows::IkeIpVersionStatistics;
using windows::IkeKeyModuleStatistics;

constexpr uint32_t kFirstIkeError = 13800;

void StartCounters(uint32_t start, IkeIpVersionStatistics& statistics) {
  for (uint32_t* counter :
       {&statistics.total_main_modes_started, &statistics.total_successful_main_modes,
        &statistics.total_failed_main_modes, &statistics.total_responder_main_modes,
        &statistics.total_quick_modes_started, &statistics.total_successful_quick_modes,
        &statistics.total_failed_quick_modes, &statistics.total_acquires,
        &statistics.total_reinit_acquires, &statistics.total_extended_modes_started,
        &statistics.total_successful_extended_modes, &statistics.total_failed_extended_modes,
        &statistics.total_impersonation_extended_modes,
        &statistics.total_impersonation_main_modes}) {
    *counter = start;
  }
}

void AddTraffic(const IpsecPeerClass& kind, uint64_t bytes,
                windows::IpsecTrafficStatistics1& traffic) {
  if (kind.encrypts()) traffic.encrypted_byte_count += bytes;
  if (kind.authenticates_with_ah()) traffic.authenticated_ah_byte_count += bytes;
  if (kind.authenticates_with_esp()) traffic.authenticated_esp_byte_count += bytes;
  (kind.scenario.transport_mode() ? traffic.transport_byte_count : traffic.tunnel_byte_count) +=
      bytes;
  if (kind.scenario.offloaded()) traffic.offload_byte_count += bytes;
  traffic.total_successful_packets +=
      static_cast<uint64_t>(static_cast<double>(bytes) / kind.bytes_per_packet);
}

}  // namespace

void LatestNegotiation::Note(absl::Duration end, absl::Duration took) {
  // Peers are advanced one after the other, so what comes later may have happened earlier. Of two
  // at the same time the longer one counts, whoever comes first.
  const auto milliseconds = static_cast<uint32_t>(absl::ToInt64Milliseconds(took));
  if (end < end_ || (end == end_ && milliseconds < milliseconds_)) return;
  end_ = end;
  milliseconds_ = milliseconds;
}

void IpsecLedger::StartIpsec(uint32_t counters_start) {
  ipsec = {};
  for (uint32_t* counter :
       {&ipsec.aggregate_sa_statistics.total_sas_added,
        &ipsec.aggregate_sa_statistics.total_sas_deleted,
        &ipsec.aggregate_sa_statistics.successful_rekeys,
        &ipsec.esp_drop_packet_statistics.invalid_spis_on_inbound,
        &ipsec.esp_drop_packet_statistics.decryption_failures_on_inbound,
        &ipsec.esp_drop_packet_statistics.authentication_failures_on_inbound,
        &ipsec.esp_drop_packet_statistics.replay_check_failures_on_inbound,
        &ipsec.esp_drop_packet_statistics.sa_not_initialized_on_inbound,
        &ipsec.ah_drop_packet_statistics.invalid_spis_on_inbound,
        &ipsec.ah_drop_packet_statistics.authentication_failures_on_inbound,
        &ipsec.ah_drop_packet_statistics.replay_check_failures_on_inbound,
        &ipsec.ah_drop_packet_statistics.sa_not_initialized_on_inbound,
        &ipsec.aggregate_drop_packet_statistics.udp_esp_validation_failures_on_inbound,
        &ipsec.aggregate_drop_packet_statistics.invalid_clear_text_inbound,
        &ipsec.aggregate_drop_packet_statistics.receive_over_incorrect_sa_inbound,
        &ipsec.aggregate_drop_packet_statistics.secure_receives_not_matching_filters}) {
    *counter = counters_start;
  }
}

void IpsecLedger::StartIke(uint32_t counters_start) {
  ike = {};
  for (IkeKeyModuleStatistics* module :
       {&ike.ike_statistics, &ike.authip_statistics, &ike.ike_v2_statistics}) {
    StartCounters(counters_start, module->v4_statistics);
    StartCounters(counters_start, module->v6_statistics);
  }
  windows::IkeCommonStatistics& common = ike.common_statistics;
  for (uint32_t* counter :
       {&common.v4_statistics.total_socket_receive_failures,
        &common.v4_statistics.total_socket_send_failures,
        &common.v6_statistics.total_socket_receive_failures,
        &common.v6_statistics.total_socket_send_failures, &common.total_packets_received,
        &common.total_invalid_packets_received}) {
    *counter = counters_start;
  }
  times = {};
}

IkeKeyModuleStatistics& IpsecLedger::KeyModuleOf(const IpsecPeerClass& kind) {
  switch (kind.key_module) {
    case windows::kIkeKeyModuleIke:
      return ike.ike_statistics;
    case windows::kIkeKeyModuleAuthIp:
      return ike.authip_statistics;
    default:
      return ike.ike_v2_statistics;
  }
}

IkeIpVersionStatistics& IpsecLedger::IkeOf(const IpsecPeerClass& kind) {
  IkeKeyModuleStatistics& module = KeyModuleOf(kind);
  return kind.scenario.ipv6() ? module.v6_statistics : module.v4_statistics;
}

uint32_t* IpsecLedger::ErrorFrequencyOf(const IpsecPeerClass& kind, uint32_t code) {
  const uint32_t index = code - kFirstIkeError;
  return index < windows::kIkeErrorCodeCount ? &KeyModuleOf(kind).error_frequency_table[index]
                                             : nullptr;
}

void IpsecLedger::CountIkeError(const IpsecPeerClass& kind, uint32_t code) {
  if (uint32_t* frequency = ErrorFrequencyOf(kind, code); frequency != nullptr) ++*frequency;
}

void IpsecLedger::AddTraffic(const IpsecPeerClass& kind, uint64_t inbound_bytes,
                             uint64_t outbound_bytes, windows::IpsecStatistics1& statistics) {
  simulated::AddTraffic(kind, inbound_bytes, statistics.inbound_traffic_statistics);
  simulated::AddTraffic(kind, outbound_bytes, statistics.outbound_traffic_statistics);
}

}  // namespace farstat::sources::simulated
