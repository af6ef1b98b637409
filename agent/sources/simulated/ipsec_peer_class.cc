#include "agent/sources/simulated/ipsec_peer_class.h"

#include <algorithm>

namespace farstat::sources::simulated {
namespace {

constexpr uint32_t kTimedOut = 13805;
constexpr double kTimeoutMilliseconds = 60'000;

template <typename Number>
Number Or(Number value, Number default_value) {
  return value > 0 ? value : default_value;
}

windows::IkeKeyModuleType KeyModuleType(const IpsecPeers& peers) {
  switch (peers.key_module()) {
    case KEY_MODULE_IKEV1:
      return windows::kIkeKeyModuleIke;
    case KEY_MODULE_AUTHIP:
      return windows::kIkeKeyModuleAuthIp;
    default:
      return windows::kIkeKeyModuleIkev2;
  }
}

uint32_t LifetimeSeconds(const IpsecPeers& peers) { return Or(peers.lifetime_s(), 3600u); }

double BytesPerPacket(const IpsecPeers& peers) { return Or(peers.bytes_per_packet(), 800.0); }

double LifetimeBytes(const IpsecPeers& peers) {
  const double by_volume = 1024.0 * peers.lifetime_kilobytes();
  const double by_packets = BytesPerPacket(peers) * peers.lifetime_packets();
  return by_volume > 0 && by_packets > 0 ? std::min(by_volume, by_packets) : by_volume + by_packets;
}

absl::Duration FirstContact(const IpsecPeers& peers) {
  const absl::Duration time = peers.has_first_contact_s() ? absl::Seconds(peers.first_contact_s())
                                                          : -absl::Seconds(LifetimeSeconds(peers));
  return std::max(time, kIpsecBeginning);
}

absl::Duration FirstContactSpread(const IpsecPeers& peers) {
  if (peers.has_first_contact_spread_s()) {
    return absl::Seconds(std::max(peers.first_contact_spread_s(), 0.0));
  }
  return peers.has_first_contact_s() ? absl::ZeroDuration() : -FirstContact(peers);
}

}  // namespace

IkeNegotiation::IkeNegotiation(double milliseconds, double default_milliseconds,
                               const google::protobuf::RepeatedPtrField<IkeFailure>& failures)
    : takes_(absl::Milliseconds(Or(milliseconds, default_milliseconds))) {
  for (const IkeFailure& failure : failures) {
    const double usual =
        failure.code() == kTimedOut ? kTimeoutMilliseconds : absl::ToDoubleMilliseconds(takes_);
    failures_.push_back(
        {failure.code(), failure.share(), absl::Milliseconds(Or(failure.takes_ms(), usual))});
  }
}

IkeOutcome IkeNegotiation::Draw(IpsecChance& chance) const {
  const double factor = chance.Between(0.5, 1.5);
  double share = chance.Share();
  for (const Failure& failure : failures_) {
    if (share < failure.share) return {failure.code, failure.takes * factor};
    share -= failure.share;
  }
  return {0, takes_ * factor};
}

IpsecPeerClass::IpsecPeerClass(const IpsecPeers& peers, uint32_t class_number)
    : scenario(peers),
      number(class_number),
      key_module(KeyModuleType(peers)),
      main_mode(peers.main_mode_ms(), 80, peers.main_mode_failures()),
      quick_mode(peers.quick_mode_ms(), 30, peers.quick_mode_failures()),
      extended_mode(peers.extended_mode_ms(), 40, peers.extended_mode_failures()),
      retry(absl::Seconds(Or(peers.retry_s(), 15.0))),
      first_contact(FirstContact(peers)),
      first_contact_spread(FirstContactSpread(peers)),
      session(absl::Seconds(peers.session_s())),
      pause(absl::Seconds(peers.pause_s())),
      bytes_per_packet(BytesPerPacket(peers)),
      rate_period(absl::Seconds(Or(peers.rate_period_s(), 300.0))),
      sa_pairs(Or(peers.sa_pairs(), 1u)),
      lifetime_seconds(LifetimeSeconds(peers)),
      lifetime_bytes(LifetimeBytes(peers)),
      idle_timeout_seconds(Or(peers.idle_timeout_s(), 300u)),
      overlap(absl::Seconds(Or(peers.overlap_s(), 10.0))),
      main_mode_lifetime_seconds(Or(peers.main_mode_lifetime_s(), 28'800u)),
      behind_nat(peers.nat_traversal() && !peers.ipv6()) {}

}  // namespace farstat::sources::simulated
