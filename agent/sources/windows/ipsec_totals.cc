#include "agent/sources/windows/ipsec_totals.h"

#include <cstring>

#include "farstat/v1/common.pb.h"
#include "farstat/v1/ipsec.pb.h"

namespace farstat::sources::windows {
namespace {

using Totals = v1::IpsecTotals;

// Bounds that no host exceeds (README.md of this folder, on bounds of the filter engine).
constexpr UnitsPerSecond kFastestPackets = 50e6;
constexpr UnitsPerSecond kFastestSas = 1e6;

IpsecTrafficStatistics1 FromVersion0(const IpsecTrafficStatistics0& statistics) {
  IpsecTrafficStatistics1 wider = {};
  std::memcpy(&wider, &statistics, sizeof(statistics));
  return wider;
}

}  // namespace

IpsecReading FromVersion0(const IpsecStatistics0& statistics) {
  IpsecReading reading = {};
  reading.statistics.aggregate_sa_statistics = statistics.aggregate_sa_statistics;
  reading.statistics.esp_drop_packet_statistics = statistics.esp_drop_packet_statistics;
  reading.statistics.ah_drop_packet_statistics = statistics.ah_drop_packet_statistics;
  // Version 1 has one more member, at the end.
  std::memcpy(&reading.statistics.aggregate_drop_packet_statistics,
              &statistics.aggregate_drop_packet_statistics,
              sizeof(statistics.aggregate_drop_packet_statistics));
  reading.statistics.inbound_traffic_statistics =
      FromVersion0(statistics.inbound_traffic_statistics);
  reading.statistics.outbound_traffic_statistics =
      FromVersion0(statistics.outbound_traffic_statistics);
  return reading;
}

// --- Totals -------------------------------------------------------------------------------------

IpsecTotals::Counters::Values IpsecTotals::ValuesOf(const IpsecStatistics1& statistics) {
  const IpsecAggregateSaStatistics& sas = statistics.aggregate_sa_statistics;
  const IpsecEspDropStatistics& esp = statistics.esp_drop_packet_statistics;
  const IpsecAhDropStatistics& ah = statistics.ah_drop_packet_statistics;
  const IpsecAggregateDropStatistics1& drops = statistics.aggregate_drop_packet_statistics;
  return {
      sas.total_sas_added,
      sas.total_sas_deleted,
      sas.successful_rekeys,
      esp.invalid_spis_on_inbound,
      esp.decryption_failures_on_inbound,
      esp.authentication_failures_on_inbound,
      esp.replay_check_failures_on_inbound,
      esp.sa_not_initialized_on_inbound,
      ah.invalid_spis_on_inbound,
      ah.authentication_failures_on_inbound,
      ah.replay_check_failures_on_inbound,
      ah.sa_not_initialized_on_inbound,
      drops.invalid_spis_on_inbound,
      drops.decryption_failures_on_inbound,
      drops.authentication_failures_on_inbound,
      drops.udp_esp_validation_failures_on_inbound,
      drops.replay_check_failures_on_inbound,
      drops.invalid_clear_text_inbound,
      drops.sa_not_initialized_on_inbound,
      drops.receive_over_incorrect_sa_inbound,
      drops.secure_receives_not_matching_filters,
      drops.total_drop_packets_inbound,
  };
}

IpsecTotals::Counters::Rates IpsecTotals::FastestRates() {
  Counters::Rates rates;
  rates.fill(kFastestPackets);
  for (const Counter counter : {kSasAdded, kSasDeleted, kSuccessfulRekeys}) {
    rates[counter] = kFastestSas;
  }
  return rates;
}

absl::Duration IpsecTotals::RevisitWithin() { return WrapTime(kFastestPackets) / 2; }

void IpsecTotals::Read(const IpsecReading& reading, const windows::Reading& when) {
  const uint64_t resets = counters_.history().resets;
  counters_.Read(ValuesOf(reading.statistics), when, FastestRates());
  const bool began_anew = counters_.history().resets != resets;
  inbound_.Read(reading.statistics.inbound_traffic_statistics, began_anew);
  outbound_.Read(reading.statistics.outbound_traffic_statistics, began_anew);
  now_ = reading.statistics.aggregate_sa_statistics;
  version1_ = reading.version1;
}

void IpsecTotals::Write(RowWriter& row) const {
  WriteSas(row);
  WriteDrops(row);
  WriteEspDrops(row);
  WriteAhDrops(row);
  inbound_.Write(Totals::kInboundFieldNumber, version1_, row);
  outbound_.Write(Totals::kOutboundFieldNumber, version1_, row);
  v1::Accumulation accumulation;
  counters_.history().Fill(accumulation);
  row.Text(Totals::kAccumulationFieldNumber, accumulation.SerializeAsString());
}

void IpsecTotals::WriteSas(RowWriter& row) const {
  using Sas = v1::IpsecSaTotals;
  const RowWriter::Open sas = row.BeginMessage(Totals::kSasFieldNumber);
  row.Uint(Sas::kActiveSasFieldNumber, now_.active_sas);
  row.Uint(Sas::kPendingNegotiationsFieldNumber, now_.pending_sa_negotiations);
  row.Uint(Sas::kSasAddedFieldNumber, counters_.total(kSasAdded));
  row.Uint(Sas::kSasDeletedFieldNumber, counters_.total(kSasDeleted));
  row.Uint(Sas::kSuccessfulRekeysFieldNumber, counters_.total(kSuccessfulRekeys));
  row.Uint(Sas::kActiveTunnelsFieldNumber, now_.active_tunnels);
  row.Uint(Sas::kOffloadedSasFieldNumber, now_.offloaded_sas);
  row.EndMessage(sas);
}

void IpsecTotals::WriteDrops(RowWriter& row) const {
  using Drops = v1::IpsecDrops;
  const RowWriter::Open drops = row.BeginMessage(Totals::kDropsFieldNumber);
  row.Uint(Drops::kInvalidSpiPacketsFieldNumber, counters_.total(kInvalidSpi));
  row.Uint(Drops::kDecryptionFailurePacketsFieldNumber, counters_.total(kDecryptionFailure));
  row.Uint(Drops::kAuthenticationFailurePacketsFieldNumber,
           counters_.total(kAuthenticationFailure));
  row.Uint(Drops::kUdpEspValidationFailurePacketsFieldNumber,
           counters_.total(kUdpEspValidationFailure));
  row.Uint(Drops::kReplayCheckFailurePacketsFieldNumber, counters_.total(kReplayCheckFailure));
  row.Uint(Drops::kInvalidClearTextPacketsFieldNumber, counters_.total(kInvalidClearText));
  row.Uint(Drops::kSaNotInitializedPacketsFieldNumber, counters_.total(kSaNotInitialized));
  row.Uint(Drops::kIncorrectSaPacketsFieldNumber, counters_.total(kIncorrectSa));
  row.Uint(Drops::kNotMatchingFiltersPacketsFieldNumber, counters_.total(kNotMatchingFilters));
  if (version1_) row.Uint(Drops::kTotalPacketsFieldNumber, counters_.total(kTotalDrops));
  row.EndMessage(drops);
}

void IpsecTotals::WriteEspDrops(RowWriter& row) const {
  using Drops = v1::IpsecEspDrops;
  const RowWriter::Open drops = row.BeginMessage(Totals::kEspDropsFieldNumber);
  row.Uint(Drops::kInvalidSpiPacketsFieldNumber, counters_.total(kEspInvalidSpi));
  row.Uint(Drops::kDecryptionFailurePacketsFieldNumber, counters_.total(kEspDecryptionFailure));
  row.Uint(Drops::kAuthenticationFailurePacketsFieldNumber,
           counters_.total(kEspAuthenticationFailure));
  row.Uint(Drops::kReplayCheckFailurePacketsFieldNumber, counters_.total(kEspReplayCheckFailure));
  row.Uint(Drops::kSaNotInitializedPacketsFieldNumber, counters_.total(kEspSaNotInitialized));
  row.EndMessage(drops);
}

void IpsecTotals::WriteAhDrops(RowWriter& row) const {
  using Drops = v1::IpsecAhDrops;
  const RowWriter::Open drops = row.BeginMessage(Totals::kAhDropsFieldNumber);
  row.Uint(Drops::kInvalidSpiPacketsFieldNumber, counters_.total(kAhInvalidSpi));
  row.Uint(Drops::kAuthenticationFailurePacketsFieldNumber,
           counters_.total(kAhAuthenticationFailure));
  row.Uint(Drops::kReplayCheckFailurePacketsFieldNumber, counters_.total(kAhReplayCheckFailure));
  row.Uint(Drops::kSaNotInitializedPacketsFieldNumber, counters_.total(kAhSaNotInitialized));
  row.EndMessage(drops);
}

// --- Traffic ------------------------------------------------------------------------------------

void IpsecTotals::Traffic::Read(const IpsecTrafficStatistics1& statistics, bool began_anew) {
  const std::array<uint64_t, kTrafficCounters> values = {
      statistics.encrypted_byte_count,
      statistics.authenticated_ah_byte_count,
      statistics.authenticated_esp_byte_count,
      statistics.transport_byte_count,
      statistics.tunnel_byte_count,
      statistics.offload_byte_count,
      statistics.total_successful_packets,
  };
  for (size_t i = 0; i < kTrafficCounters; ++i) {
    // What falls without wrapping began anew, also if nobody tells.
    if (began_anew || values[i] < last_[i]) before_restart_[i] += last_[i];
    last_[i] = values[i];
  }
}

void IpsecTotals::Traffic::Write(int message_field, bool version1, RowWriter& row) const {
  using Fields = v1::IpsecTraffic;
  constexpr std::array<int, kTrafficCounters> kFields = {
      Fields::kEncryptedBytesFieldNumber,        Fields::kAhAuthenticatedBytesFieldNumber,
      Fields::kEspAuthenticatedBytesFieldNumber, Fields::kTransportBytesFieldNumber,
      Fields::kTunnelBytesFieldNumber,           Fields::kOffloadedBytesFieldNumber,
      Fields::kSuccessfulPacketsFieldNumber,
  };
  const RowWriter::Open traffic = row.BeginMessage(message_field);
  // The last one is only in version 1.
  const size_t delivered = version1 ? kTrafficCounters : kTrafficCounters - 1;
  for (size_t i = 0; i < delivered; ++i) row.Uint(kFields[i], before_restart_[i] + last_[i]);
  row.EndMessage(traffic);
}

// --- DoS protection -----------------------------------------------------------------------------

bool IsInUse(const IpsecDospStatistics& statistics) {
  constexpr IpsecDospStatistics kNothing = {};
  return std::memcmp(&statistics, &kNothing, sizeof(statistics)) != 0;
}

void WriteIpsecDosProtection(const IpsecDospStatistics& statistics, RowWriter& row) {
  using Fields = v1::IpsecDosProtection;
  const IpsecDospStatistics& s = statistics;
  const RowWriter::Open message = row.BeginMessage(Totals::kDosProtectionFieldNumber);
  row.Uint(Fields::kStateEntriesCreatedFieldNumber, s.total_state_entries_created);
  row.Uint(Fields::kCurrentStateEntriesFieldNumber, s.current_state_entries);
  row.Uint(Fields::kIpsecUnauthenticatedAllowedPacketsFieldNumber,
           s.total_inbound_allowed_ipv6_ipsec_unauth_pkts);
  row.Uint(Fields::kIpsecUnauthenticatedRateLimitedPacketsFieldNumber,
           s.total_inbound_ratelimit_discarded_ipv6_ipsec_unauth_pkts);
  row.Uint(Fields::kIpsecUnauthenticatedPerAddressRateLimitedPacketsFieldNumber,
           s.total_inbound_per_ip_ratelimit_discarded_ipv6_ipsec_unauth_pkts);
  row.Uint(Fields::kIpsecUnauthenticatedOtherDiscardedPacketsFieldNumber,
           s.total_inbound_other_discarded_ipv6_ipsec_unauth_pkts);
  row.Uint(Fields::kIpsecAuthenticatedAllowedPacketsFieldNumber,
           s.total_inbound_allowed_ipv6_ipsec_auth_pkts);
  row.Uint(Fields::kIpsecAuthenticatedRateLimitedPacketsFieldNumber,
           s.total_inbound_ratelimit_discarded_ipv6_ipsec_auth_pkts);
  row.Uint(Fields::kIpsecAuthenticatedOtherDiscardedPacketsFieldNumber,
           s.total_inbound_other_discarded_ipv6_ipsec_auth_pkts);
  row.Uint(Fields::kIcmpv6AllowedPacketsFieldNumber, s.total_inbound_allowed_icmpv6_pkts);
  row.Uint(Fields::kIcmpv6RateLimitedPacketsFieldNumber,
           s.total_inbound_ratelimit_discarded_icmpv6_pkts);
  row.Uint(Fields::kFilterExemptAllowedPacketsFieldNumber,
           s.total_inbound_allowed_ipv6_filter_exempt_pkts);
  row.Uint(Fields::kFilterExemptRateLimitedPacketsFieldNumber,
           s.total_inbound_ratelimit_discarded_ipv6_filter_exempt_pkts);
  row.Uint(Fields::kFilterBlockDiscardedPacketsFieldNumber,
           s.total_inbound_discarded_ipv6_filter_block_pkts);
  row.Uint(Fields::kDefaultBlockExemptAllowedPacketsFieldNumber,
           s.total_inbound_allowed_def_block_exempt_pkts);
  row.Uint(Fields::kDefaultBlockExemptRateLimitedPacketsFieldNumber,
           s.total_inbound_ratelimit_discarded_def_block_exempt_pkts);
  row.Uint(Fields::kDefaultBlockDiscardedPacketsFieldNumber,
           s.total_inbound_discarded_def_block_pkts);
  row.Uint(Fields::kCurrentPerAddressRateLimitQueuesFieldNumber,
           s.current_inbound_ipv6_ipsec_unauth_per_ip_rate_limit_queues);
  row.EndMessage(message);
}

}  // namespace farstat::sources::windows
