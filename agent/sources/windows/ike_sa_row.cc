#include "agent/sources/windows/ike_sa_row.h"

#include <cstdint>

#include "agent/sources/ike_rows.h"
#include "agent/sources/windows/filter_engine_address.h"
#include "agent/sources/windows/guid_text.h"
#include "farstat/v1/ike.pb.h"

namespace farstat::sources::windows {
namespace {

using Sa = v1::IkeSa;

// A number of an enumeration of Windows, which the API has one higher; one that the API does not
// know is left out.
void PutEnum(int field, uint32_t value, uint32_t last, RowWriter& row) {
  if (value <= last) row.Uint(field, uint64_t{value} + 1);
}

void WriteKey(uint64_t sa_id, RowWriter& row) {
  const RowWriter::Open key = row.BeginMessage(Sa::kKeyFieldNumber);
  // Not optional in the proto: zero is left out, as every client does when it encodes the key.
  if (sa_id != 0) row.Uint(v1::IkeSaKey::kSaIdFieldNumber, sa_id);
  row.EndMessage(key);
  row.MarkKey(key);
}

void WriteProposal(const IkeProposal& proposal, RowWriter& row) {
  const IkeCipherAlgorithm& cipher = proposal.cipher_algorithm;
  PutEnum(Sa::kCipherFieldNumber, cipher.algo_identifier, kIkeCipherAesGcm256, row);
  row.Uint(Sa::kCipherKeyLengthFieldNumber, cipher.key_len);
  row.Uint(Sa::kCipherRoundsFieldNumber, cipher.rounds);
  PutEnum(Sa::kIntegrityFieldNumber, proposal.integrity_algorithm.algo_identifier,
          kIkeIntegritySha384, row);
  PutEnum(Sa::kDhGroupFieldNumber, proposal.dh_group, kIkeDh24, row);
  row.Uint(Sa::kMaxLifetimeSecondsFieldNumber, proposal.max_lifetime_seconds);
  row.Uint(Sa::kQuickModeLimitFieldNumber, proposal.quick_mode_limit);
}

// The bit of the method in the facts; none for a method that the API does not know.
uint32_t MethodBit(const IkeCredential& credential) {
  const uint32_t method = credential.authentication_method_type;
  return method <= kIkeMethodReserved ? uint32_t{1} << (method + 1) : 0;
}

// The methods alone: the credentials themselves are keys, certificates and names. Returns the bits
// of the methods.
uint32_t WriteAuthentications(const IkeCredentials& credentials, RowWriter& row) {
  using Authentication = v1::IkeAuthentication;
  if (credentials.credentials == nullptr) return 0;
  uint32_t methods = 0;
  for (uint32_t i = 0; i < credentials.num_credentials; ++i) {
    const IkeCredential& local = credentials.credentials[i].local_credentials;
    const IkeCredential& peer = credentials.credentials[i].peer_credentials;
    const RowWriter::Open pair = row.BeginMessage(Sa::kAuthenticationsFieldNumber);
    PutEnum(Authentication::kLocalMethodFieldNumber, local.authentication_method_type,
            kIkeMethodReserved, row);
    PutEnum(Authentication::kLocalImpersonationFieldNumber, local.impersonation_type,
            kIkeImpersonationSocketPrincipal, row);
    PutEnum(Authentication::kPeerMethodFieldNumber, peer.authentication_method_type,
            kIkeMethodReserved, row);
    PutEnum(Authentication::kPeerImpersonationFieldNumber, peer.impersonation_type,
            kIkeImpersonationSocketPrincipal, row);
    row.EndMessage(pair);
    methods |= MethodBit(local) | MethodBit(peer);
  }
  return methods;
}

}  // namespace

void WriteIkeSaRow(const IkeSaDetails& details, RowWriter& row) {
  const IkeTraffic& traffic = details.ike_traffic;
  const FilterEngineAddress local(traffic.ip_version, traffic.local_v4_address,
                                  traffic.local_v6_address);
  const FilterEngineAddress remote(traffic.ip_version, traffic.remote_v4_address,
                                   traffic.remote_v6_address);
  row.Clear();
  WriteKey(details.sa_id, row);
  PutEnum(Sa::kKeyModuleFieldNumber, details.key_module_type, kIkeKeyModuleIkev2, row);
  if (!local.text().empty()) {
    row.Text(Sa::kLocalAddressFieldNumber, local.text());
    row.Text(Sa::kRemoteAddressFieldNumber, remote.text());
  }
  // A union in Windows, which has nothing in it for IPv6.
  if (details.ip_version == kIpVersion4 && details.v4_udp_encapsulation != nullptr) {
    row.Uint(Sa::kLocalUdpPortFieldNumber, details.v4_udp_encapsulation->local_udp_encap_port);
    row.Uint(Sa::kRemoteUdpPortFieldNumber, details.v4_udp_encapsulation->remote_udp_encap_port);
  }
  row.Fixed64(Sa::kInitiatorCookieFieldNumber, details.cookie_pair.initiator);
  row.Fixed64(Sa::kResponderCookieFieldNumber, details.cookie_pair.responder);
  WriteProposal(details.ike_proposal, row);
  const uint32_t methods = WriteAuthentications(details.ike_credentials, row);
  const GuidText policy_key = FormatGuid(details.ike_policy_key);
  row.Text(Sa::kPolicyKeyFieldNumber, {policy_key.data(), policy_key.size()});
  if (details.key_module_type == kIkeKeyModuleAuthIp) {
    row.Uint(Sa::kAuthipFilterIdFieldNumber, traffic.auth_ip_filter_id);
  }
  if (details.key_module_type == kIkeKeyModuleIkev2) {
    row.Uint(Sa::kVirtualInterfaceTunnelIdFieldNumber, details.virtual_if_tunnel_id);
  }

  IkeFacts facts = {};
  facts.local_address = local.bytes();
  facts.remote_address = remote.bytes();
  facts.has_addresses = local.text().empty() ? 0 : 1;
  facts.sa_id = details.sa_id;
  facts.authentication_methods = methods;
  if (details.key_module_type <= kIkeKeyModuleIkev2) {
    facts.key_module = static_cast<uint8_t>(details.key_module_type + 1);
  }
  row.SetFacts(facts);
}

}  // namespace farstat::sources::windows
