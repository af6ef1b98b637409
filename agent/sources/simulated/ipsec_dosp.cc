#include "agent/sources/simulated/ipsec_dosp.h"

#include "agent/sources/simulated/ipsec_rate.h"

namespace farstat::sources::simulated {
namespace {

using windows::IpsecDospStatistics;

constexpr absl::Duration kMachineStart = -absl::Hours(24);
constexpr absl::Duration kEntryLifetime = absl::Minutes(1);
constexpr absl::Duration kQueueLifetime = absl::Seconds(5);
constexpr double kSwing = 0.8;
constexpr absl::Duration kPeriod = absl::Minutes(5);

// What becomes of the packets that arrive. The shares add up to 1.
struct Fate {
  uint64_t IpsecDospStatistics::*counter;
  double share;
};
constexpr Fate kFates[] = {
    {&IpsecDospStatistics::total_inbound_allowed_ipv6_ipsec_unauth_pkts, 0.06},
    {&IpsecDospStatistics::total_inbound_ratelimit_discarded_ipv6_ipsec_unauth_pkts, 0.01},
    {&IpsecDospStatistics::total_inbound_per_ip_ratelimit_discarded_ipv6_ipsec_unauth_pkts, 0.005},
    {&IpsecDospStatistics::total_inbound_other_discarded_ipv6_ipsec_unauth_pkts, 0.005},
    {&IpsecDospStatistics::total_inbound_allowed_ipv6_ipsec_auth_pkts, 0.75},
    {&IpsecDospStatistics::total_inbound_ratelimit_discarded_ipv6_ipsec_auth_pkts, 0.01},
    {&IpsecDospStatistics::total_inbound_other_discarded_ipv6_ipsec_auth_pkts, 0.01},
    {&IpsecDospStatistics::total_inbound_allowed_icmpv6_pkts, 0.05},
    {&IpsecDospStatistics::total_inbound_ratelimit_discarded_icmpv6_pkts, 0.01},
    {&IpsecDospStatistics::total_inbound_allowed_ipv6_filter_exempt_pkts, 0.03},
    {&IpsecDospStatistics::total_inbound_ratelimit_discarded_ipv6_filter_exempt_pkts, 0.01},
    {&IpsecDospStatistics::total_inbound_discarded_ipv6_filter_block_pkts, 0.02},
    {&IpsecDospStatistics::total_inbound_allowed_def_block_exempt_pkts, 0.01},
    {&IpsecDospStatistics::total_inbound_ratelimit_discarded_def_block_exempt_pkts, 0.01},
    {&IpsecDospStatistics::total_inbound_discarded_def_block_pkts, 0.01},
};

}  // namespace

IpsecDospStatistics DospStatisticsAt(const DosProtection& protection, absl::Duration now) {
  IpsecDospStatistics statistics = {};
  if (protection.state() != DosProtection::STATE_ACTIVE) return statistics;
  for (const Fate& fate : kFates) {
    const IpsecRate rate(protection.packets_per_s() * fate.share, kSwing, kPeriod, fate.share);
    statistics.*fate.counter = rate.Between(kMachineStart, now);
  }
  const IpsecRate entries(protection.state_entries_per_s(), kSwing, kPeriod, 0);
  statistics.total_state_entries_created = entries.Between(kMachineStart, now);
  statistics.current_state_entries = entries.Between(now - kEntryLifetime, now);
  statistics.current_inbound_ipv6_ipsec_unauth_per_ip_rate_limit_queues =
      entries.Between(now - kQueueLifetime, now);
  return statistics;
}

}  // namespace farstat::sources::simulated
