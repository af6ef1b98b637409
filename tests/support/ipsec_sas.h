// An IPsec SA as Windows delivers it, with every member filled and secrets wherever Windows has
// some.

#ifndef FARSTAT_TESTS_SUPPORT_IPSEC_SAS_H_
#define FARSTAT_TESTS_SUPPORT_IPSEC_SAS_H_

#include <array>
#include <cstring>
#include <memory>

#include "agent/sources/windows/abi_ipsec.h"
#include "tests/support/filter_engine_fake.h"

namespace farstat::testing {

struct TestIpsecSa {
  std::array<sources::windows::IpsecSa, 2> sas;
  sources::windows::IpsecUdpEncapsulation udp;
  sources::windows::IpsecSaDetails details;
};

// 203.0.113.7 to 198.51.100.9 in transport mode, one SA of ESP.
inline std::unique_ptr<TestIpsecSa> MakeIpsecSa(PlantedSecrets& secrets) {
  namespace win = sources::windows;
  auto sa = std::make_unique<TestIpsecSa>();
  std::memset(sa.get(), 0, sizeof(*sa));
  sa->sas[0] = {0x11223344, win::kIpsecTransformEspAuthAndCipher, secrets.Plant()};
  sa->sas[1] = {0x55667788, win::kIpsecTransformAh, secrets.Plant()};
  sa->udp = {4500, 61000};

  win::IpsecTraffic& traffic = sa->details.traffic;
  traffic.ip_version = win::kIpVersion4;
  traffic.local_v4_address = 0xCB007107;   // 203.0.113.7
  traffic.remote_v4_address = 0xC6336409;  // 198.51.100.9
  traffic.traffic_type = win::kIpsecTransport;
  traffic.ipsec_filter_id = 7001;
  traffic.remote_port = 1701;
  traffic.local_port = 1702;
  traffic.ip_protocol = 17;
  traffic.local_if_luid = 0x0006008001000000;
  traffic.real_if_profile_id = 3;

  win::IpsecSaBundle& bundle = sa->details.sa_bundle;
  bundle.flags = 0x20008;
  bundle.lifetime = {3600, 100000, 2147483647};
  bundle.idle_timeout_seconds = 300;
  bundle.nd_allow_clear_timeout_seconds = 10;
  bundle.ipsec_id = secrets.Plant();
  bundle.qm_sa_id = 42;
  bundle.num_sas = 1;
  bundle.sa_list = sa->sas.data();
  bundle.key_module_state = secrets.Plant();
  bundle.ip_version = win::kIpVersion4;
  bundle.peer_v4_private_address = 0x0A000102;  // 10.0.1.2
  bundle.mm_sa_id = 9001;
  bundle.pfs_group = win::kIpsecPfsEcp256;
  bundle.qm_filter_id = 7002;
  // No secrets by themselves, but not what the API names either.
  secrets.PlantInto(&bundle.nap_context, sizeof(bundle.nap_context));
  secrets.PlantInto(&bundle.sa_lookup_context, sizeof(bundle.sa_lookup_context));

  sa->details.ip_version = win::kIpVersion4;
  sa->details.sa_direction = win::kIpsecSaInbound;
  sa->details.udp_encapsulation = &sa->udp;
  sa->details.transport_filter = secrets.Plant();
  sa->details.virtual_if_tunnel_info = {501, 502};
  return sa;
}

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_IPSEC_SAS_H_
