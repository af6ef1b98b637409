// The layout of the mirrors of fwpmtypes.h and ipsectypes.h, checked; see abi_check.h.

#include "agent/sources/windows/abi_check.h"
#include "agent/sources/windows/abi_ipsec.h"

namespace farstat::sources::windows {
namespace {

struct FwpmSessionLayout {
  using Mirror = FwpmSession;
  FARSTAT_NATIVE(FWPM_SESSION0);
  FARSTAT_SIZE(72);
  FARSTAT_AT(session_key, sessionKey, 0);
  FARSTAT_AT_UNCHECKED(display_name, 16);         // displayData.name
  FARSTAT_AT_UNCHECKED(display_description, 24);  // displayData.description
  FARSTAT_AT(flags, flags, 32);
  FARSTAT_AT(txn_wait_timeout_in_msec, txnWaitTimeoutInMSec, 36);
  FARSTAT_AT(process_id, processId, 40);
  FARSTAT_AT(sid, sid, 48);
  FARSTAT_AT(username, username, 56);
  FARSTAT_AT(kernel_mode, kernelMode, 64);
};

struct IpsecAggregateSaStatisticsLayout {
  using Mirror = IpsecAggregateSaStatistics;
  FARSTAT_NATIVE(IPSEC_AGGREGATE_SA_STATISTICS0);
  FARSTAT_SIZE(28);
  FARSTAT_AT(active_sas, activeSas, 0);
  FARSTAT_AT(pending_sa_negotiations, pendingSaNegotiations, 4);
  FARSTAT_AT(total_sas_added, totalSasAdded, 8);
  FARSTAT_AT(total_sas_deleted, totalSasDeleted, 12);
  FARSTAT_AT(successful_rekeys, successfulRekeys, 16);
  FARSTAT_AT(active_tunnels, activeTunnels, 20);
  FARSTAT_AT(offloaded_sas, offloadedSas, 24);
};

struct IpsecEspDropStatisticsLayout {
  using Mirror = IpsecEspDropStatistics;
  FARSTAT_NATIVE(IPSEC_ESP_DROP_PACKET_STATISTICS0);
  FARSTAT_SIZE(20);
  FARSTAT_AT(invalid_spis_on_inbound, invalidSpisOnInbound, 0);
  FARSTAT_AT(decryption_failures_on_inbound, decryptionFailuresOnInbound, 4);
  FARSTAT_AT(authentication_failures_on_inbound, authenticationFailuresOnInbound, 8);
  FARSTAT_AT(replay_check_failures_on_inbound, replayCheckFailuresOnInbound, 12);
  FARSTAT_AT(sa_not_initialized_on_inbound, saNotInitializedOnInbound, 16);
};

struct IpsecAhDropStatisticsLayout {
  using Mirror = IpsecAhDropStatistics;
  FARSTAT_NATIVE(IPSEC_AH_DROP_PACKET_STATISTICS0);
  FARSTAT_SIZE(16);
  FARSTAT_AT(invalid_spis_on_inbound, invalidSpisOnInbound, 0);
  FARSTAT_AT(authentication_failures_on_inbound, authenticationFailuresOnInbound, 4);
  FARSTAT_AT(replay_check_failures_on_inbound, replayCheckFailuresOnInbound, 8);
  FARSTAT_AT(sa_not_initialized_on_inbound, saNotInitializedOnInbound, 12);
};

struct IpsecAggregateDropStatistics0Layout {
  using Mirror = IpsecAggregateDropStatistics0;
  FARSTAT_NATIVE(IPSEC_AGGREGATE_DROP_PACKET_STATISTICS0);
  FARSTAT_SIZE(36);
  FARSTAT_AT(invalid_spis_on_inbound, invalidSpisOnInbound, 0);
  FARSTAT_AT(decryption_failures_on_inbound, decryptionFailuresOnInbound, 4);
  FARSTAT_AT(authentication_failures_on_inbound, authenticationFailuresOnInbound, 8);
  FARSTAT_AT(udp_esp_validation_failures_on_inbound, udpEspValidationFailuresOnInbound, 12);
  FARSTAT_AT(replay_check_failures_on_inbound, replayCheckFailuresOnInbound, 16);
  FARSTAT_AT(invalid_clear_text_inbound, invalidClearTextInbound, 20);
  FARSTAT_AT(sa_not_initialized_on_inbound, saNotInitializedOnInbound, 24);
  FARSTAT_AT(receive_over_incorrect_sa_inbound, receiveOverIncorrectSaInbound, 28);
  FARSTAT_AT(secure_receives_not_matching_filters, secureReceivesNotMatchingFilters, 32);
};

struct IpsecAggregateDropStatistics1Layout {
  using Mirror = IpsecAggregateDropStatistics1;
  FARSTAT_NATIVE(IPSEC_AGGREGATE_DROP_PACKET_STATISTICS1);
  FARSTAT_SIZE(40);
  FARSTAT_AT(invalid_spis_on_inbound, invalidSpisOnInbound, 0);
  FARSTAT_AT(decryption_failures_on_inbound, decryptionFailuresOnInbound, 4);
  FARSTAT_AT(authentication_failures_on_inbound, authenticationFailuresOnInbound, 8);
  FARSTAT_AT(udp_esp_validation_failures_on_inbound, udpEspValidationFailuresOnInbound, 12);
  FARSTAT_AT(replay_check_failures_on_inbound, replayCheckFailuresOnInbound, 16);
  FARSTAT_AT(invalid_clear_text_inbound, invalidClearTextInbound, 20);
  FARSTAT_AT(sa_not_initialized_on_inbound, saNotInitializedOnInbound, 24);
  FARSTAT_AT(receive_over_incorrect_sa_inbound, receiveOverIncorrectSaInbound, 28);
  FARSTAT_AT(secure_receives_not_matching_filters, secureReceivesNotMatchingFilters, 32);
  FARSTAT_AT(total_drop_packets_inbound, totalDropPacketsInbound, 36);
};

struct IpsecTrafficStatistics0Layout {
  using Mirror = IpsecTrafficStatistics0;
  FARSTAT_NATIVE(IPSEC_TRAFFIC_STATISTICS0);
  FARSTAT_SIZE(48);
  FARSTAT_AT(encrypted_byte_count, encryptedByteCount, 0);
  FARSTAT_AT(authenticated_ah_byte_count, authenticatedAHByteCount, 8);
  FARSTAT_AT(authenticated_esp_byte_count, authenticatedESPByteCount, 16);
  FARSTAT_AT(transport_byte_count, transportByteCount, 24);
  FARSTAT_AT(tunnel_byte_count, tunnelByteCount, 32);
  FARSTAT_AT(offload_byte_count, offloadByteCount, 40);
};

struct IpsecTrafficStatistics1Layout {
  using Mirror = IpsecTrafficStatistics1;
  FARSTAT_NATIVE(IPSEC_TRAFFIC_STATISTICS1);
  FARSTAT_SIZE(56);
  FARSTAT_AT(encrypted_byte_count, encryptedByteCount, 0);
  FARSTAT_AT(authenticated_ah_byte_count, authenticatedAHByteCount, 8);
  FARSTAT_AT(authenticated_esp_byte_count, authenticatedESPByteCount, 16);
  FARSTAT_AT(transport_byte_count, transportByteCount, 24);
  FARSTAT_AT(tunnel_byte_count, tunnelByteCount, 32);
  FARSTAT_AT(offload_byte_count, offloadByteCount, 40);
  FARSTAT_AT(total_successful_packets, totalSuccessfulPackets, 48);
};

struct IpsecStatistics0Layout {
  using Mirror = IpsecStatistics0;
  FARSTAT_NATIVE(IPSEC_STATISTICS0);
  FARSTAT_SIZE(200);
  FARSTAT_AT(aggregate_sa_statistics, aggregateSaStatistics, 0);
  FARSTAT_AT(esp_drop_packet_statistics, espDropPacketStatistics, 28);
  FARSTAT_AT(ah_drop_packet_statistics, ahDropPacketStatistics, 48);
  FARSTAT_AT(aggregate_drop_packet_statistics, aggregateDropPacketStatistics, 64);
  FARSTAT_AT(inbound_traffic_statistics, inboundTrafficStatistics, 104);
  FARSTAT_AT(outbound_traffic_statistics, outboundTrafficStatistics, 152);
};

struct IpsecStatistics1Layout {
  using Mirror = IpsecStatistics1;
  FARSTAT_NATIVE(IPSEC_STATISTICS1);
  FARSTAT_SIZE(216);
  FARSTAT_AT(aggregate_sa_statistics, aggregateSaStatistics, 0);
  FARSTAT_AT(esp_drop_packet_statistics, espDropPacketStatistics, 28);
  FARSTAT_AT(ah_drop_packet_statistics, ahDropPacketStatistics, 48);
  FARSTAT_AT(aggregate_drop_packet_statistics, aggregateDropPacketStatistics, 64);
  FARSTAT_AT(inbound_traffic_statistics, inboundTrafficStatistics, 104);
  FARSTAT_AT(outbound_traffic_statistics, outboundTrafficStatistics, 160);
};

struct IpsecDospStatisticsLayout {
  using Mirror = IpsecDospStatistics;
  FARSTAT_NATIVE(IPSEC_DOSP_STATISTICS0);
  FARSTAT_SIZE(144);
  FARSTAT_AT(total_state_entries_created, totalStateEntriesCreated, 0);
  FARSTAT_AT(current_state_entries, currentStateEntries, 8);
  FARSTAT_AT(total_inbound_allowed_ipv6_ipsec_unauth_pkts, totalInboundAllowedIPv6IPsecUnauthPkts,
             16);
  FARSTAT_AT(total_inbound_ratelimit_discarded_ipv6_ipsec_unauth_pkts,
             totalInboundRatelimitDiscardedIPv6IPsecUnauthPkts, 24);
  FARSTAT_AT(total_inbound_per_ip_ratelimit_discarded_ipv6_ipsec_unauth_pkts,
             totalInboundPerIPRatelimitDiscardedIPv6IPsecUnauthPkts, 32);
  FARSTAT_AT(total_inbound_other_discarded_ipv6_ipsec_unauth_pkts,
             totalInboundOtherDiscardedIPv6IPsecUnauthPkts, 40);
  FARSTAT_AT(total_inbound_allowed_ipv6_ipsec_auth_pkts, totalInboundAllowedIPv6IPsecAuthPkts, 48);
  FARSTAT_AT(total_inbound_ratelimit_discarded_ipv6_ipsec_auth_pkts,
             totalInboundRatelimitDiscardedIPv6IPsecAuthPkts, 56);
  FARSTAT_AT(total_inbound_other_discarded_ipv6_ipsec_auth_pkts,
             totalInboundOtherDiscardedIPv6IPsecAuthPkts, 64);
  FARSTAT_AT(total_inbound_allowed_icmpv6_pkts, totalInboundAllowedICMPv6Pkts, 72);
  FARSTAT_AT(total_inbound_ratelimit_discarded_icmpv6_pkts,
             totalInboundRatelimitDiscardedICMPv6Pkts, 80);
  FARSTAT_AT(total_inbound_allowed_ipv6_filter_exempt_pkts, totalInboundAllowedIPv6FilterExemptPkts,
             88);
  FARSTAT_AT(total_inbound_ratelimit_discarded_ipv6_filter_exempt_pkts,
             totalInboundRatelimitDiscardedIPv6FilterExemptPkts, 96);
  FARSTAT_AT(total_inbound_discarded_ipv6_filter_block_pkts,
             totalInboundDiscardedIPv6FilterBlockPkts, 104);
  FARSTAT_AT(total_inbound_allowed_def_block_exempt_pkts, totalInboundAllowedDefBlockExemptPkts,
             112);
  FARSTAT_AT(total_inbound_ratelimit_discarded_def_block_exempt_pkts,
             totalInboundRatelimitDiscardedDefBlockExemptPkts, 120);
  FARSTAT_AT(total_inbound_discarded_def_block_pkts, totalInboundDiscardedDefBlockPkts, 128);
  FARSTAT_AT(current_inbound_ipv6_ipsec_unauth_per_ip_rate_limit_queues,
             currentInboundIPv6IPsecUnauthPerIPRateLimitQueues, 136);
};

struct IpsecTrafficLayout {
  using Mirror = IpsecTraffic;
  FARSTAT_NATIVE(IPSEC_TRAFFIC1);
  FARSTAT_SIZE(72);
  FARSTAT_AT(ip_version, ipVersion, 0);
  FARSTAT_AT(local_v4_address, localV4Address, 4);
  FARSTAT_AT(local_v6_address, localV6Address, 4);
  FARSTAT_AT(remote_v4_address, remoteV4Address, 20);
  FARSTAT_AT(remote_v6_address, remoteV6Address, 20);
  FARSTAT_AT(traffic_type, trafficType, 36);
  FARSTAT_AT(ipsec_filter_id, ipsecFilterId, 40);
  FARSTAT_AT(tunnel_policy_id, tunnelPolicyId, 40);
  FARSTAT_AT(remote_port, remotePort, 48);
  FARSTAT_AT(local_port, localPort, 50);
  FARSTAT_AT(ip_protocol, ipProtocol, 52);
  FARSTAT_AT(local_if_luid, localIfLuid, 56);
  FARSTAT_AT(real_if_profile_id, realIfProfileId, 64);
};

struct IpsecSaLifetimeLayout {
  using Mirror = IpsecSaLifetime;
  FARSTAT_NATIVE(IPSEC_SA_LIFETIME0);
  FARSTAT_SIZE(12);
  FARSTAT_AT(lifetime_seconds, lifetimeSeconds, 0);
  FARSTAT_AT(lifetime_kilobytes, lifetimeKilobytes, 4);
  FARSTAT_AT(lifetime_packets, lifetimePackets, 8);
};

struct IpsecSaLayout {
  using Mirror = IpsecSa;
  FARSTAT_NATIVE(IPSEC_SA0);
  FARSTAT_SIZE(16);
  FARSTAT_AT(spi, spi, 0);
  FARSTAT_AT(sa_transform_type, saTransformType, 4);
  FARSTAT_AT(information, ahInformation, 8);
};

struct IpsecSaBundleLayout {
  using Mirror = IpsecSaBundle;
  FARSTAT_NATIVE(IPSEC_SA_BUNDLE1);
  FARSTAT_SIZE(112);
  FARSTAT_AT(flags, flags, 0);
  FARSTAT_AT(lifetime, lifetime, 4);
  FARSTAT_AT(idle_timeout_seconds, idleTimeoutSeconds, 16);
  FARSTAT_AT(nd_allow_clear_timeout_seconds, ndAllowClearTimeoutSeconds, 20);
  FARSTAT_AT(ipsec_id, ipsecId, 24);
  FARSTAT_AT(nap_context, napContext, 32);
  FARSTAT_AT(qm_sa_id, qmSaId, 36);
  FARSTAT_AT(num_sas, numSAs, 40);
  FARSTAT_AT(sa_list, saList, 48);
  FARSTAT_AT(key_module_state, keyModuleState, 56);
  FARSTAT_AT(ip_version, ipVersion, 64);
  FARSTAT_AT(peer_v4_private_address, peerV4PrivateAddress, 68);
  FARSTAT_AT(mm_sa_id, mmSaId, 72);
  FARSTAT_AT(pfs_group, pfsGroup, 80);
  FARSTAT_AT(sa_lookup_context, saLookupContext, 84);
  FARSTAT_AT(qm_filter_id, qmFilterId, 104);
};

struct IpsecUdpEncapsulationLayout {
  using Mirror = IpsecUdpEncapsulation;
  FARSTAT_NATIVE(IPSEC_V4_UDP_ENCAPSULATION0);
  FARSTAT_SIZE(4);
  FARSTAT_AT(local_udp_encap_port, localUdpEncapPort, 0);
  FARSTAT_AT(remote_udp_encap_port, remoteUdpEncapPort, 2);
};

struct IpsecVirtualIfTunnelInfoLayout {
  using Mirror = IpsecVirtualIfTunnelInfo;
  FARSTAT_NATIVE(IPSEC_VIRTUAL_IF_TUNNEL_INFO0);
  FARSTAT_SIZE(16);
  FARSTAT_AT(virtual_if_tunnel_id, virtualIfTunnelId, 0);
  FARSTAT_AT(traffic_selector_id, trafficSelectorId, 8);
};

struct IpsecSaDetailsLayout {
  using Mirror = IpsecSaDetails;
  FARSTAT_NATIVE(IPSEC_SA_DETAILS1);
  FARSTAT_SIZE_UNCHECKED(224);
  FARSTAT_AT(ip_version, ipVersion, 0);
  FARSTAT_AT(sa_direction, saDirection, 4);
  FARSTAT_AT(traffic, traffic, 8);
  FARSTAT_AT(sa_bundle, saBundle, 80);
  FARSTAT_AT(udp_encapsulation, udpEncapsulation, 192);
  FARSTAT_AT(transport_filter, transportFilter, 200);
  FARSTAT_AT_UNCHECKED(virtual_if_tunnel_info, 208);
};

struct IpsecSaContextLayout {
  using Mirror = IpsecSaContext;
  FARSTAT_NATIVE(IPSEC_SA_CONTEXT1);
  FARSTAT_SIZE(24);
  FARSTAT_AT(sa_context_id, saContextId, 0);
  FARSTAT_AT(inbound_sa, inboundSa, 8);
  FARSTAT_AT(outbound_sa, outboundSa, 16);
};

}  // namespace
}  // namespace farstat::sources::windows
