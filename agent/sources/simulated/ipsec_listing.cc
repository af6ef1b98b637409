#include "agent/sources/simulated/ipsec_listing.h"

#include "agent/sources/simulated/ipsec_addresses.h"

namespace farstat::sources::simulated {
namespace {

using windows::IpsecSa;
using windows::IpsecSaContext;
using windows::IpsecSaDetails;
using windows::IpsecUdpEncapsulation;

constexpr uint64_t kFirstFilterId = 0x10'0000;
constexpr uint64_t kInterfaceLuid = 0x0006'0080'0000'0000;  // The first Ethernet interface.
constexpr uint32_t kNdAllowClearSeconds = 10;
constexpr uint64_t kTrafficSelectorId = 1;

uint64_t FilterIdOf(const IpsecPeerClass& kind) { return kFirstFilterId + kind.number; }

windows::IpsecTransform TransformOf(const IpsecPeerClass& kind) {
  switch (kind.scenario.protection()) {
    case PROTECTION_AH:
      return windows::kIpsecTransformAh;
    case PROTECTION_ESP_AUTH:
      return windows::kIpsecTransformEspAuth;
    case PROTECTION_ESP_CIPHER:
      return windows::kIpsecTransformEspCipher;
    default:
      return windows::kIpsecTransformEspAuthAndCipher;
  }
}

void WriteTraffic(const IpsecPeer& peer, windows::IpsecTraffic& traffic) {
  const IpsecPeers& scenario = peer.kind().scenario;
  WriteAddresses(peer, traffic);
  if (scenario.transport_mode()) {
    traffic.traffic_type = windows::kIpsecTransport;
    traffic.ipsec_filter_id = FilterIdOf(peer.kind());
    traffic.ip_protocol = static_cast<uint8_t>(scenario.ip_protocol());
    traffic.local_port = static_cast<uint16_t>(scenario.local_port());
    traffic.remote_port = static_cast<uint16_t>(scenario.remote_port());
  } else {
    traffic.traffic_type = windows::kIpsecTunnel;
    traffic.tunnel_policy_id = FilterIdOf(peer.kind());
  }
  traffic.local_if_luid = kInterfaceLuid;
  traffic.real_if_profile_id = 1;
}

void WriteBundle(const ListedSaPair& listed, const IpsecSa* sa_list, const PlantedSecrets& secrets,
                 windows::IpsecSaBundle& bundle) {
  const IpsecPeerClass& kind = listed.peer->kind();
  bundle.flags = kind.scenario.offloaded() ? windows::kIpsecBundleSaOffloaded : 0;
  bundle.lifetime = {kind.lifetime_seconds, kind.scenario.lifetime_kilobytes(),
                     kind.scenario.lifetime_packets()};
  bundle.idle_timeout_seconds = kind.idle_timeout_seconds;
  bundle.nd_allow_clear_timeout_seconds = kNdAllowClearSeconds;
  bundle.ipsec_id = secrets.identity();
  bundle.qm_sa_id = listed.pair.quick_mode_id;
  bundle.num_sas = kind.sas_per_bundle();
  bundle.sa_list = sa_list;
  bundle.key_module_state = secrets.identity();
  bundle.ip_version = kind.scenario.ipv6() ? windows::kIpVersion6 : windows::kIpVersion4;
  bundle.peer_v4_private_address = kind.behind_nat ? PrivateIpv4(*listed.peer) : 0;
  bundle.mm_sa_id = listed.pair.main_mode_id;
  bundle.pfs_group =
      kind.scenario.transport_mode() ? windows::kIpsecPfsNone : windows::kIpsecPfsEcp256;
  bundle.sa_lookup_context = {static_cast<uint32_t>(listed.pair.context_id), 0x5A17, 0x4C0D, {}};
  bundle.qm_filter_id = FilterIdOf(kind);
}

const IpsecSaDetails* MakeDetails(const ListedSaPair& listed, windows::IpsecSaDirection direction,
                                  const PlantedSecrets& secrets, FilterEngineBlock& block) {
  const IpsecPeerClass& kind = listed.peer->kind();
  const bool inbound = direction == windows::kIpsecSaInbound;
  auto* const details = block.Take<IpsecSaDetails>(1);
  details->ip_version = kind.scenario.ipv6() ? windows::kIpVersion6 : windows::kIpVersion4;
  details->sa_direction = direction;
  WriteTraffic(*listed.peer, details->traffic);
  auto* const sas = block.Take<IpsecSa>(kind.sas_per_bundle());
  const auto& spis = inbound ? listed.pair.inbound_spis : listed.pair.outbound_spis;
  sas[0] = {spis[0], TransformOf(kind), secrets.sa_information()};
  if (kind.sas_per_bundle() == 2) {
    sas[1] = {spis[1], windows::kIpsecTransformAh, secrets.sa_information()};
  }
  WriteBundle(listed, sas, secrets, details->sa_bundle);
  if (kind.behind_nat) {
    details->udp_encapsulation = block.Copy(IpsecUdpEncapsulation{4500, listed.peer->nat_port()});
  }
  details->transport_filter = secrets.identity();
  if (kind.virtual_interface()) {
    details->virtual_if_tunnel_info = {VirtualTunnelId(*listed.peer), kTrafficSelectorId};
  }
  return details;
}

}  // namespace

std::vector<ListedSaPair> ListSaPairs(const std::vector<IpsecPeer>& peers) {
  std::vector<ListedSaPair> pairs;
  pairs.reserve(peers.size());
  for (const IpsecPeer& peer : peers) {
    for (const IpsecQuickMode& quick_mode : peer.quick_modes()) {
      for (const IpsecSaPair* pair : {quick_mode.replaced_pair(), quick_mode.pair()}) {
        if (pair != nullptr) pairs.push_back({&peer, *pair});
      }
    }
  }
  return pairs;
}

IpsecSaContext** MakeArray(const ListedSaPair* begin, size_t count, FilterEngineMemory& memory) {
  FilterEngineBlock block = memory.Allocate(
      FilterEngineBlock::SizeOf<IpsecSaContext*>(count) +
      FilterEngineBlock::SizeOf<IpsecSaContext>(count) +
      2 * count *
          (FilterEngineBlock::SizeOf<IpsecSaDetails>(1) + FilterEngineBlock::SizeOf<IpsecSa>(2) +
           FilterEngineBlock::SizeOf<IpsecUdpEncapsulation>(1)) +
      PlantedSecrets::Size());
  auto** const array = block.Take<IpsecSaContext*>(count);
  auto* const contexts = block.Take<IpsecSaContext>(count);
  const PlantedSecrets secrets(block);
  for (size_t i = 0; i < count; ++i) {
    contexts[i] = {begin[i].pair.context_id,
                   MakeDetails(begin[i], windows::kIpsecSaInbound, secrets, block),
                   MakeDetails(begin[i], windows::kIpsecSaOutbound, secrets, block)};
    array[i] = &contexts[i];
  }
  return array;
}

}  // namespace farstat::sources::simulated
