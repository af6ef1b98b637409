// IKE SAs as IkeextSaEnum1 and 2 deliver them.

#include "agent/sources/simulated/ipsec_addresses.h"
#include "agent/sources/simulated/ipsec_listing.h"

namespace farstat::sources::simulated {
namespace {

using windows::IkeCredential;
using windows::IkeCredentialPair;
using windows::IkeSaDetails;
using windows::IpsecUdpEncapsulation;

constexpr uint64_t kAuthIpFilterId = 0x20'0000;
constexpr uint32_t kQuickModeLimit = 0;  // No limit.

IkeCredential CredentialOf(const IpsecPeerClass& kind, const PlantedSecrets& secrets) {
  switch (kind.scenario.authentication()) {
    case AUTHENTICATION_PRESHARED_KEY:
      return {windows::kIkeMethodPresharedKey, windows::kIkeImpersonationNone,
              secrets.preshared_key()};
    case AUTHENTICATION_KERBEROS:
      return {windows::kIkeMethodKerberos,
              kind.scenario.impersonation_share() > 0 ? windows::kIkeImpersonationSocketPrincipal
                                                      : windows::kIkeImpersonationNone,
              secrets.name()};
    case AUTHENTICATION_EAP:
      return {windows::kIkeMethodEap, windows::kIkeImpersonationNone, secrets.name()};
    default:
      return {windows::kIkeMethodCertificate, windows::kIkeImpersonationNone,
              secrets.certificate()};
  }
}

windows::IkeProposal ProposalOf(const IpsecPeerClass& kind) {
  // What each module proposes by default on a recent Windows.
  windows::IkeProposal proposal = {};
  if (kind.key_module == windows::kIkeKeyModuleIkev2) {
    proposal.cipher_algorithm = {windows::kIkeCipherAesGcm256, 32, 0};
    proposal.integrity_algorithm = {windows::kIkeIntegritySha384};
    proposal.dh_group = windows::kIkeDhEcp384;
  } else {
    proposal.cipher_algorithm = {windows::kIkeCipherAes128, 16, 0};
    proposal.integrity_algorithm = {windows::kIkeIntegritySha1};
    proposal.dh_group = windows::kIkeDh2;
  }
  proposal.max_lifetime_seconds = kind.main_mode_lifetime_seconds;
  proposal.quick_mode_limit = kQuickModeLimit;
  return proposal;
}

void WriteDetails(const ListedIkeSa& listed, const PlantedSecrets& secrets,
                  FilterEngineBlock& block, IkeSaDetails& details) {
  const IpsecPeer& peer = *listed.peer;
  const IpsecPeerClass& kind = peer.kind();
  details.sa_id = listed.sa.id;
  details.key_module_type = kind.key_module;
  details.ip_version = kind.scenario.ipv6() ? windows::kIpVersion6 : windows::kIpVersion4;
  if (kind.behind_nat) {
    details.v4_udp_encapsulation = block.Copy(IpsecUdpEncapsulation{4500, peer.nat_port()});
  }
  WriteAddresses(peer, details.ike_traffic);
  details.ike_traffic.auth_ip_filter_id = kind.authip() ? kAuthIpFilterId + kind.number : 0;
  details.ike_proposal = ProposalOf(kind);
  details.cookie_pair = {listed.sa.initiator_cookie, listed.sa.responder_cookie};
  const IkeCredential credential = CredentialOf(kind, secrets);
  details.ike_credentials = {1, block.Copy(IkeCredentialPair{credential, credential})};
  details.ike_policy_key = {kind.number + 1, 0x1CE0, 0x4B01, {}};
  details.virtual_if_tunnel_id = kind.virtual_interface() ? VirtualTunnelId(peer) : 0;
  details.correlation_key = secrets.blob();
}

}  // namespace

std::vector<ListedIkeSa> ListIkeSas(const std::vector<IpsecPeer>& peers) {
  std::vector<ListedIkeSa> sas;
  sas.reserve(peers.size());
  for (const IpsecPeer& peer : peers) {
    if (const IkeSa* sa = peer.main_mode().sa(); sa != nullptr) sas.push_back({&peer, *sa});
  }
  return sas;
}

IkeSaDetails** MakeArray(const ListedIkeSa* begin, size_t count, FilterEngineMemory& memory) {
  FilterEngineBlock block =
      memory.Allocate(FilterEngineBlock::SizeOf<IkeSaDetails*>(count) +
                      FilterEngineBlock::SizeOf<IkeSaDetails>(count) +
                      count * (FilterEngineBlock::SizeOf<IkeCredentialPair>(1) +
                               FilterEngineBlock::SizeOf<IpsecUdpEncapsulation>(1)) +
                      PlantedSecrets::Size());
  auto** const array = block.Take<IkeSaDetails*>(count);
  auto* const details = block.Take<IkeSaDetails>(count);
  const PlantedSecrets secrets(block);
  for (size_t i = 0; i < count; ++i) {
    WriteDetails(begin[i], secrets, block, details[i]);
    array[i] = &details[i];
  }
  return array;
}

}  // namespace farstat::sources::simulated
