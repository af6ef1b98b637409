// An IKE SA as Windows delivers it, with every member filled and secrets wherever Windows has some.

#ifndef FARSTAT_TESTS_SUPPORT_IKE_SAS_H_
#define FARSTAT_TESTS_SUPPORT_IKE_SAS_H_

#include <array>
#include <cstring>
#include <memory>

#include "agent/sources/windows/abi_ike.h"
#include "tests/support/filter_engine_fake.h"

namespace farstat::testing {

struct TestIkeSa {
  std::array<sources::windows::IkeCredentialPair, 2> credentials;
  sources::windows::IpsecUdpEncapsulation udp;
  sources::windows::IkeSaDetails details;
};

// 203.0.113.7 to 198.51.100.9 by IKEv2: this host by certificate, the peer by EAP.
inline std::unique_ptr<TestIkeSa> MakeIkeSa(PlantedSecrets& secrets) {
  namespace win = sources::windows;
  auto sa = std::make_unique<TestIkeSa>();
  std::memset(sa.get(), 0, sizeof(*sa));
  sa->credentials[0] = {
      {win::kIkeMethodCertificate, win::kIkeImpersonationNone, secrets.Plant()},
      {win::kIkeMethodEap, win::kIkeImpersonationSocketPrincipal, secrets.Plant()}};
  sa->credentials[1] = {{win::kIkeMethodPresharedKey, win::kIkeImpersonationNone, secrets.Plant()},
                        {win::kIkeMethodKerberos, win::kIkeImpersonationNone, secrets.Plant()}};
  sa->udp = {4500, 61000};

  win::IkeSaDetails& details = sa->details;
  details.sa_id = 9001;
  details.key_module_type = win::kIkeKeyModuleIkev2;
  details.ip_version = win::kIpVersion4;
  details.v4_udp_encapsulation = &sa->udp;
  details.ike_traffic.ip_version = win::kIpVersion4;
  details.ike_traffic.local_v4_address = 0xCB007107;   // 203.0.113.7
  details.ike_traffic.remote_v4_address = 0xC6336409;  // 198.51.100.9
  details.ike_traffic.auth_ip_filter_id = 7003;
  details.ike_proposal = {
      {win::kIkeCipherAes256, 256, 14}, {win::kIkeIntegritySha256}, 28800, win::kIkeDhEcp384, 77};
  details.cookie_pair = {0x0123456789ABCDEF, 0x1032547698BADCFE};
  details.ike_credentials = {1, sa->credentials.data()};
  details.ike_policy_key = {
      0x01234567, 0x89AB, 0xCDEF, {0x01, 0x23, 0x45, 0x67, 0x09, 0x0A, 0x0B, 0x0C}};
  details.virtual_if_tunnel_id = 501;
  details.correlation_key = secrets.PlantBlob();
  return sa;
}

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_IKE_SAS_H_
