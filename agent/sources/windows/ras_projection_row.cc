// How what was negotiated is written into the row.

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "agent/sources/address_text.h"
#include "agent/sources/windows/ras_projection.h"
#include "agent/sources/windows/ras_row.h"
#include "agent/sources/windows/ras_text.h"
#include "agent/sources/windows/win32_status.h"
#include "farstat/v1/ras.pb.h"

namespace farstat::sources::windows {
namespace {

using Ppp = v1::RasPppProjection;
using Ikev2 = v1::RasIkev2Projection;

// Other addresses of a server that are shown.
constexpr uint32_t kMaxServerAddresses = 64;

template <size_t kBytes>
bool IsZero(const uint8_t (&bytes)[kBytes]) {
  return std::all_of(std::begin(bytes), std::end(bytes), [](uint8_t byte) { return byte == 0; });
}

// Why a protocol was not negotiated; absent if it was not tried.
void PutError(int field, uint32_t error, RowWriter& row) {
  if (error != kErrorProtocolNotConfigured) row.Uint(field, error);
}

// Addresses that are all zeros are none.
void PutIpv4(int field, const uint8_t (&address)[4], RowWriter& row) {
  AddressText text;
  if (!IsZero(address)) row.Text(field, text.FormatIpv4(address));
}

void PutIpv6(int field, const uint8_t (&address)[16], RowWriter& row) {
  AddressText text;
  if (!IsZero(address)) row.Text(field, text.FormatIpv6(address));
}

void PutInterfaceId(int field, const uint8_t (&id)[8], RowWriter& row) {
  row.Text(field, absl::StrFormat("%02x%02x:%02x%02x:%02x%02x:%02x%02x", id[0], id[1], id[2], id[3],
                                  id[4], id[5], id[6], id[7]));
}

void AddIpv4Fact(const uint8_t (&address)[4], RasFacts& facts) {
  if (IsZero(address)) return;
  facts.ipv4_address = MapIpv4(address);
  facts.has_ipv4_address = 1;
}

// The fields for one direction of a PPP authentication.
struct AuthenticationFields {
  int protocol;
  int chap_algorithm;
  int eap_type;
};
constexpr AuthenticationFields kOwnAuthentication = {
    Ppp::kAuthenticationFieldNumber, Ppp::kChapAlgorithmFieldNumber, Ppp::kEapTypeFieldNumber};
constexpr AuthenticationFields kServerAuthentication = {Ppp::kServerAuthenticationFieldNumber,
                                                        Ppp::kServerChapAlgorithmFieldNumber,
                                                        Ppp::kServerEapTypeFieldNumber};

void PutAuthentication(const AuthenticationFields& fields, uint32_t protocol, uint32_t data,
                       uint32_t eap_type, RowWriter& row) {
  row.Uint(fields.protocol, protocol);
  if (protocol == v1::RAS_PPP_AUTHENTICATION_CHAP) row.Uint(fields.chap_algorithm, data);
  if (protocol == v1::RAS_PPP_AUTHENTICATION_EAP) row.Uint(fields.eap_type, eap_type);
}

// RASPPPIPW has addresses as text. False: it is none.
bool ParseIpv4(absl::string_view text, uint8_t (&address)[4]) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  if (parts.size() != std::size(address)) return false;
  for (size_t i = 0; i < parts.size(); ++i) {
    uint32_t value = 0;
    if (!absl::SimpleAtoi(parts[i], &value) || value > 255) return false;
    address[i] = static_cast<uint8_t>(value);
  }
  return true;
}

void PutIp(const RasPppIp& ip, RowWriter& row, RasFacts& facts) {
  PutError(Ppp::kIpv4ErrorCodeFieldNumber, ip.error, row);
  if (ip.error != 0) return;
  RasText text;
  uint8_t address[4];
  if (ParseIpv4(text.Utf8(ip.ip_address), address)) {
    PutIpv4(Ppp::kIpv4AddressFieldNumber, address, row);
    AddIpv4Fact(address, facts);
  }
  if (ParseIpv4(text.Utf8(ip.server_ip_address), address)) {
    PutIpv4(Ppp::kIpv4ServerAddressFieldNumber, address, row);
  }
  row.Uint(Ppp::kIpv4OptionsFieldNumber, ip.options);
  row.Uint(Ppp::kIpv4ServerOptionsFieldNumber, ip.server_options);
}

// In network order.
uint32_t ProtocolNumber(const uint8_t (&bytes)[2]) { return uint32_t{bytes[0]} << 8 | bytes[1]; }

void PutIpv6Protocol(const RasPppIpv6& ipv6, RowWriter& row) {
  PutError(Ppp::kIpv6ErrorCodeFieldNumber, ipv6.error, row);
  if (ipv6.error != 0) return;
  PutInterfaceId(Ppp::kIpv6InterfaceIdFieldNumber, ipv6.local_interface_identifier, row);
  PutInterfaceId(Ppp::kIpv6ServerInterfaceIdFieldNumber, ipv6.peer_interface_identifier, row);
  row.Uint(Ppp::kIpv6CompressionProtocolFieldNumber,
           ProtocolNumber(ipv6.local_compression_protocol));
  row.Uint(Ppp::kIpv6ServerCompressionProtocolFieldNumber,
           ProtocolNumber(ipv6.peer_compression_protocol));
}

void PutLcp(const RasPppLcp& lcp, RowWriter& row) {
  row.Bool(Ppp::kBundledFieldNumber, lcp.bundled != 0);
  row.Bool(Ppp::kMultilinkFieldNumber, lcp.multilink != 0);
  PutAuthentication(kOwnAuthentication, lcp.authentication_protocol, lcp.authentication_data,
                    lcp.eap_type_id, row);
  PutAuthentication(kServerAuthentication, lcp.server_authentication_protocol,
                    lcp.server_authentication_data, lcp.server_eap_type_id, row);
  row.Uint(Ppp::kLcpOptionsFieldNumber, lcp.options);
  row.Uint(Ppp::kLcpServerOptionsFieldNumber, lcp.server_options);
  row.Uint(Ppp::kLcpErrorCodeFieldNumber, lcp.error);
  row.Uint(Ppp::kTerminateReasonFieldNumber, lcp.terminate_reason);
  row.Uint(Ppp::kServerTerminateReasonFieldNumber, lcp.server_terminate_reason);
  RasText text;
  const absl::string_view reply = text.Utf8(lcp.reply_message);
  if (!reply.empty()) row.Text(Ppp::kReplyMessageFieldNumber, reply);
}

// The four that both structures have.
struct Compression {
  uint32_t error;
  uint32_t algorithm;
  uint32_t server_algorithm;
  uint32_t options;
  uint32_t server_options;
};

void PutCompression(const Compression& ccp, RowWriter& row) {
  PutError(Ppp::kCcpErrorCodeFieldNumber, ccp.error, row);
  if (ccp.error != 0) return;
  row.Uint(Ppp::kCcpAlgorithmFieldNumber, ccp.algorithm);
  row.Uint(Ppp::kCcpServerAlgorithmFieldNumber, ccp.server_algorithm);
  row.Uint(Ppp::kCcpOptionsFieldNumber, ccp.options);
  row.Uint(Ppp::kCcpServerOptionsFieldNumber, ccp.server_options);
}

void PutPppIpv4(const RasPppProjection& ppp, RowWriter& row, RasFacts& facts) {
  PutError(Ppp::kIpv4ErrorCodeFieldNumber, ppp.ipv4_negotiation_error, row);
  if (ppp.ipv4_negotiation_error != 0) return;
  PutIpv4(Ppp::kIpv4AddressFieldNumber, ppp.ipv4_address, row);
  AddIpv4Fact(ppp.ipv4_address, facts);
  PutIpv4(Ppp::kIpv4ServerAddressFieldNumber, ppp.ipv4_server_address, row);
  row.Uint(Ppp::kIpv4OptionsFieldNumber, ppp.ipv4_options);
  row.Uint(Ppp::kIpv4ServerOptionsFieldNumber, ppp.ipv4_server_options);
}

void PutPppIpv6(const RasPppProjection& ppp, RowWriter& row) {
  PutError(Ppp::kIpv6ErrorCodeFieldNumber, ppp.ipv6_negotiation_error, row);
  if (ppp.ipv6_negotiation_error != 0) return;
  PutInterfaceId(Ppp::kIpv6InterfaceIdFieldNumber, ppp.interface_identifier, row);
  PutInterfaceId(Ppp::kIpv6ServerInterfaceIdFieldNumber, ppp.server_interface_identifier, row);
}

void PutIkev2Addresses(const RasIkev2Projection& ikev2, RowWriter& row, RasFacts& facts) {
  row.Uint(Ikev2::kIpv4ErrorCodeFieldNumber, ikev2.ipv4_negotiation_error);
  if (ikev2.ipv4_negotiation_error == 0) {
    PutIpv4(Ikev2::kIpv4AddressFieldNumber, ikev2.ipv4_address, row);
    AddIpv4Fact(ikev2.ipv4_address, facts);
    PutIpv4(Ikev2::kIpv4ServerAddressFieldNumber, ikev2.ipv4_server_address, row);
  }
  row.Uint(Ikev2::kIpv6ErrorCodeFieldNumber, ikev2.ipv6_negotiation_error);
  if (ikev2.ipv6_negotiation_error != 0 || IsZero(ikev2.ipv6_address)) return;
  PutIpv6(Ikev2::kIpv6AddressFieldNumber, ikev2.ipv6_address, row);
  std::copy(std::begin(ikev2.ipv6_address), std::end(ikev2.ipv6_address),
            facts.ipv6_address.begin());
  facts.has_ipv6_address = 1;
  PutIpv6(Ikev2::kIpv6ServerAddressFieldNumber, ikev2.ipv6_server_address, row);
  row.Uint(Ikev2::kIpv6PrefixLengthFieldNumber, ikev2.prefix_length);
}

}  // namespace

void RasProjectionReader::Write(RowWriter& row, RasFacts& facts) {
  using Projection = v1::RasProjection;
  const RowWriter::Open message = row.BeginMessage(v1::RasConnection::kProjectionFieldNumber);
  const uint32_t type = whole_.type == 0 ? kRasProjectionPpp : whole_.type;
  row.Uint(Projection::kTypeFieldNumber, type);
  if (type == kRasProjectionPpp) {
    const RowWriter::Open ppp = row.BeginMessage(Projection::kPppFieldNumber);
    if (whole_.type == 0) {
      WriteProtocols(row, facts);
    } else {
      WritePpp(whole_.ppp, row, facts);
    }
    row.EndMessage(ppp);
  } else if (type == kRasProjectionIkev2) {
    const RowWriter::Open ikev2 = row.BeginMessage(Projection::kIkev2FieldNumber);
    WriteIkev2(whole_.ikev2, row, facts);
    row.EndMessage(ikev2);
  }
  row.EndMessage(message);
}

void RasProjectionReader::WritePpp(const RasPppProjection& ppp, RowWriter& row, RasFacts& facts) {
  PutPppIpv4(ppp, row, facts);
  PutPppIpv6(ppp, row);
  row.Bool(Ppp::kBundledFieldNumber, ppp.bundled != 0);
  row.Bool(Ppp::kMultilinkFieldNumber, ppp.multilink != 0);
  PutAuthentication(kOwnAuthentication, ppp.authentication_protocol, ppp.authentication_data,
                    ppp.eap_type_id, row);
  PutAuthentication(kServerAuthentication, ppp.server_authentication_protocol,
                    ppp.server_authentication_data, ppp.server_eap_type_id, row);
  row.Uint(Ppp::kLcpOptionsFieldNumber, ppp.lcp_options);
  row.Uint(Ppp::kLcpServerOptionsFieldNumber, ppp.lcp_server_options);
  PutCompression({ppp.ccp_error, ppp.ccp_compression_algorithm,
                  ppp.ccp_server_compression_algorithm, ppp.ccp_options, ppp.ccp_server_options},
                 row);
}

void RasProjectionReader::WriteProtocols(RowWriter& row, RasFacts& facts) {
  if (protocols_.ip) PutIp(*protocols_.ip, row, facts);
  if (protocols_.ipv6) PutIpv6Protocol(*protocols_.ipv6, row);
  if (protocols_.lcp) PutLcp(*protocols_.lcp, row);
  if (const absl::optional<RasPppCcp>& ccp = protocols_.ccp) {
    PutCompression({ccp->error, ccp->compression_algorithm, ccp->server_compression_algorithm,
                    ccp->options, ccp->server_options},
                   row);
  }
}

void RasProjectionReader::WriteIkev2(const RasIkev2Projection& ikev2, RowWriter& row,
                                     RasFacts& facts) {
  PutIkev2Addresses(ikev2, row, facts);
  row.Uint(Ikev2::kAuthenticationFieldNumber, ikev2.authentication_protocol);
  if (ikev2.authentication_protocol == v1::RAS_IKEV2_AUTHENTICATION_EAP) {
    row.Uint(Ikev2::kEapTypeFieldNumber, ikev2.eap_type_id);
  }
  row.Bool(Ikev2::kMobikeFieldNumber, (ikev2.flags & kRasIkev2MobikeSupported) != 0);
  row.Bool(Ikev2::kBehindNatFieldNumber, (ikev2.flags & kRasIkev2BehindNat) != 0);
  row.Bool(Ikev2::kServerBehindNatFieldNumber, (ikev2.flags & kRasIkev2ServerBehindNat) != 0);
  row.Uint(Ikev2::kEncryptionFieldNumber, ikev2.encryption_method);
  AddressText text;
  for (const auto& address :
       InBuffer(ikev2.ipv4_server_addresses, ikev2.num_ipv4_server_addresses)) {
    row.Text(Ikev2::kIpv4ServerAddressesFieldNumber, text.FormatIpv4(address));
  }
  for (const auto& address :
       InBuffer(ikev2.ipv6_server_addresses, ikev2.num_ipv6_server_addresses)) {
    row.Text(Ikev2::kIpv6ServerAddressesFieldNumber, text.FormatIpv6(address));
  }
}

template <size_t kBytes>
absl::Span<const uint8_t[kBytes]> RasProjectionReader::InBuffer(const uint8_t (*addresses)[kBytes],
                                                                uint32_t count) {
  const auto begin = reinterpret_cast<uintptr_t>(buffer_.data());
  const uintptr_t end = begin + buffer_.size();
  const auto at = reinterpret_cast<uintptr_t>(addresses);
  if (at < begin || at > end || (end - at) / kBytes < count) return {};
  return {addresses, std::min(count, kMaxServerAddresses)};
}

}  // namespace farstat::sources::windows
