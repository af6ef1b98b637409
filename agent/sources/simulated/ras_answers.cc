#include "agent/sources/simulated/ras_answers.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::simulated {
namespace {

using windows::RasConnection;
using windows::RasConnectionStatus;

enum Purpose : uint64_t { kEntryGuid = 101, kLuid = 103, kInterface = 104, kCorrelation = 1000 };

constexpr uint32_t kAuthenticationEap = 0xC227;
constexpr uint32_t kAuthenticationChap = 0xC223;
constexpr uint32_t kChapMsV2 = 0x81;
constexpr uint32_t kEapMsChapV2 = 26;
constexpr uint32_t kIkev2AuthenticationEap = 2;
constexpr uint32_t kIkev2Aes256 = 5;
constexpr uint32_t kCompressionMppc = 6;
// Stateless, with a key of 128 bits.
constexpr uint32_t kCcpOptions = 0x42;
constexpr uint32_t kErrorRemoteDisconnection = 629;

struct Kind {
  absl::string_view device_type;
  absl::string_view device_name;
  // Windows tells where the tunnel begins and ends.
  bool has_end_points;
};

Kind KindOf(const RasLine& line) {
  switch (line.kind()) {
    case RAS_KIND_SSTP:
      return {"vpn", "WAN Miniport (SSTP)", false};
    case RAS_KIND_L2TP:
      return {"vpn", "WAN Miniport (L2TP)", true};
    case RAS_KIND_PPTP:
      return {"vpn", "WAN Miniport (PPTP)", true};
    case RAS_KIND_PPPOE:
      return {"PPPoE", "WAN Miniport (PPPOE)", false};
    case RAS_KIND_ISDN:
      return {"isdn", "PCI ISDN Adapter", false};
    default:
      return {"vpn", "WAN Miniport (IKEv2)", true};
  }
}

// The next character of `text`, which loses it.
char32_t TakeUtf8(absl::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  char32_t code_point = size == 1 ? first : first & (0x7F >> size);
  for (size_t i = 1; i < std::min(size, text.size()); ++i) {
    code_point = code_point << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  text.remove_prefix(std::min(size, text.size()));
  return code_point;
}

windows::Guid GuidOf(const RasLine& line, uint64_t purpose) {
  const uint64_t halves[] = {line.Draw(purpose), line.Draw(~purpose)};
  windows::Guid guid;
  static_assert(sizeof(guid) == sizeof(halves));
  std::memcpy(&guid, halves, sizeof(guid));
  // A random GUID (version 4).
  guid.data3 = static_cast<uint16_t>((guid.data3 & 0x0FFF) | 0x4000);
  guid.data4[0] = static_cast<uint8_t>((guid.data4[0] & 0x3F) | 0x80);
  return guid;
}

std::string PhonebookOf(const RasLine& line) {
  constexpr absl::string_view kFile = "\\Microsoft\\Network\\Connections\\Pbk\\rasphone.pbk";
  const std::string& user = line.config().user();
  return user.empty() ? absl::StrCat("C:\\ProgramData", kFile)
                      : absl::StrCat("C:\\Users\\", user, "\\AppData\\Roaming", kFile);
}

// Addresses from ranges for documentation and private use, another one for each line.
void PutIpv4(std::array<uint8_t, 2> network, uint32_t index, uint8_t (&to)[4]) {
  const uint32_t host = index + 2;
  const uint8_t address[] = {network[0], network[1], static_cast<uint8_t>(host >> 8),
                             static_cast<uint8_t>(host)};
  std::copy(std::begin(address), std::end(address), to);
}

void PutIpv6(std::array<uint8_t, 4> network, uint32_t host, uint8_t (&to)[16]) {
  std::fill(std::begin(to), std::end(to), uint8_t{0});
  std::copy(network.begin(), network.end(), to);
  for (int i = 0; i < 4; ++i) to[12 + i] = static_cast<uint8_t>(host >> (24 - 8 * i));
}

void PutEndPoints(const RasLine& line, uint32_t index, RasConnectionStatus& status) {
  if (!KindOf(line).has_end_points) return;
  if (line.config().ipv6_tunnel()) {
    status.local_end_point.type = windows::kRasTunnelIpv6;
    PutIpv6({0x20, 0x01, 0x0d, 0xb8}, 0x20, status.local_end_point.ipv6);
    status.remote_end_point.type = windows::kRasTunnelIpv6;
    PutIpv6({0x20, 0x01, 0x0d, 0xb8}, 0x10000 + index, status.remote_end_point.ipv6);
    return;
  }
  status.local_end_point.type = windows::kRasTunnelIpv4;
  PutIpv4({192, 168}, 256 + 18, status.local_end_point.ipv4);
  status.remote_end_point.type = windows::kRasTunnelIpv4;
  PutIpv4({198, 18}, index, status.remote_end_point.ipv4);
}

// How far dialling has come.
uint32_t DiallingState(absl::Duration since, absl::Duration whole) {
  constexpr uint32_t kStates[] = {windows::kRasStateOpenPort,
                                  windows::kRasStatePortOpened,
                                  windows::kRasStateConnectDevice,
                                  windows::kRasStateDeviceConnected,
                                  windows::kRasStateAllDevicesConnected,
                                  windows::kRasStateStartAuthentication,
                                  windows::kRasStateAuthenticate,
                                  windows::kRasStateAuthNotify,
                                  windows::kRasStateAuthAck,
                                  windows::kRasStateAuthenticated,
                                  windows::kRasStateAuthProject,
                                  windows::kRasStateProjected};
  const double share = absl::FDivDuration(since, std::max(whole, absl::Nanoseconds(1)));
  const auto step = static_cast<size_t>(std::clamp(share, 0.0, 0.999) * std::size(kStates));
  return kStates[step];
}

uint32_t StateOf(const RasLine& line, int link, absl::Duration now) {
  const RasLine::Session& session = line.session();
  if (now < session.connected_at) {
    return DiallingState(now - session.dialled_at, session.connected_at - session.dialled_at);
  }
  if (now >= session.dropped_at) return windows::kRasStateDisconnected;
  if (link > 0 && line.LinkAt(link, now).state == RasLine::LinkState::kDialling) {
    return DiallingState(now - line.LinkAt(link, now).since,
                         session.connected_at - session.dialled_at);
  }
  return windows::kRasStateConnected;
}

// What is negotiated for the inside, the same for both ways of asking.
struct Inside {
  uint8_t ipv4[4];
  uint8_t ipv4_server[4] = {10, 8, 0, 1};
  uint8_t interface_id[8];
  uint8_t server_interface_id[8];
  bool multilink;
  bool bundled;
  bool compressed;
  uint32_t authentication;
  uint32_t chap_algorithm;
  uint32_t eap_type;
};

Inside InsideOf(const RasLine& line, uint32_t index) {
  Inside inside;
  PutIpv4({10, 8}, index, inside.ipv4);
  const uint64_t id = line.Draw(kInterface);
  const uint64_t server_id = line.Draw(kInterface + 1);
  std::memcpy(inside.interface_id, &id, sizeof(id));
  std::memcpy(inside.server_interface_id, &server_id, sizeof(server_id));
  inside.multilink = line.kind() == RAS_KIND_ISDN;
  inside.bundled = line.links() > 1;
  // Encryption of PPTP is a kind of compression.
  inside.compressed = line.kind() == RAS_KIND_PPTP || line.kind() == RAS_KIND_ISDN;
  const bool eap = line.kind() == RAS_KIND_SSTP || line.kind() == RAS_KIND_L2TP;
  inside.authentication = eap ? kAuthenticationEap : kAuthenticationChap;
  inside.chap_algorithm = eap ? 0 : kChapMsV2;
  inside.eap_type = eap ? kEapMsChapV2 : 0;
  return inside;
}

template <typename Structure>
std::vector<uint8_t> Bytes(const Structure& structure) {
  const auto* begin = reinterpret_cast<const uint8_t*>(&structure);
  return {begin, begin + sizeof(structure)};
}

windows::RasPppProjection PppOf(const RasLine& line, uint32_t index) {
  const Inside inside = InsideOf(line, index);
  windows::RasPppProjection ppp = {};
  std::copy(std::begin(inside.ipv4), std::end(inside.ipv4), ppp.ipv4_address);
  std::copy(std::begin(inside.ipv4_server), std::end(inside.ipv4_server), ppp.ipv4_server_address);
  ppp.ipv4_options = 1;
  ppp.ipv4_server_options = 1;
  ppp.ipv6_negotiation_error = line.config().ipv6_error();
  std::copy(std::begin(inside.interface_id), std::end(inside.interface_id),
            ppp.interface_identifier);
  std::copy(std::begin(inside.server_interface_id), std::end(inside.server_interface_id),
            ppp.server_interface_identifier);
  ppp.bundled = inside.bundled ? 1 : 0;
  ppp.multilink = inside.multilink ? 1 : 0;
  ppp.authentication_protocol = inside.authentication;
  ppp.authentication_data = inside.chap_algorithm;
  ppp.eap_type_id = inside.eap_type;
  // SSTP's server has proven who it is, by EAP as well.
  const bool mutual = line.kind() == RAS_KIND_SSTP || line.kind() == RAS_KIND_ISDN;
  ppp.server_authentication_protocol = mutual ? inside.authentication : 0;
  ppp.server_authentication_data = mutual ? inside.chap_algorithm : 0;
  ppp.server_eap_type_id = mutual ? inside.eap_type : 0;
  ppp.lcp_options = 3;
  ppp.lcp_server_options = 7;
  ppp.ccp_error = inside.compressed ? 0 : windows::kErrorProtocolNotConfigured;
  ppp.ccp_compression_algorithm = inside.compressed ? kCompressionMppc : 0;
  ppp.ccp_server_compression_algorithm = ppp.ccp_compression_algorithm;
  ppp.ccp_options = inside.compressed ? kCcpOptions : 0;
  ppp.ccp_server_options = ppp.ccp_options;
  return ppp;
}

// The addresses of the server lie behind the structure: two of IPv4, one of IPv6.
std::vector<uint8_t> Ikev2Of(const RasLine& line, uint32_t index, const void* base) {
  windows::RasProjectionInfo info = {};
  info.version = windows::kRasApiVersion601;
  info.type = windows::kRasProjectionIkev2;
  windows::RasIkev2Projection& ikev2 = info.ikev2;
  PutIpv4({10, 8}, index, ikev2.ipv4_address);
  const uint8_t server[] = {10, 8, 0, 1};
  std::copy(std::begin(server), std::end(server), ikev2.ipv4_server_address);
  ikev2.ipv6_negotiation_error = line.config().ipv6_error();
  if (ikev2.ipv6_negotiation_error == 0) {
    PutIpv6({0xfd, 0, 0, 8}, index + 2, ikev2.ipv6_address);
    PutIpv6({0xfd, 0, 0, 8}, 1, ikev2.ipv6_server_address);
    ikev2.prefix_length = 64;
  }
  ikev2.authentication_protocol = kIkev2AuthenticationEap;
  ikev2.eap_type_id = kEapMsChapV2;
  ikev2.flags = windows::kRasIkev2MobikeSupported | windows::kRasIkev2BehindNat |
                (index % 4 == 3 ? uint32_t{windows::kRasIkev2ServerBehindNat} : 0);
  ikev2.encryption_method = kIkev2Aes256;

  uint8_t ipv4[2][4];
  uint8_t ipv6[1][16];
  PutIpv4({203, 0}, 113 * 256 + index, ipv4[0]);
  PutIpv4({203, 0}, 113 * 256 + index + 1, ipv4[1]);
  PutIpv6({0x20, 0x01, 0x0d, 0xb8}, 0x20000 + index, ipv6[0]);
  const auto* behind = static_cast<const uint8_t*>(base) + sizeof(info);
  ikev2.num_ipv4_server_addresses = std::size(ipv4);
  ikev2.ipv4_server_addresses = reinterpret_cast<const uint8_t(*)[4]>(behind);
  ikev2.num_ipv6_server_addresses = std::size(ipv6);
  ikev2.ipv6_server_addresses = reinterpret_cast<const uint8_t(*)[16]>(behind + sizeof(ipv4));

  std::vector<uint8_t> bytes = Bytes(info);
  const std::vector<uint8_t> tails[] = {Bytes(ipv4), Bytes(ipv6)};
  for (const std::vector<uint8_t>& tail : tails) {
    bytes.insert(bytes.end(), tail.begin(), tail.end());
  }
  return bytes;
}

std::vector<uint8_t> LcpOf(const windows::RasPppProjection& ppp) {
  windows::RasPppLcp lcp = {};
  lcp.size = sizeof(lcp);
  lcp.bundled = ppp.bundled;
  lcp.multilink = ppp.multilink;
  lcp.authentication_protocol = ppp.authentication_protocol;
  lcp.authentication_data = ppp.authentication_data;
  lcp.eap_type_id = ppp.eap_type_id;
  lcp.server_authentication_protocol = ppp.server_authentication_protocol;
  lcp.server_authentication_data = ppp.server_authentication_data;
  lcp.server_eap_type_id = ppp.server_eap_type_id;
  PutUtf16("S=welcome", lcp.reply_message);
  lcp.options = ppp.lcp_options;
  lcp.server_options = ppp.lcp_server_options;
  return Bytes(lcp);
}

std::vector<uint8_t> IpOf(const windows::RasPppProjection& ppp) {
  windows::RasPppIp ip = {};
  ip.size = sizeof(ip);
  const auto text = [](const uint8_t(&a)[4]) {
    return absl::StrCat(a[0], ".", a[1], ".", a[2], ".", a[3]);
  };
  PutUtf16(text(ppp.ipv4_address), ip.ip_address);
  PutUtf16(text(ppp.ipv4_server_address), ip.server_ip_address);
  ip.options = ppp.ipv4_options;
  ip.server_options = ppp.ipv4_server_options;
  return Bytes(ip);
}

std::vector<uint8_t> Ipv6Of(const windows::RasPppProjection& ppp) {
  windows::RasPppIpv6 ipv6 = {};
  ipv6.size = sizeof(ipv6);
  ipv6.error = ppp.ipv6_negotiation_error;
  if (ipv6.error == windows::kErrorProtocolNotConfigured) return {};
  std::copy(std::begin(ppp.interface_identifier), std::end(ppp.interface_identifier),
            ipv6.local_interface_identifier);
  std::copy(std::begin(ppp.server_interface_identifier), std::end(ppp.server_interface_identifier),
            ipv6.peer_interface_identifier);
  // IP header compression (RFC 5172).
  ipv6.local_compression_protocol[1] = 0x61;
  ipv6.peer_compression_protocol[1] = 0x61;
  return Bytes(ipv6);
}

std::vector<uint8_t> CcpOf(const windows::RasPppProjection& ppp) {
  if (ppp.ccp_error == windows::kErrorProtocolNotConfigured) return {};
  windows::RasPppCcp ccp = {};
  ccp.size = sizeof(ccp);
  ccp.error = ppp.ccp_error;
  ccp.compression_algorithm = ppp.ccp_compression_algorithm;
  ccp.options = ppp.ccp_options;
  ccp.server_compression_algorithm = ppp.ccp_server_compression_algorithm;
  ccp.server_options = ppp.ccp_server_options;
  return Bytes(ccp);
}

}  // namespace

void PutUtf16(absl::string_view text, absl::Span<char16_t> to) {
  size_t at = 0;
  while (!text.empty()) {
    const char32_t code_point = TakeUtf8(text);
    const size_t units = code_point < 0x10000 ? 1 : 2;
    if (at + units >= to.size()) break;
    if (units == 2) to[at++] = static_cast<char16_t>(0xD7C0 + (code_point >> 10));
    to[at++] = static_cast<char16_t>(units == 1 ? code_point : 0xDC00 | (code_point & 0x3FF));
  }
  to[at] = 0;
}

RasConnection ConnectionOf(const RasLine& line, uint32_t index, windows::Handle handle) {
  // LUID of the system's own logon session.
  constexpr uint32_t kSystemLuid = 0x3e7;
  const Kind kind = KindOf(line);
  const bool all_users = line.config().user().empty();
  RasConnection connection = {};
  connection.handle = handle;
  PutUtf16(line.entry_name(), connection.entry_name);
  PutUtf16(kind.device_type, connection.device_type);
  PutUtf16(kind.device_name, connection.device_name);
  PutUtf16(PhonebookOf(line), connection.phonebook);
  connection.sub_entry = 1;
  connection.guid_entry = GuidOf(line, kEntryGuid);
  connection.flags = windows::kRasFlagOwnerKnown;
  connection.luid = {static_cast<uint32_t>(line.Draw(kLuid)), static_cast<int32_t>(index % 3)};
  if (all_users) {
    connection.flags |= windows::kRasFlagAllUsers | windows::kRasFlagGlobalCredentials |
                        windows::kRasFlagOwnerMatch;
    connection.luid = {kSystemLuid, 0};
  }
  connection.guid_correlation_id = GuidOf(line, kCorrelation + line.session().number);
  return connection;
}

RasConnectionStatus StatusOf(const RasLine& line, uint32_t index, int link, absl::Duration now) {
  const Kind kind = KindOf(line);
  RasConnectionStatus status = {};
  status.state = StateOf(line, link, now);
  if (status.state == windows::kRasStateDisconnected) {
    const uint32_t error = line.config().drop_error();
    status.error = error != 0 ? error : kErrorRemoteDisconnection;
  }
  PutUtf16(kind.device_type, status.device_type);
  PutUtf16(link > 1 ? absl::StrCat(kind.device_name, " #", link) : std::string(kind.device_name),
           status.device_name);
  const std::string& server = line.config().server();
  PutUtf16(server.empty() ? "vpn.example.com" : server, status.phone_number);
  PutEndPoints(line, index, status);
  status.sub_state = line.SubStateAt(now);
  return status;
}

bool IsProjected(const RasLine& line, absl::Duration now) {
  const uint32_t state = StateOf(line, 0, now);
  return state == windows::kRasStateConnected || state == windows::kRasStateProjected;
}

std::vector<uint8_t> WholeProjection(const RasLine& line, uint32_t index, const void* base) {
  if (line.kind() == RAS_KIND_IKEV2) return Ikev2Of(line, index, base);
  windows::RasProjectionInfo info = {};
  info.version = windows::kRasApiVersion601;
  info.type = windows::kRasProjectionPpp;
  info.ppp = PppOf(line, index);
  return Bytes(info);
}

std::vector<uint8_t> ProtocolProjection(const RasLine& line, uint32_t index, uint32_t kind) {
  if (line.kind() == RAS_KIND_IKEV2) return {};
  const windows::RasPppProjection ppp = PppOf(line, index);
  switch (kind) {
    case windows::kRasProjectionPppIp:
      return IpOf(ppp);
    case windows::kRasProjectionPppIpv6:
      return Ipv6Of(ppp);
    case windows::kRasProjectionPppLcp:
      return LcpOf(ppp);
    default:
      return CcpOf(ppp);
  }
}

}  // namespace farstat::sources::simulated
