// The layout of the mirrors of ras.h, checked; see abi_check.h.

#include "agent/sources/windows/abi_check.h"
#include "agent/sources/windows/abi_ras.h"

namespace farstat::sources::windows {
namespace {

struct RasConnectionLayout {
  using Mirror = RasConnection;
  FARSTAT_NATIVE(RASCONNW);
  FARSTAT_SIZE_UNCHECKED(1388);
  FARSTAT_AT(size, dwSize, 0);
  FARSTAT_AT(handle, hrasconn, 4);
  FARSTAT_AT(entry_name, szEntryName, 12);
  FARSTAT_AT(device_type, szDeviceType, 526);
  FARSTAT_AT(device_name, szDeviceName, 560);
  FARSTAT_AT(phonebook, szPhonebook, 818);
  FARSTAT_AT(sub_entry, dwSubEntry, 1340);
  FARSTAT_AT(guid_entry, guidEntry, 1344);
  FARSTAT_AT(flags, dwFlags, 1360);
  FARSTAT_AT(luid, luid, 1364);
  FARSTAT_AT_UNCHECKED(guid_correlation_id, 1372);
};

struct RasTunnelEndpointLayout {
  using Mirror = RasTunnelEndpoint;
  FARSTAT_NATIVE(RASTUNNELENDPOINT);
  FARSTAT_SIZE(20);
  FARSTAT_AT(type, dwType, 0);
  FARSTAT_AT(ipv4, ipv4, 4);
  FARSTAT_AT(ipv6, ipv6, 4);
};

struct RasConnectionStatusLayout {
  using Mirror = RasConnectionStatus;
  FARSTAT_NATIVE(RASCONNSTATUSW);
  FARSTAT_SIZE_UNCHECKED(608);
  FARSTAT_AT(size, dwSize, 0);
  FARSTAT_AT(state, rasconnstate, 4);
  FARSTAT_AT(error, dwError, 8);
  FARSTAT_AT(device_type, szDeviceType, 12);
  FARSTAT_AT(device_name, szDeviceName, 46);
  FARSTAT_AT(phone_number, szPhoneNumber, 304);
  FARSTAT_AT_UNCHECKED(local_end_point, 564);
  FARSTAT_AT_UNCHECKED(remote_end_point, 584);
  FARSTAT_AT_UNCHECKED(sub_state, 604);
};

struct RasStatsLayout {
  using Mirror = RasStats;
  FARSTAT_NATIVE(RAS_STATS);
  FARSTAT_SIZE(60);
  FARSTAT_AT(size, dwSize, 0);
  FARSTAT_AT(bytes_xmited, dwBytesXmited, 4);
  FARSTAT_AT(bytes_rcved, dwBytesRcved, 8);
  FARSTAT_AT(frames_xmited, dwFramesXmited, 12);
  FARSTAT_AT(frames_rcved, dwFramesRcved, 16);
  FARSTAT_AT(crc_err, dwCrcErr, 20);
  FARSTAT_AT(timeout_err, dwTimeoutErr, 24);
  FARSTAT_AT(alignment_err, dwAlignmentErr, 28);
  FARSTAT_AT(hardware_overrun_err, dwHardwareOverrunErr, 32);
  FARSTAT_AT(framing_err, dwFramingErr, 36);
  FARSTAT_AT(buffer_overrun_err, dwBufferOverrunErr, 40);
  FARSTAT_AT(compression_ratio_in, dwCompressionRatioIn, 44);
  FARSTAT_AT(compression_ratio_out, dwCompressionRatioOut, 48);
  FARSTAT_AT(bps, dwBps, 52);
  FARSTAT_AT(connect_duration, dwConnectDuration, 56);
};

struct RasPppIpLayout {
  using Mirror = RasPppIp;
  FARSTAT_NATIVE(RASPPPIPW);
  FARSTAT_SIZE(80);
  FARSTAT_AT(size, dwSize, 0);
  FARSTAT_AT(error, dwError, 4);
  FARSTAT_AT(ip_address, szIpAddress, 8);
  FARSTAT_AT(server_ip_address, szServerIpAddress, 40);
  FARSTAT_AT(options, dwOptions, 72);
  FARSTAT_AT(server_options, dwServerOptions, 76);
};

struct RasPppIpv6Layout {
  using Mirror = RasPppIpv6;
  FARSTAT_NATIVE(RASPPPIPV6);
  FARSTAT_SIZE(28);
  FARSTAT_AT(size, dwSize, 0);
  FARSTAT_AT(error, dwError, 4);
  FARSTAT_AT(local_interface_identifier, bLocalInterfaceIdentifier, 8);
  FARSTAT_AT(peer_interface_identifier, bPeerInterfaceIdentifier, 16);
  FARSTAT_AT(local_compression_protocol, bLocalCompressionProtocol, 24);
  FARSTAT_AT(peer_compression_protocol, bPeerCompressionProtocol, 26);
};

struct RasPppLcpLayout {
  using Mirror = RasPppLcp;
  FARSTAT_NATIVE(RASPPPLCPW);
  FARSTAT_SIZE(2104);
  FARSTAT_AT(size, dwSize, 0);
  FARSTAT_AT(bundled, fBundled, 4);
  FARSTAT_AT(error, dwError, 8);
  FARSTAT_AT(authentication_protocol, dwAuthenticationProtocol, 12);
  FARSTAT_AT(authentication_data, dwAuthenticationData, 16);
  FARSTAT_AT(eap_type_id, dwEapTypeId, 20);
  FARSTAT_AT(server_authentication_protocol, dwServerAuthenticationProtocol, 24);
  FARSTAT_AT(server_authentication_data, dwServerAuthenticationData, 28);
  FARSTAT_AT(server_eap_type_id, dwServerEapTypeId, 32);
  FARSTAT_AT(multilink, fMultilink, 36);
  FARSTAT_AT(terminate_reason, dwTerminateReason, 40);
  FARSTAT_AT(server_terminate_reason, dwServerTerminateReason, 44);
  FARSTAT_AT(reply_message, szReplyMessage, 48);
  FARSTAT_AT(options, dwOptions, 2096);
  FARSTAT_AT(server_options, dwServerOptions, 2100);
};

struct RasPppCcpLayout {
  using Mirror = RasPppCcp;
  FARSTAT_NATIVE(RASPPPCCP);
  FARSTAT_SIZE(24);
  FARSTAT_AT(size, dwSize, 0);
  FARSTAT_AT(error, dwError, 4);
  FARSTAT_AT(compression_algorithm, dwCompressionAlgorithm, 8);
  FARSTAT_AT(options, dwOptions, 12);
  FARSTAT_AT(server_compression_algorithm, dwServerCompressionAlgorithm, 16);
  FARSTAT_AT(server_options, dwServerOptions, 20);
};

struct RasPppProjectionLayout {
  using Mirror = RasPppProjection;
  FARSTAT_SIZE_UNCHECKED(100);
  FARSTAT_AT_UNCHECKED(ipv4_negotiation_error, 0);
  FARSTAT_AT_UNCHECKED(ipv4_address, 4);
  FARSTAT_AT_UNCHECKED(ipv4_server_address, 8);
  FARSTAT_AT_UNCHECKED(ipv4_options, 12);
  FARSTAT_AT_UNCHECKED(ipv4_server_options, 16);
  FARSTAT_AT_UNCHECKED(ipv6_negotiation_error, 20);
  FARSTAT_AT_UNCHECKED(interface_identifier, 24);
  FARSTAT_AT_UNCHECKED(server_interface_identifier, 32);
  FARSTAT_AT_UNCHECKED(bundled, 40);
  FARSTAT_AT_UNCHECKED(multilink, 44);
  FARSTAT_AT_UNCHECKED(authentication_protocol, 48);
  FARSTAT_AT_UNCHECKED(authentication_data, 52);
  FARSTAT_AT_UNCHECKED(server_authentication_protocol, 56);
  FARSTAT_AT_UNCHECKED(server_authentication_data, 60);
  FARSTAT_AT_UNCHECKED(eap_type_id, 64);
  FARSTAT_AT_UNCHECKED(server_eap_type_id, 68);
  FARSTAT_AT_UNCHECKED(lcp_options, 72);
  FARSTAT_AT_UNCHECKED(lcp_server_options, 76);
  FARSTAT_AT_UNCHECKED(ccp_error, 80);
  FARSTAT_AT_UNCHECKED(ccp_compression_algorithm, 84);
  FARSTAT_AT_UNCHECKED(ccp_server_compression_algorithm, 88);
  FARSTAT_AT_UNCHECKED(ccp_options, 92);
  FARSTAT_AT_UNCHECKED(ccp_server_options, 96);
};

struct RasIkev2ProjectionLayout {
  using Mirror = RasIkev2Projection;
  FARSTAT_SIZE_UNCHECKED(92);
  FARSTAT_AT_UNCHECKED(ipv4_negotiation_error, 0);
  FARSTAT_AT_UNCHECKED(ipv4_address, 4);
  FARSTAT_AT_UNCHECKED(ipv4_server_address, 8);
  FARSTAT_AT_UNCHECKED(ipv6_negotiation_error, 12);
  FARSTAT_AT_UNCHECKED(ipv6_address, 16);
  FARSTAT_AT_UNCHECKED(ipv6_server_address, 32);
  FARSTAT_AT_UNCHECKED(prefix_length, 48);
  FARSTAT_AT_UNCHECKED(authentication_protocol, 52);
  FARSTAT_AT_UNCHECKED(eap_type_id, 56);
  FARSTAT_AT_UNCHECKED(flags, 60);
  FARSTAT_AT_UNCHECKED(encryption_method, 64);
  FARSTAT_AT_UNCHECKED(num_ipv4_server_addresses, 68);
  FARSTAT_AT_UNCHECKED(ipv4_server_addresses, 72);
  FARSTAT_AT_UNCHECKED(num_ipv6_server_addresses, 80);
  FARSTAT_AT_UNCHECKED(ipv6_server_addresses, 84);
};

struct RasProjectionInfoLayout {
  using Mirror = RasProjectionInfo;
  FARSTAT_SIZE_UNCHECKED(108);
  FARSTAT_AT_UNCHECKED(version, 0);
  FARSTAT_AT_UNCHECKED(type, 4);
  FARSTAT_AT_UNCHECKED(ppp, 8);
  FARSTAT_AT_UNCHECKED(ikev2, 8);
};

static_assert(sizeof(Guid) == 16 && alignof(Guid) == 4 && sizeof(Luid) == 8);
static_assert(kRasConnectionSizes[0] == sizeof(RasConnection));
static_assert(kRasConnectionSizes[1] == offsetof(RasConnection, guid_correlation_id));
static_assert(kRasConnectionSizes[2] == offsetof(RasConnection, flags));
static_assert(kRasConnectionSizes[3] == offsetof(RasConnection, guid_entry));
static_assert(kRasConnectionStatusSizes[0] == sizeof(RasConnectionStatus));
static_assert(kRasConnectionStatusSizes[1] == offsetof(RasConnectionStatus, local_end_point));

}  // namespace
}  // namespace farstat::sources::windows
