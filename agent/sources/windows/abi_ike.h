// Mirrors of what iketypes.h declares; abi.h says how they are written.
//
// IPv4 addresses are numbers in host order, IPv6 addresses bytes in network order. Keys,
// certificates and names of peers are behind OpaquePointers.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_ABI_IKE_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_ABI_IKE_H_

#include <cstdint>

#include "agent/sources/windows/abi.h"
#include "agent/sources/windows/abi_ipsec.h"

namespace farstat::sources::windows {

// IKEEXT_ERROR_CODE_COUNT. Microsoft's reference says 84, which was so in Windows Vista's headers;
// every SDK since Windows 7 has 97.
inline constexpr int kIkeErrorCodeCount = 97;

// IKEEXT_IP_VERSION_SPECIFIC_KEYMODULE_STATISTICS0 and …1, which are the same.
struct IkeIpVersionStatistics {
  uint32_t current_active_main_modes;
  uint32_t total_main_modes_started;
  uint32_t total_successful_main_modes;
  uint32_t total_failed_main_modes;
  uint32_t total_responder_main_modes;
  uint32_t current_new_responder_main_modes;
  uint32_t current_active_quick_modes;
  uint32_t total_quick_modes_started;
  uint32_t total_successful_quick_modes;
  uint32_t total_failed_quick_modes;
  uint32_t total_acquires;
  uint32_t total_reinit_acquires;
  uint32_t current_active_extended_modes;
  uint32_t total_extended_modes_started;
  uint32_t total_successful_extended_modes;
  uint32_t total_failed_extended_modes;
  uint32_t total_impersonation_extended_modes;
  uint32_t total_impersonation_main_modes;
};

// IKEEXT_KEYMODULE_STATISTICS0 and …1, which are the same. Times are in milliseconds.
struct IkeKeyModuleStatistics {
  IkeIpVersionStatistics v4_statistics;
  IkeIpVersionStatistics v6_statistics;
  uint32_t error_frequency_table[kIkeErrorCodeCount];
  uint32_t main_mode_negotiation_time;
  uint32_t quick_mode_negotiation_time;
  uint32_t extended_mode_negotiation_time;
};

// IKEEXT_IP_VERSION_SPECIFIC_COMMON_STATISTICS0 and …1, which are the same.
struct IkeIpVersionCommonStatistics {
  uint32_t total_socket_receive_failures;
  uint32_t total_socket_send_failures;
};

// IKEEXT_COMMON_STATISTICS0 and …1, which are the same.
struct IkeCommonStatistics {
  IkeIpVersionCommonStatistics v4_statistics;
  IkeIpVersionCommonStatistics v6_statistics;
  uint32_t total_packets_received;
  uint32_t total_invalid_packets_received;
  uint32_t current_queued_workitems;
};

// IKEEXT_STATISTICS0
struct IkeStatistics0 {
  IkeKeyModuleStatistics ike_statistics;
  IkeKeyModuleStatistics authip_statistics;
  IkeCommonStatistics common_statistics;
};

// IKEEXT_STATISTICS1 (Windows 7)
struct IkeStatistics1 {
  IkeKeyModuleStatistics ike_statistics;
  IkeKeyModuleStatistics authip_statistics;
  IkeKeyModuleStatistics ike_v2_statistics;
  IkeCommonStatistics common_statistics;
};

// The structures have no size member, so that Windows writes as much as its own build has. They are
// read into one of these, filled with zeros, so that a longer one does no harm.
union IkeStatisticsBuffer {
  IkeStatistics0 version0;
  IkeStatistics1 version1;
  uint64_t room[512];
};

// IKEEXT_KEY_MODULE_TYPE
enum IkeKeyModuleType : uint32_t {
  kIkeKeyModuleIke = 0,
  kIkeKeyModuleAuthIp = 1,
  kIkeKeyModuleIkev2 = 2,
};

// IKEEXT_TRAFFIC0
struct IkeTraffic {
  uint32_t ip_version;  // IpVersion
  union {
    uint32_t local_v4_address;
    uint8_t local_v6_address[16];
  };
  union {
    uint32_t remote_v4_address;
    uint8_t remote_v6_address[16];
  };
  uint64_t auth_ip_filter_id;
};

// IKEEXT_CIPHER_ALGORITHM0
struct IkeCipherAlgorithm {
  uint32_t algo_identifier;  // IkeCipherType
  uint32_t key_len;
  uint32_t rounds;
};

// IKEEXT_CIPHER_TYPE
enum IkeCipherType : uint32_t {
  kIkeCipherDes = 0,
  kIkeCipher3Des = 1,
  kIkeCipherAes128 = 2,
  kIkeCipherAes192 = 3,
  kIkeCipherAes256 = 4,
  kIkeCipherAesGcm128 = 5,
  kIkeCipherAesGcm256 = 6,
};

// IKEEXT_INTEGRITY_ALGORITHM0
struct IkeIntegrityAlgorithm {
  uint32_t algo_identifier;  // IkeIntegrityType
};

// IKEEXT_INTEGRITY_TYPE
enum IkeIntegrityType : uint32_t {
  kIkeIntegrityMd5 = 0,
  kIkeIntegritySha1 = 1,
  kIkeIntegritySha256 = 2,
  kIkeIntegritySha384 = 3,
};

// IKEEXT_PROPOSAL0
struct IkeProposal {
  IkeCipherAlgorithm cipher_algorithm;
  IkeIntegrityAlgorithm integrity_algorithm;
  uint32_t max_lifetime_seconds;
  uint32_t dh_group;  // IkeDhGroupType
  uint32_t quick_mode_limit;
};

// IKEEXT_DH_GROUP
enum IkeDhGroupType : uint32_t {
  kIkeDhNone = 0,
  kIkeDh1 = 1,
  kIkeDh2 = 2,
  kIkeDh14 = 3,
  kIkeDhEcp256 = 4,
  kIkeDhEcp384 = 5,
  kIkeDh24 = 6,
};

// IKEEXT_COOKIE_PAIR0
struct IkeCookiePair {
  uint64_t initiator;
  uint64_t responder;
};

// IKEEXT_CREDENTIAL1 and …2. Windows has a union of pointers to a pre-shared key, a certificate or
// a name here.
struct IkeCredential {
  uint32_t authentication_method_type;  // IkeAuthenticationMethodType
  uint32_t impersonation_type;          // IkeImpersonationType
  OpaquePointer credential;
};

// IKEEXT_AUTHENTICATION_METHOD_TYPE
enum IkeAuthenticationMethodType : uint32_t {
  kIkeMethodPresharedKey = 0,
  kIkeMethodCertificate = 1,
  kIkeMethodKerberos = 2,
  kIkeMethodAnonymous = 3,
  kIkeMethodSsl = 4,
  kIkeMethodNtlmV2 = 5,
  kIkeMethodIpv6Cga = 6,
  kIkeMethodCertificateEcdsaP256 = 7,
  kIkeMethodCertificateEcdsaP384 = 8,
  kIkeMethodSslEcdsaP256 = 9,
  kIkeMethodSslEcdsaP384 = 10,
  kIkeMethodEap = 11,
  kIkeMethodReserved = 12,
};

// IKEEXT_AUTHENTICATION_IMPERSONATION_TYPE
enum IkeImpersonationType : uint32_t {
  kIkeImpersonationNone = 0,
  kIkeImpersonationSocketPrincipal = 1,
};

// IKEEXT_CREDENTIAL_PAIR1 and …2
struct IkeCredentialPair {
  IkeCredential local_credentials;
  IkeCredential peer_credentials;
};

// IKEEXT_CREDENTIALS1 and …2
struct IkeCredentials {
  uint32_t num_credentials;
  const IkeCredentialPair* credentials;
};

// IKEEXT_SA_DETAILS1 and …2, which differ only behind the OpaquePointers.
struct IkeSaDetails {
  uint64_t sa_id;
  uint32_t key_module_type;                           // IkeKeyModuleType
  uint32_t ip_version;                                // IpVersion
  const IpsecUdpEncapsulation* v4_udp_encapsulation;  // Null: none. Only IPv4.
  IkeTraffic ike_traffic;
  IkeProposal ike_proposal;
  IkeCookiePair cookie_pair;
  IkeCredentials ike_credentials;
  Guid ike_policy_key;
  uint64_t virtual_if_tunnel_id;
  SecretBlob correlation_key;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_ABI_IKE_H_
