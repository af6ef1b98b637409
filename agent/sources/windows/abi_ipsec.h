// Mirrors of what fwpmtypes.h and ipsectypes.h declare; abi.h says how they are written.
//
// IPv4 addresses are numbers in host order here, unlike in the TCP tables; IPv6 addresses are bytes
// in network order. What may lead to keys is an OpaquePointer.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_ABI_IPSEC_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_ABI_IPSEC_H_

#include <cstdint>

#include "agent/sources/windows/abi.h"

namespace farstat::sources::windows {

// RPC_C_AUTHN_WINNT, for FwpmEngineOpen0.
inline constexpr uint32_t kRpcAuthenticationWindows = 10;

// FWPM_SESSION0. It may stay away; with it administrators see who has the session.
struct FwpmSession {
  Guid session_key;                     // Zeros: Windows makes one.
  const char16_t* display_name;         // displayData.name
  const char16_t* display_description;  // displayData.description
  uint32_t flags;
  uint32_t txn_wait_timeout_in_msec;  // 0: 15 seconds.
  uint32_t process_id;
  OpaquePointer sid;
  OpaquePointer username;
  int32_t kernel_mode;
};

// IPSEC_AGGREGATE_SA_STATISTICS0
struct IpsecAggregateSaStatistics {
  uint32_t active_sas;
  uint32_t pending_sa_negotiations;
  uint32_t total_sas_added;
  uint32_t total_sas_deleted;
  uint32_t successful_rekeys;
  uint32_t active_tunnels;
  uint32_t offloaded_sas;
};

// IPSEC_ESP_DROP_PACKET_STATISTICS0
struct IpsecEspDropStatistics {
  uint32_t invalid_spis_on_inbound;
  uint32_t decryption_failures_on_inbound;
  uint32_t authentication_failures_on_inbound;
  uint32_t replay_check_failures_on_inbound;
  uint32_t sa_not_initialized_on_inbound;
};

// IPSEC_AH_DROP_PACKET_STATISTICS0
struct IpsecAhDropStatistics {
  uint32_t invalid_spis_on_inbound;
  uint32_t authentication_failures_on_inbound;
  uint32_t replay_check_failures_on_inbound;
  uint32_t sa_not_initialized_on_inbound;
};

// IPSEC_AGGREGATE_DROP_PACKET_STATISTICS0
struct IpsecAggregateDropStatistics0 {
  uint32_t invalid_spis_on_inbound;
  uint32_t decryption_failures_on_inbound;
  uint32_t authentication_failures_on_inbound;
  uint32_t udp_esp_validation_failures_on_inbound;
  uint32_t replay_check_failures_on_inbound;
  uint32_t invalid_clear_text_inbound;
  uint32_t sa_not_initialized_on_inbound;
  uint32_t receive_over_incorrect_sa_inbound;
  uint32_t secure_receives_not_matching_filters;
};

// IPSEC_AGGREGATE_DROP_PACKET_STATISTICS1
struct IpsecAggregateDropStatistics1 {
  uint32_t invalid_spis_on_inbound;
  uint32_t decryption_failures_on_inbound;
  uint32_t authentication_failures_on_inbound;
  uint32_t udp_esp_validation_failures_on_inbound;
  uint32_t replay_check_failures_on_inbound;
  uint32_t invalid_clear_text_inbound;
  uint32_t sa_not_initialized_on_inbound;
  uint32_t receive_over_incorrect_sa_inbound;
  uint32_t secure_receives_not_matching_filters;
  uint32_t total_drop_packets_inbound;
};

// IPSEC_TRAFFIC_STATISTICS0
struct IpsecTrafficStatistics0 {
  uint64_t encrypted_byte_count;
  uint64_t authenticated_ah_byte_count;
  uint64_t authenticated_esp_byte_count;
  uint64_t transport_byte_count;
  uint64_t tunnel_byte_count;
  uint64_t offload_byte_count;
};

// IPSEC_TRAFFIC_STATISTICS1
struct IpsecTrafficStatistics1 {
  uint64_t encrypted_byte_count;
  uint64_t authenticated_ah_byte_count;
  uint64_t authenticated_esp_byte_count;
  uint64_t transport_byte_count;
  uint64_t tunnel_byte_count;
  uint64_t offload_byte_count;
  uint64_t total_successful_packets;
};

// IPSEC_STATISTICS0
struct IpsecStatistics0 {
  IpsecAggregateSaStatistics aggregate_sa_statistics;
  IpsecEspDropStatistics esp_drop_packet_statistics;
  IpsecAhDropStatistics ah_drop_packet_statistics;
  IpsecAggregateDropStatistics0 aggregate_drop_packet_statistics;
  IpsecTrafficStatistics0 inbound_traffic_statistics;
  IpsecTrafficStatistics0 outbound_traffic_statistics;
};

// IPSEC_STATISTICS1 (Windows 7)
struct IpsecStatistics1 {
  IpsecAggregateSaStatistics aggregate_sa_statistics;
  IpsecEspDropStatistics esp_drop_packet_statistics;
  IpsecAhDropStatistics ah_drop_packet_statistics;
  IpsecAggregateDropStatistics1 aggregate_drop_packet_statistics;
  IpsecTrafficStatistics1 inbound_traffic_statistics;
  IpsecTrafficStatistics1 outbound_traffic_statistics;
};

// IPSEC_DOSP_STATISTICS0
struct IpsecDospStatistics {
  uint64_t total_state_entries_created;
  uint64_t current_state_entries;
  uint64_t total_inbound_allowed_ipv6_ipsec_unauth_pkts;
  uint64_t total_inbound_ratelimit_discarded_ipv6_ipsec_unauth_pkts;
  uint64_t total_inbound_per_ip_ratelimit_discarded_ipv6_ipsec_unauth_pkts;
  uint64_t total_inbound_other_discarded_ipv6_ipsec_unauth_pkts;
  uint64_t total_inbound_allowed_ipv6_ipsec_auth_pkts;
  uint64_t total_inbound_ratelimit_discarded_ipv6_ipsec_auth_pkts;
  uint64_t total_inbound_other_discarded_ipv6_ipsec_auth_pkts;
  uint64_t total_inbound_allowed_icmpv6_pkts;
  uint64_t total_inbound_ratelimit_discarded_icmpv6_pkts;
  uint64_t total_inbound_allowed_ipv6_filter_exempt_pkts;
  uint64_t total_inbound_ratelimit_discarded_ipv6_filter_exempt_pkts;
  uint64_t total_inbound_discarded_ipv6_filter_block_pkts;
  uint64_t total_inbound_allowed_def_block_exempt_pkts;
  uint64_t total_inbound_ratelimit_discarded_def_block_exempt_pkts;
  uint64_t total_inbound_discarded_def_block_pkts;
  uint64_t current_inbound_ipv6_ipsec_unauth_per_ip_rate_limit_queues;
};

// FWP_DIRECTION
enum IpsecSaDirection : uint32_t { kIpsecSaOutbound = 0, kIpsecSaInbound = 1 };

// IPSEC_TRAFFIC1. In tunnel mode the addresses are those of the tunnel's ends, and ports and
// protocol mean nothing.
struct IpsecTraffic {
  uint32_t ip_version;  // IpVersion
  union {
    uint32_t local_v4_address;
    uint8_t local_v6_address[16];
  };
  union {
    uint32_t remote_v4_address;
    uint8_t remote_v6_address[16];
  };
  uint32_t traffic_type;  // IpsecTrafficType, chooses the next member.
  union {
    uint64_t ipsec_filter_id;
    uint64_t tunnel_policy_id;
  };
  uint16_t remote_port;
  uint16_t local_port;
  uint8_t ip_protocol;
  uint64_t local_if_luid;
  uint32_t real_if_profile_id;
};

// IPSEC_TRAFFIC_TYPE
enum IpsecTrafficType : uint32_t { kIpsecTransport = 0, kIpsecTunnel = 1 };

// IPSEC_SA_LIFETIME0. 0: no such limit.
struct IpsecSaLifetime {
  uint32_t lifetime_seconds;
  uint32_t lifetime_kilobytes;
  uint32_t lifetime_packets;
};

// IPSEC_SA0. Windows has a union of five pointers here, which all lead to keys.
struct IpsecSa {
  uint32_t spi;
  uint32_t sa_transform_type;  // IpsecTransform
  OpaquePointer information;
};

// IPSEC_TRANSFORM_TYPE
enum IpsecTransform : uint32_t {
  kIpsecTransformAh = 1,
  kIpsecTransformEspAuth = 2,
  kIpsecTransformEspCipher = 3,
  kIpsecTransformEspAuthAndCipher = 4,
  kIpsecTransformEspAuthFirewall = 5,
};

// IPSEC_SA_BUNDLE1
struct IpsecSaBundle {
  uint32_t flags;
  IpsecSaLifetime lifetime;
  uint32_t idle_timeout_seconds;
  uint32_t nd_allow_clear_timeout_seconds;
  OpaquePointer ipsec_id;
  uint32_t nap_context;
  uint32_t qm_sa_id;
  uint32_t num_sas;
  const IpsecSa* sa_list;
  OpaquePointer key_module_state;
  uint32_t ip_version;               // IpVersion
  uint32_t peer_v4_private_address;  // Only IPv4; 0: none.
  uint64_t mm_sa_id;
  uint32_t pfs_group;  // IpsecPfs
  Guid sa_lookup_context;
  uint64_t qm_filter_id;
};

// IPSEC_SA_BUNDLE_FLAG_SA_OFFLOADED
inline constexpr uint32_t kIpsecBundleSaOffloaded = 0x200000;

// IPSEC_PFS_GROUP
enum IpsecPfs : uint32_t {
  kIpsecPfsNone = 0,
  kIpsecPfs1 = 1,
  kIpsecPfs2 = 2,
  kIpsecPfs14 = 3,
  kIpsecPfsEcp256 = 4,
  kIpsecPfsEcp384 = 5,
  kIpsecPfsMainMode = 6,
  kIpsecPfs24 = 7,
};

// IPSEC_V4_UDP_ENCAPSULATION0
struct IpsecUdpEncapsulation {
  uint16_t local_udp_encap_port;
  uint16_t remote_udp_encap_port;
};

// IPSEC_VIRTUAL_IF_TUNNEL_INFO0
struct IpsecVirtualIfTunnelInfo {
  uint64_t virtual_if_tunnel_id;
  uint64_t traffic_selector_id;
};

// IPSEC_SA_DETAILS1
struct IpsecSaDetails {
  uint32_t ip_version;    // IpVersion
  uint32_t sa_direction;  // IpsecSaDirection
  IpsecTraffic traffic;
  IpsecSaBundle sa_bundle;
  const IpsecUdpEncapsulation* udp_encapsulation;  // Null: none. Only IPv4.
  OpaquePointer transport_filter;
  IpsecVirtualIfTunnelInfo virtual_if_tunnel_info;
};

// IPSEC_SA_CONTEXT1
struct IpsecSaContext {
  uint64_t sa_context_id;
  const IpsecSaDetails* inbound_sa;
  const IpsecSaDetails* outbound_sa;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_ABI_IPSEC_H_
