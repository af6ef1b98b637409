#include "agent/sources/simulated/tcp_address.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "common/ip_address.h"

namespace farstat::sources::simulated {
namespace {

constexpr uint32_t kLinkScope = 12;  // As Windows numbers a first adapter.

uint64_t Word(const TcpAddress& address, size_t at) {
  uint64_t word;
  std::memcpy(&word, address.bytes.data() + at, sizeof(word));
  return word;
}

}  // namespace

uint32_t TcpAddress::V4() const {
  uint32_t address;
  std::memcpy(&address, bytes.data(), sizeof(address));
  return address;
}

TcpAddress TcpAddress::FromV4(uint32_t address) {
  TcpAddress result;
  std::memcpy(result.bytes.data(), &address, sizeof(address));
  return result;
}

uint32_t TcpAddress::Scope() const {
  return v6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80 ? kLinkScope : 0;
}

size_t TcpEndPointsHash::operator()(const TcpEndPoints& end_points) const {
  uint64_t hash = Mixed(uint64_t{end_points.local_port} << 16 | end_points.remote_port);
  hash = Mixed(hash ^ Word(end_points.remote, 0));
  hash ^= Word(end_points.local, 0) * 0x9E3779B97F4A7C15u;
  if (end_points.local.v6) {
    hash = Mixed(hash ^ Word(end_points.remote, 8)) ^ Word(end_points.local, 8);
  }
  return Mixed(hash);
}

// The bits behind the prefix are drawn; the net's own address and the broadcast address are left.
TcpAddress TcpNet::Draw(TcpChance& chance) const {
  TcpAddress drawn = address;
  const int bits = address.v6 ? 128 : 32;
  if (prefix_length >= bits) return drawn;
  for (int bit = prefix_length; bit < bits - 8; ++bit) {
    if (chance.Happens(0.5)) drawn.bytes[bit / 8] |= 0x80 >> bit % 8;
  }
  const int last_bits = bits - prefix_length < 8 ? bits - prefix_length : 8;
  const auto choices = static_cast<size_t>((1 << last_bits) - 2);
  const size_t last = choices == 0 ? chance.Index(2) : 1 + chance.Index(choices);
  drawn.bytes[bits / 8 - 1] |= static_cast<uint8_t>(last);
  return drawn;
}

absl::optional<TcpNet> ParseTcpNet(const std::string& text) {
  const absl::string_view view = text;
  const size_t slash = view.find('/');
  const std::string bytes = ParseIpAddress(view.substr(0, slash));
  if (bytes.empty()) return absl::nullopt;
  TcpNet net = {};
  net.address.v6 = bytes.size() == net.address.bytes.size();
  std::copy(bytes.begin(), bytes.end(), net.address.bytes.begin());
  const int bits = net.address.v6 ? 128 : 32;
  net.prefix_length = bits;
  if (slash != absl::string_view::npos &&
      (!absl::SimpleAtoi(view.substr(slash + 1), &net.prefix_length) || net.prefix_length < 0 ||
       net.prefix_length > bits)) {
    return absl::nullopt;
  }
  return net;
}

}  // namespace farstat::sources::simulated
