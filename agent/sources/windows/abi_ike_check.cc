// The layout of the mirrors of iketypes.h, checked; see abi_check.h.

#include "agent/sources/windows/abi_check.h"
#include "agent/sources/windows/abi_ike.h"

namespace farstat::sources::windows {
namespace {

struct IkeIpVersionStatisticsLayout {
  using Mirror = IkeIpVersionStatistics;
  FARSTAT_NATIVE(IKEEXT_IP_VERSION_SPECIFIC_KEYMODULE_STATISTICS1);
  FARSTAT_SIZE(72);
  FARSTAT_AT(current_active_main_modes, currentActiveMainModes, 0);
  FARSTAT_AT(total_main_modes_started, totalMainModesStarted, 4);
  FARSTAT_AT(total_successful_main_modes, totalSuccessfulMainModes, 8);
  FARSTAT_AT(total_failed_main_modes, totalFailedMainModes, 12);
  FARSTAT_AT(total_responder_main_modes, totalResponderMainModes, 16);
  FARSTAT_AT(current_new_responder_main_modes, currentNewResponderMainModes, 20);
  FARSTAT_AT(current_active_quick_modes, currentActiveQuickModes, 24);
  FARSTAT_AT(total_quick_modes_started, totalQuickModesStarted, 28);
  FARSTAT_AT(total_successful_quick_modes, totalSuccessfulQuickModes, 32);
  FARSTAT_AT(total_failed_quick_modes, totalFailedQuickModes, 36);
  FARSTAT_AT(total_acquires, totalAcquires, 40);
  FARSTAT_AT(total_reinit_acquires, totalReinitAcquires, 44);
  FARSTAT_AT(current_active_extended_modes, currentActiveExtendedModes, 48);
  FARSTAT_AT(total_extended_modes_started, totalExtendedModesStarted, 52);
  FARSTAT_AT(total_successful_extended_modes, totalSuccessfulExtendedModes, 56);
  FARSTAT_AT(total_failed_extended_modes, totalFailedExtendedModes, 60);
  FARSTAT_AT(total_impersonation_extended_modes, totalImpersonationExtendedModes, 64);
  FARSTAT_AT(total_impersonation_main_modes, totalImpersonationMainModes, 68);
};
#ifdef _WIN32
static_assert(sizeof(IKEEXT_IP_VERSION_SPECIFIC_KEYMODULE_STATISTICS0) ==
              sizeof(IkeIpVersionStatistics));
#endif

struct IkeKeyModuleStatisticsLayout {
  using Mirror = IkeKeyModuleStatistics;
  FARSTAT_NATIVE(IKEEXT_KEYMODULE_STATISTICS1);
  FARSTAT_SIZE(544);
  FARSTAT_AT(v4_statistics, v4Statistics, 0);
  FARSTAT_AT(v6_statistics, v6Statistics, 72);
  FARSTAT_AT(error_frequency_table, errorFrequencyTable, 144);
  FARSTAT_AT(main_mode_negotiation_time, mainModeNegotiationTime, 532);
  FARSTAT_AT(quick_mode_negotiation_time, quickModeNegotiationTime, 536);
  FARSTAT_AT(extended_mode_negotiation_time, extendedModeNegotiationTime, 540);
};
#ifdef _WIN32
static_assert(sizeof(IKEEXT_KEYMODULE_STATISTICS0) == sizeof(IkeKeyModuleStatistics));
#endif

struct IkeIpVersionCommonStatisticsLayout {
  using Mirror = IkeIpVersionCommonStatistics;
  FARSTAT_NATIVE(IKEEXT_IP_VERSION_SPECIFIC_COMMON_STATISTICS1);
  FARSTAT_SIZE(8);
  FARSTAT_AT(total_socket_receive_failures, totalSocketReceiveFailures, 0);
  FARSTAT_AT(total_socket_send_failures, totalSocketSendFailures, 4);
};
#ifdef _WIN32
static_assert(sizeof(IKEEXT_IP_VERSION_SPECIFIC_COMMON_STATISTICS0) ==
              sizeof(IkeIpVersionCommonStatistics));
#endif

struct IkeCommonStatisticsLayout {
  using Mirror = IkeCommonStatistics;
  FARSTAT_NATIVE(IKEEXT_COMMON_STATISTICS1);
  FARSTAT_SIZE(28);
  FARSTAT_AT(v4_statistics, v4Statistics, 0);
  FARSTAT_AT(v6_statistics, v6Statistics, 8);
  FARSTAT_AT(total_packets_received, totalPacketsReceived, 16);
  FARSTAT_AT(total_invalid_packets_received, totalInvalidPacketsReceived, 20);
  FARSTAT_AT(current_queued_workitems, currentQueuedWorkitems, 24);
};
#ifdef _WIN32
static_assert(sizeof(IKEEXT_COMMON_STATISTICS0) == sizeof(IkeCommonStatistics));
#endif

struct IkeStatistics0Layout {
  using Mirror = IkeStatistics0;
  FARSTAT_NATIVE(IKEEXT_STATISTICS0);
  FARSTAT_SIZE(1116);
  FARSTAT_AT(ike_statistics, ikeStatistics, 0);
  FARSTAT_AT(authip_statistics, authipStatistics, 544);
  FARSTAT_AT(common_statistics, commonStatistics, 1088);
};

struct IkeStatistics1Layout {
  using Mirror = IkeStatistics1;
  FARSTAT_NATIVE(IKEEXT_STATISTICS1);
  FARSTAT_SIZE(1660);
  FARSTAT_AT(ike_statistics, ikeStatistics, 0);
  FARSTAT_AT(authip_statistics, authipStatistics, 544);
  FARSTAT_AT(ike_v2_statistics, ikeV2Statistics, 1088);
  FARSTAT_AT(common_statistics, commonStatistics, 1632);
};

struct IkeTrafficLayout {
  using Mirror = IkeTraffic;
  FARSTAT_NATIVE(IKEEXT_TRAFFIC0);
  FARSTAT_SIZE(48);
  FARSTAT_AT(ip_version, ipVersion, 0);
  FARSTAT_AT(local_v4_address, localV4Address, 4);
  FARSTAT_AT(local_v6_address, localV6Address, 4);
  FARSTAT_AT(remote_v4_address, remoteV4Address, 20);
  FARSTAT_AT(remote_v6_address, remoteV6Address, 20);
  FARSTAT_AT(auth_ip_filter_id, authIpFilterId, 40);
};

struct IkeCipherAlgorithmLayout {
  using Mirror = IkeCipherAlgorithm;
  FARSTAT_NATIVE(IKEEXT_CIPHER_ALGORITHM0);
  FARSTAT_SIZE(12);
  FARSTAT_AT(algo_identifier, algoIdentifier, 0);
  FARSTAT_AT(key_len, keyLen, 4);
  FARSTAT_AT(rounds, rounds, 8);
};

struct IkeIntegrityAlgorithmLayout {
  using Mirror = IkeIntegrityAlgorithm;
  FARSTAT_NATIVE(IKEEXT_INTEGRITY_ALGORITHM0);
  FARSTAT_SIZE(4);
  FARSTAT_AT(algo_identifier, algoIdentifier, 0);
};

struct IkeProposalLayout {
  using Mirror = IkeProposal;
  FARSTAT_NATIVE(IKEEXT_PROPOSAL0);
  FARSTAT_SIZE(28);
  FARSTAT_AT(cipher_algorithm, cipherAlgorithm, 0);
  FARSTAT_AT(integrity_algorithm, integrityAlgorithm, 12);
  FARSTAT_AT(max_lifetime_seconds, maxLifetimeSeconds, 16);
  FARSTAT_AT(dh_group, dhGroup, 20);
  FARSTAT_AT(quick_mode_limit, quickModeLimit, 24);
};

struct IkeCookiePairLayout {
  using Mirror = IkeCookiePair;
  FARSTAT_NATIVE(IKEEXT_COOKIE_PAIR0);
  FARSTAT_SIZE(16);
  FARSTAT_AT(initiator, initiator, 0);
  FARSTAT_AT(responder, responder, 8);
};

struct IkeCredentialLayout {
  using Mirror = IkeCredential;
  FARSTAT_NATIVE(IKEEXT_CREDENTIAL2);
  FARSTAT_SIZE(16);
  FARSTAT_AT(authentication_method_type, authenticationMethodType, 0);
  FARSTAT_AT(impersonation_type, impersonationType, 4);
  FARSTAT_AT(credential, presharedKey, 8);
};
#ifdef _WIN32
static_assert(sizeof(IKEEXT_CREDENTIAL1) == sizeof(IkeCredential));
#endif

struct IkeCredentialPairLayout {
  using Mirror = IkeCredentialPair;
  FARSTAT_NATIVE(IKEEXT_CREDENTIAL_PAIR2);
  FARSTAT_SIZE(32);
  FARSTAT_AT(local_credentials, localCredentials, 0);
  FARSTAT_AT(peer_credentials, peerCredentials, 16);
};
#ifdef _WIN32
static_assert(sizeof(IKEEXT_CREDENTIAL_PAIR1) == sizeof(IkeCredentialPair));
#endif

struct IkeCredentialsLayout {
  using Mirror = IkeCredentials;
  FARSTAT_NATIVE(IKEEXT_CREDENTIALS2);
  FARSTAT_SIZE(16);
  FARSTAT_AT(num_credentials, numCredentials, 0);
  FARSTAT_AT(credentials, credentials, 8);
};
#ifdef _WIN32
static_assert(sizeof(IKEEXT_CREDENTIALS1) == sizeof(IkeCredentials));
#endif

struct IkeSaDetailsLayout {
  using Mirror = IkeSaDetails;
  FARSTAT_NATIVE(IKEEXT_SA_DETAILS1);
  FARSTAT_SIZE(176);
  FARSTAT_AT(sa_id, saId, 0);
  FARSTAT_AT(key_module_type, keyModuleType, 8);
  FARSTAT_AT(ip_version, ipVersion, 12);
  FARSTAT_AT(v4_udp_encapsulation, v4UdpEncapsulation, 16);
  FARSTAT_AT(ike_traffic, ikeTraffic, 24);
  FARSTAT_AT(ike_proposal, ikeProposal, 72);
  FARSTAT_AT(cookie_pair, cookiePair, 104);
  FARSTAT_AT(ike_credentials, ikeCredentials, 120);
  FARSTAT_AT(ike_policy_key, ikePolicyKey, 136);
  FARSTAT_AT(virtual_if_tunnel_id, virtualIfTunnelId, 152);
  FARSTAT_AT(correlation_key, correlationKey, 160);
};
#ifdef _WIN32
static_assert(sizeof(IKEEXT_SA_DETAILS2) == sizeof(IkeSaDetails));
#endif

static_assert(sizeof(IkeStatisticsBuffer) == 4096);
static_assert(sizeof(SecretBlob) == 16);
#ifdef _WIN32
static_assert(IKEEXT_ERROR_CODE_COUNT == kIkeErrorCodeCount);
static_assert(sizeof(FWP_BYTE_BLOB) == sizeof(SecretBlob));
#endif

}  // namespace
}  // namespace farstat::sources::windows
