// Mirrors of what ras.h declares; abi.h says how they are written.
//
// All of them are packed to 4 bytes, so that a handle may stand at an address that 8 does not
// divide: copy such members, take no address of them. The first member of most is the size of the
// layout that the caller means; a Windows that does not know it returns 632 (ERROR_INVALID_SIZE).

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_ABI_RAS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_ABI_RAS_H_

#include <cstdint>

#include "agent/sources/windows/abi.h"

namespace farstat::sources::windows {

#pragma pack(push, 4)

// RASCONNW. With one of the smaller sizes Windows delivers the beginning of it, and the elements of
// an array follow each other at that distance.
struct RasConnection {
  uint32_t size;
  Handle handle;             // hrasconn
  char16_t entry_name[257];  // Begins with "." when dialled without a phonebook entry.
  char16_t device_type[17];  // "vpn", "PPPoE", "modem", …
  char16_t device_name[129];
  char16_t phonebook[260];
  uint32_t sub_entry;        // One-based index of a connected link.
  Guid guid_entry;           // Since size 1360.
  uint32_t flags;            // RasConnectionFlag, since size 1372.
  Luid luid;                 // Since size 1372.
  Guid guid_correlation_id;  // Since size 1388.
};

// Its sizes, newest first: Windows Vista, XP, 2000, NT 4.
inline constexpr uint32_t kRasConnectionSizes[] = {1388, 1372, 1360, 1344};

// RASCF_…
enum RasConnectionFlag : uint32_t {
  kRasFlagAllUsers = 1,
  kRasFlagGlobalCredentials = 2,
  kRasFlagOwnerKnown = 4,
  kRasFlagOwnerMatch = 8,
};

// RASTUNNELENDPOINT
struct RasTunnelEndpoint {
  uint32_t type;  // RasTunnelEndpointType; unknown is ordinary, for example with SSTP.
  union {         // In network order.
    uint8_t ipv4[4];
    uint8_t ipv6[16];
  };
};

// RASTUNNELENDPOINT_…
enum RasTunnelEndpointType : uint32_t {
  kRasTunnelUnknown = 0,
  kRasTunnelIpv4 = 1,
  kRasTunnelIpv6 = 2,
};

// RASCONNSTATUSW
struct RasConnectionStatus {
  uint32_t size;
  uint32_t state;  // RasConnectionState
  uint32_t error;  // Why the connection failed; not the result of the call.
  char16_t device_type[17];
  char16_t device_name[129];
  char16_t phone_number[129];
  RasTunnelEndpoint local_end_point;   // Since size 608.
  RasTunnelEndpoint remote_end_point;  // Since size 608.
  uint32_t sub_state;                  // RasConnectionSubState, since size 608.
};

// Its sizes, newest first: Windows 7, NT 4.
inline constexpr uint32_t kRasConnectionStatusSizes[] = {608, 564};

// RASCONNSTATE
enum RasConnectionState : uint32_t {
  kRasStateOpenPort = 0,
  kRasStatePortOpened = 1,
  kRasStateConnectDevice = 2,
  kRasStateDeviceConnected = 3,
  kRasStateAllDevicesConnected = 4,
  kRasStateAuthenticate = 5,
  kRasStateAuthNotify = 6,
  kRasStateAuthRetry = 7,
  kRasStateAuthCallback = 8,
  kRasStateAuthChangePassword = 9,
  kRasStateAuthProject = 10,
  kRasStateAuthLinkSpeed = 11,
  kRasStateAuthAck = 12,
  kRasStateReAuthenticate = 13,
  kRasStateAuthenticated = 14,
  kRasStatePrepareForCallback = 15,
  kRasStateWaitForModemReset = 16,
  kRasStateWaitForCallback = 17,
  kRasStateProjected = 18,
  kRasStateStartAuthentication = 19,
  kRasStateCallbackComplete = 20,
  kRasStateLogonNetwork = 21,
  kRasStateSubEntryConnected = 22,
  kRasStateSubEntryDisconnected = 23,
  kRasStateApplySettings = 24,
  kRasStateInteractive = 0x1000,
  kRasStateRetryAuthentication = 0x1001,
  kRasStateCallbackSetByCaller = 0x1002,
  kRasStatePasswordExpired = 0x1003,
  kRasStateInvokeEapUi = 0x1004,
  kRasStateConnected = 0x2000,
  kRasStateDisconnected = 0x2001,
};

// RASCONNSUBSTATE
enum RasConnectionSubState : uint32_t {
  kRasSubStateNone = 0,
  kRasSubStateDormant = 1,
  kRasSubStateReconnecting = 2,
  kRasSubStateReconnected = 0x2000,
};

// RAS_STATS. Every counter wraps; the bytes do so within 34 s at 1 Gbit/s.
struct RasStats {
  uint32_t size;
  uint32_t bytes_xmited;
  uint32_t bytes_rcved;
  uint32_t frames_xmited;
  uint32_t frames_rcved;
  uint32_t crc_err;
  uint32_t timeout_err;
  uint32_t alignment_err;
  uint32_t hardware_overrun_err;
  uint32_t framing_err;
  uint32_t buffer_overrun_err;
  uint32_t compression_ratio_in;   // Only of a single link.
  uint32_t compression_ratio_out;  // Only of a single link.
  uint32_t bps;                    // Bits per second; of a bundle, all links together.
  uint32_t connect_duration;       // Milliseconds; wraps after 49.7 days.
};

// RASPROJECTION: what RasGetProjectionInfoW is asked for.
enum RasProjectionKind : uint32_t {
  kRasProjectionPppIp = 0x8021,    // RasPppIp
  kRasProjectionPppIpv6 = 0x8057,  // RasPppIpv6
  kRasProjectionPppCcp = 0x80FD,   // RasPppCcp
  kRasProjectionPppLcp = 0xC021,   // RasPppLcp
};

// RASPPPIPW
struct RasPppIp {
  uint32_t size;
  uint32_t error;
  char16_t ip_address[16];
  char16_t server_ip_address[16];
  uint32_t options;
  uint32_t server_options;
};

// RASPPPIPV6
struct RasPppIpv6 {
  uint32_t size;
  uint32_t error;
  uint8_t local_interface_identifier[8];
  uint8_t peer_interface_identifier[8];
  uint8_t local_compression_protocol[2];
  uint8_t peer_compression_protocol[2];
};

// RASPPPLCPW
struct RasPppLcp {
  uint32_t size;
  int32_t bundled;
  uint32_t error;
  uint32_t authentication_protocol;
  uint32_t authentication_data;
  uint32_t eap_type_id;
  uint32_t server_authentication_protocol;
  uint32_t server_authentication_data;
  uint32_t server_eap_type_id;
  int32_t multilink;
  uint32_t terminate_reason;
  uint32_t server_terminate_reason;
  char16_t reply_message[1024];
  uint32_t options;
  uint32_t server_options;
};

// RASPPPCCP
struct RasPppCcp {
  uint32_t size;
  uint32_t error;
  uint32_t compression_algorithm;
  uint32_t options;
  uint32_t server_compression_algorithm;
  uint32_t server_options;
};

// RASPPP_PROJECTION_INFO
struct RasPppProjection {
  uint32_t ipv4_negotiation_error;
  uint8_t ipv4_address[4];
  uint8_t ipv4_server_address[4];
  uint32_t ipv4_options;
  uint32_t ipv4_server_options;
  uint32_t ipv6_negotiation_error;
  uint8_t interface_identifier[8];
  uint8_t server_interface_identifier[8];
  int32_t bundled;
  int32_t multilink;
  uint32_t authentication_protocol;
  uint32_t authentication_data;
  uint32_t server_authentication_protocol;
  uint32_t server_authentication_data;
  uint32_t eap_type_id;
  uint32_t server_eap_type_id;
  uint32_t lcp_options;
  uint32_t lcp_server_options;
  uint32_t ccp_error;
  uint32_t ccp_compression_algorithm;
  uint32_t ccp_server_compression_algorithm;
  uint32_t ccp_options;
  uint32_t ccp_server_options;
};

// RASIKEV2_PROJECTION_INFO. The arrays lie behind it in the caller's buffer; check that they do
// before following the pointers.
struct RasIkev2Projection {
  uint32_t ipv4_negotiation_error;
  uint8_t ipv4_address[4];
  uint8_t ipv4_server_address[4];
  uint32_t ipv6_negotiation_error;
  uint8_t ipv6_address[16];
  uint8_t ipv6_server_address[16];
  uint32_t prefix_length;
  uint32_t authentication_protocol;
  uint32_t eap_type_id;
  uint32_t flags;  // RasIkev2Flag
  uint32_t encryption_method;
  uint32_t num_ipv4_server_addresses;
  const uint8_t (*ipv4_server_addresses)[4];
  uint32_t num_ipv6_server_addresses;
  const uint8_t (*ipv6_server_addresses)[16];
};

// RASIKEv2_FLAGS_…
enum RasIkev2Flag : uint32_t {
  kRasIkev2MobikeSupported = 1,
  kRasIkev2BehindNat = 2,
  kRasIkev2ServerBehindNat = 4,
};

// RAS_PROJECTION_INFO
struct RasProjectionInfo {
  uint32_t version;  // The caller sets it to kRasApiVersion601.
  uint32_t type;     // RasProjectionType
  union {
    RasPppProjection ppp;
    RasIkev2Projection ikev2;
  };
};

#pragma pack(pop)

// RASAPIVERSION_601: Windows 7.
inline constexpr uint32_t kRasApiVersion601 = 4;

// RASPROJECTION_INFO_TYPE
enum RasProjectionType : uint32_t { kRasProjectionPpp = 1, kRasProjectionIkev2 = 2 };

// RASCN_…: what RasConnectionNotificationW signals.
enum RasNotification : uint32_t {
  kRasNotifyConnection = 1,
  kRasNotifyDisconnection = 2,
  kRasNotifyBandwidthAdded = 4,
  kRasNotifyBandwidthRemoved = 8,
  kRasNotifyDormant = 0x10,
  kRasNotifyReconnection = 0x20,
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_ABI_RAS_H_
