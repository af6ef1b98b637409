// The numbers of the mirrors' enumerations, checked against Windows' headers; abi_*_check.cc checks
// the layouts. What is not here is not in the headers of mingw-w64 10: sub-states, owner flags and
// later notifications of RAS, the projection of IPv6, the AES-GCM ciphers of IKE, the PFS group 24,
// the offload flag of bundles, and the reserved TCP state.

#include "agent/sources/windows/abi_check.h"
#include "agent/sources/windows/abi_ike.h"
#include "agent/sources/windows/abi_ipsec.h"
#include "agent/sources/windows/abi_ras.h"
#include "agent/sources/windows/abi_tcp.h"

namespace farstat::sources::windows {
namespace {

template <typename Mirror, typename Native>
constexpr bool Same(Mirror mirror, Native native) {
  return static_cast<int64_t>(mirror) == static_cast<int64_t>(native);
}

static_assert(Same(kAddressFamilyInet, AF_INET));
static_assert(Same(kAddressFamilyInet6, AF_INET6));
static_assert(Same(kIpVersion4, FWP_IP_VERSION_V4));
static_assert(Same(kIpVersion6, FWP_IP_VERSION_V6));
static_assert(Same(kIpVersionNone, FWP_IP_VERSION_NONE));

static_assert(Same(kRasFlagAllUsers, RASCF_AllUsers));
static_assert(Same(kRasFlagGlobalCredentials, RASCF_GlobalCreds));
static_assert(Same(kRasStateOpenPort, RASCS_OpenPort));
static_assert(Same(kRasStatePortOpened, RASCS_PortOpened));
static_assert(Same(kRasStateConnectDevice, RASCS_ConnectDevice));
static_assert(Same(kRasStateDeviceConnected, RASCS_DeviceConnected));
static_assert(Same(kRasStateAllDevicesConnected, RASCS_AllDevicesConnected));
static_assert(Same(kRasStateAuthenticate, RASCS_Authenticate));
static_assert(Same(kRasStateAuthNotify, RASCS_AuthNotify));
static_assert(Same(kRasStateAuthRetry, RASCS_AuthRetry));
static_assert(Same(kRasStateAuthCallback, RASCS_AuthCallback));
static_assert(Same(kRasStateAuthChangePassword, RASCS_AuthChangePassword));
static_assert(Same(kRasStateAuthProject, RASCS_AuthProject));
static_assert(Same(kRasStateAuthLinkSpeed, RASCS_AuthLinkSpeed));
static_assert(Same(kRasStateAuthAck, RASCS_AuthAck));
static_assert(Same(kRasStateReAuthenticate, RASCS_ReAuthenticate));
static_assert(Same(kRasStateAuthenticated, RASCS_Authenticated));
static_assert(Same(kRasStatePrepareForCallback, RASCS_PrepareForCallback));
static_assert(Same(kRasStateWaitForModemReset, RASCS_WaitForModemReset));
static_assert(Same(kRasStateWaitForCallback, RASCS_WaitForCallback));
static_assert(Same(kRasStateProjected, RASCS_Projected));
static_assert(Same(kRasStateStartAuthentication, RASCS_StartAuthentication));
static_assert(Same(kRasStateCallbackComplete, RASCS_CallbackComplete));
static_assert(Same(kRasStateLogonNetwork, RASCS_LogonNetwork));
static_assert(Same(kRasStateSubEntryConnected, RASCS_SubEntryConnected));
static_assert(Same(kRasStateSubEntryDisconnected, RASCS_SubEntryDisconnected));
static_assert(Same(kRasStateInteractive, RASCS_Interactive));
static_assert(Same(kRasStateRetryAuthentication, RASCS_RetryAuthentication));
static_assert(Same(kRasStateCallbackSetByCaller, RASCS_CallbackSetByCaller));
static_assert(Same(kRasStatePasswordExpired, RASCS_PasswordExpired));
static_assert(Same(kRasStateInvokeEapUi, RASCS_InvokeEapUI));
static_assert(Same(kRasStateConnected, RASCS_Connected));
static_assert(Same(kRasStateDisconnected, RASCS_Disconnected));
static_assert(Same(kRasProjectionPppIp, RASP_PppIp));
static_assert(Same(kRasProjectionPppCcp, RASP_PppCcp));
static_assert(Same(kRasProjectionPppLcp, RASP_PppLcp));
static_assert(Same(kRasNotifyConnection, RASCN_Connection));
static_assert(Same(kRasNotifyDisconnection, RASCN_Disconnection));
static_assert(Same(kRasNotifyBandwidthAdded, RASCN_BandwidthAdded));
static_assert(Same(kRasNotifyBandwidthRemoved, RASCN_BandwidthRemoved));

static_assert(Same(kTcpStateClosed, MIB_TCP_STATE_CLOSED));
static_assert(Same(kTcpStateListen, MIB_TCP_STATE_LISTEN));
static_assert(Same(kTcpStateSynSent, MIB_TCP_STATE_SYN_SENT));
static_assert(Same(kTcpStateSynReceived, MIB_TCP_STATE_SYN_RCVD));
static_assert(Same(kTcpStateEstablished, MIB_TCP_STATE_ESTAB));
static_assert(Same(kTcpStateFinWait1, MIB_TCP_STATE_FIN_WAIT1));
static_assert(Same(kTcpStateFinWait2, MIB_TCP_STATE_FIN_WAIT2));
static_assert(Same(kTcpStateCloseWait, MIB_TCP_STATE_CLOSE_WAIT));
static_assert(Same(kTcpStateClosing, MIB_TCP_STATE_CLOSING));
static_assert(Same(kTcpStateLastAck, MIB_TCP_STATE_LAST_ACK));
static_assert(Same(kTcpStateTimeWait, MIB_TCP_STATE_TIME_WAIT));
static_assert(Same(kTcpStateDeleteTcb, MIB_TCP_STATE_DELETE_TCB));
static_assert(Same(kTcpTableOwnerPidAll, TCP_TABLE_OWNER_PID_ALL));
static_assert(Same(kTcpTableOwnerModuleAll, TCP_TABLE_OWNER_MODULE_ALL));
static_assert(Same(kOwnerModuleInfoBasic, TCPIP_OWNER_MODULE_INFO_BASIC));
static_assert(Same(kTcpOffloadInHost, TcpConnectionOffloadStateInHost));
static_assert(Same(kTcpOffloadOffloading, TcpConnectionOffloadStateOffloading));
static_assert(Same(kTcpOffloadOffloaded, TcpConnectionOffloadStateOffloaded));
static_assert(Same(kTcpOffloadUploading, TcpConnectionOffloadStateUploading));
static_assert(Same(kEstatsSynOpts, TcpConnectionEstatsSynOpts));
static_assert(Same(kEstatsData, TcpConnectionEstatsData));
static_assert(Same(kEstatsSndCong, TcpConnectionEstatsSndCong));
static_assert(Same(kEstatsPath, TcpConnectionEstatsPath));
static_assert(Same(kEstatsSendBuff, TcpConnectionEstatsSendBuff));
static_assert(Same(kEstatsRec, TcpConnectionEstatsRec));
static_assert(Same(kEstatsObsRec, TcpConnectionEstatsObsRec));
static_assert(Same(kEstatsBandwidth, TcpConnectionEstatsBandwidth));
static_assert(Same(kEstatsFineRtt, TcpConnectionEstatsFineRtt));
static_assert(Same(kEstatsSwitchOff, TcpBoolOptDisabled));
static_assert(Same(kEstatsSwitchOn, TcpBoolOptEnabled));
static_assert(Same(kEstatsSwitchUnchanged, TcpBoolOptUnchanged));

static_assert(Same(kRpcAuthenticationWindows, RPC_C_AUTHN_WINNT));
static_assert(Same(kIpsecSaOutbound, FWP_DIRECTION_OUTBOUND));
static_assert(Same(kIpsecSaInbound, FWP_DIRECTION_INBOUND));
static_assert(Same(kIpsecTransport, IPSEC_TRAFFIC_TYPE_TRANSPORT));
static_assert(Same(kIpsecTunnel, IPSEC_TRAFFIC_TYPE_TUNNEL));
static_assert(Same(kIpsecTransformAh, IPSEC_TRANSFORM_AH));
static_assert(Same(kIpsecTransformEspAuth, IPSEC_TRANSFORM_ESP_AUTH));
static_assert(Same(kIpsecTransformEspCipher, IPSEC_TRANSFORM_ESP_CIPHER));
static_assert(Same(kIpsecTransformEspAuthAndCipher, IPSEC_TRANSFORM_ESP_AUTH_AND_CIPHER));
static_assert(Same(kIpsecTransformEspAuthFirewall, IPSEC_TRANSFORM_ESP_AUTH_FW));
static_assert(Same(kIpsecPfsNone, IPSEC_PFS_NONE));
static_assert(Same(kIpsecPfs1, IPSEC_PFS_1));
static_assert(Same(kIpsecPfs2, IPSEC_PFS_2));
static_assert(Same(kIpsecPfs14, IPSEC_PFS_2048));
static_assert(Same(kIpsecPfsEcp256, IPSEC_PFS_ECP_256));
static_assert(Same(kIpsecPfsEcp384, IPSEC_PFS_ECP_384));
static_assert(Same(kIpsecPfsMainMode, IPSEC_PFS_MM));

static_assert(Same(kIkeErrorCodeCount, IKEEXT_ERROR_CODE_COUNT));
static_assert(Same(kIkeKeyModuleIke, IKEEXT_KEY_MODULE_IKE));
static_assert(Same(kIkeKeyModuleAuthIp, IKEEXT_KEY_MODULE_AUTHIP));
static_assert(Same(kIkeKeyModuleIkev2, IKEEXT_KEY_MODULE_IKEV2));
static_assert(Same(kIkeCipherDes, IKEEXT_CIPHER_DES));
static_assert(Same(kIkeCipher3Des, IKEEXT_CIPHER_3DES));
static_assert(Same(kIkeCipherAes128, IKEEXT_CIPHER_AES_128));
static_assert(Same(kIkeCipherAes192, IKEEXT_CIPHER_AES_192));
static_assert(Same(kIkeCipherAes256, IKEEXT_CIPHER_AES_256));
static_assert(Same(kIkeIntegrityMd5, IKEEXT_INTEGRITY_MD5));
static_assert(Same(kIkeIntegritySha1, IKEEXT_INTEGRITY_SHA1));
static_assert(Same(kIkeIntegritySha256, IKEEXT_INTEGRITY_SHA_256));
static_assert(Same(kIkeIntegritySha384, IKEEXT_INTEGRITY_SHA_384));
static_assert(Same(kIkeDhNone, IKEEXT_DH_GROUP_NONE));
static_assert(Same(kIkeDh1, IKEEXT_DH_GROUP_1));
static_assert(Same(kIkeDh2, IKEEXT_DH_GROUP_2));
static_assert(Same(kIkeDh14, IKEEXT_DH_GROUP_14));
static_assert(Same(kIkeDhEcp256, IKEEXT_DH_ECP_256));
static_assert(Same(kIkeDhEcp384, IKEEXT_DH_ECP_384));
static_assert(Same(kIkeDh24, IKEEXT_DH_GROUP_24));
static_assert(Same(kIkeMethodPresharedKey, IKEEXT_PRESHARED_KEY));
static_assert(Same(kIkeMethodCertificate, IKEEXT_CERTIFICATE));
static_assert(Same(kIkeMethodKerberos, IKEEXT_KERBEROS));
static_assert(Same(kIkeMethodAnonymous, IKEEXT_ANONYMOUS));
static_assert(Same(kIkeMethodSsl, IKEEXT_SSL));
static_assert(Same(kIkeMethodNtlmV2, IKEEXT_NTLM_V2));
static_assert(Same(kIkeMethodIpv6Cga, IKEEXT_IPV6_CGA));
static_assert(Same(kIkeMethodCertificateEcdsaP256, IKEEXT_CERTIFICATE_ECDSA_P256));
static_assert(Same(kIkeMethodCertificateEcdsaP384, IKEEXT_CERTIFICATE_ECDSA_P384));
static_assert(Same(kIkeMethodSslEcdsaP256, IKEEXT_SSL_ECDSA_P256));
static_assert(Same(kIkeMethodSslEcdsaP384, IKEEXT_SSL_ECDSA_P384));
static_assert(Same(kIkeMethodEap, IKEEXT_EAP));
static_assert(Same(kIkeMethodReserved, IKEEXT_RESERVED));
static_assert(Same(kIkeImpersonationNone, IKEEXT_IMPERSONATION_NONE));
static_assert(Same(kIkeImpersonationSocketPrincipal, IKEEXT_IMPERSONATION_SOCKET_PRINCIPAL));

}  // namespace
}  // namespace farstat::sources::windows
