#include "agent/sources/windows/ipsec_sa_row.h"

#include <algorithm>

#include "agent/sources/ipsec_rows.h"
#include "agent/sources/windows/filter_engine_address.h"

namespace farstat::sources::windows {
namespace {

using Sa = v1::IpsecSa;

// Numbers of Windows that the API has, too, one higher; what it does not know is left out.
constexpr uint32_t kLastTrafficType = kIpsecTunnel;
constexpr uint32_t kLastPfsGroup = kIpsecPfs24;

v1::IpsecMode ModeOf(const IpsecTraffic& traffic) {
  return traffic.traffic_type <= kLastTrafficType
             ? static_cast<v1::IpsecMode>(traffic.traffic_type + 1)
             : v1::IPSEC_MODE_UNSPECIFIED;
}

v1::IpsecTransformType TransformTypeOf(const IpsecSa& sa) {
  return sa.sa_transform_type <= kIpsecTransformEspAuthFirewall
             ? static_cast<v1::IpsecTransformType>(sa.sa_transform_type)
             : v1::IPSEC_TRANSFORM_TYPE_UNSPECIFIED;
}

// For members that are 0 where there is no such thing.
void PutUnlessZero(int field, uint64_t value, RowWriter& row) {
  if (value != 0) row.Uint(field, value);
}

void WriteKey(uint64_t sa_context_id, v1::IpsecDirection direction, RowWriter& row) {
  using Key = v1::IpsecSaKey;
  const RowWriter::Open key = row.BeginMessage(Sa::kKeyFieldNumber);
  // Not optional in the proto: zeros are left out, so that these are the bytes that every client
  // gets when it encodes the key.
  PutUnlessZero(Key::kSaContextIdFieldNumber, sa_context_id, row);
  row.Uint(Key::kDirectionFieldNumber, static_cast<uint64_t>(direction));
  row.EndMessage(key);
  row.MarkKey(key);
}

void WriteTraffic(const IpsecTraffic& traffic, RowWriter& row) {
  const v1::IpsecMode mode = ModeOf(traffic);
  if (mode != v1::IPSEC_MODE_UNSPECIFIED) {
    row.Uint(Sa::kModeFieldNumber, static_cast<uint64_t>(mode));
  }
  if (mode == v1::IPSEC_MODE_TRANSPORT) {
    row.Uint(Sa::kFilterIdFieldNumber, traffic.ipsec_filter_id);
    PutUnlessZero(Sa::kTrafficProtocolFieldNumber, traffic.ip_protocol, row);
    PutUnlessZero(Sa::kLocalPortFieldNumber, traffic.local_port, row);
    PutUnlessZero(Sa::kRemotePortFieldNumber, traffic.remote_port, row);
  } else if (mode == v1::IPSEC_MODE_TUNNEL) {
    row.Uint(Sa::kTunnelPolicyIdFieldNumber, traffic.tunnel_policy_id);
  }
  PutUnlessZero(Sa::kLocalInterfaceLuidFieldNumber, traffic.local_if_luid, row);
  row.Uint(Sa::kInterfaceProfileIdFieldNumber, traffic.real_if_profile_id);
}

// The SAs themselves, without what their `information` leads to: the keys.
void WriteTransforms(const IpsecSaBundle& bundle, RowWriter& row, IpsecFacts& facts) {
  using Transform = v1::IpsecTransform;
  if (bundle.sa_list == nullptr) return;
  facts.transforms = static_cast<uint8_t>(std::min(bundle.num_sas, uint32_t{kIpsecMaxTransforms}));
  for (uint8_t i = 0; i < facts.transforms; ++i) {
    const IpsecSa& sa = bundle.sa_list[i];
    const v1::IpsecTransformType type = TransformTypeOf(sa);
    facts.spis[i] = sa.spi;
    facts.transform_types[i] = static_cast<uint8_t>(type);
    const RowWriter::Open transform = row.BeginMessage(Sa::kTransformsFieldNumber);
    row.Uint(Transform::kSpiFieldNumber, sa.spi);
    if (type != v1::IPSEC_TRANSFORM_TYPE_UNSPECIFIED) {
      row.Uint(Transform::kTypeFieldNumber, static_cast<uint64_t>(type));
    }
    row.EndMessage(transform);
  }
}

void WriteBundle(const IpsecSaBundle& bundle, RowWriter& row) {
  PutUnlessZero(Sa::kLifetimeSecondsFieldNumber, bundle.lifetime.lifetime_seconds, row);
  PutUnlessZero(Sa::kLifetimeKilobytesFieldNumber, bundle.lifetime.lifetime_kilobytes, row);
  PutUnlessZero(Sa::kLifetimePacketsFieldNumber, bundle.lifetime.lifetime_packets, row);
  row.Uint(Sa::kIdleTimeoutSecondsFieldNumber, bundle.idle_timeout_seconds);
  row.Uint(Sa::kAllowClearTimeoutSecondsFieldNumber, bundle.nd_allow_clear_timeout_seconds);
  row.Uint(Sa::kQuickModeSaIdFieldNumber, bundle.qm_sa_id);
  row.Uint(Sa::kMainModeSaIdFieldNumber, bundle.mm_sa_id);
  row.Uint(Sa::kQuickModeFilterIdFieldNumber, bundle.qm_filter_id);
  if (bundle.pfs_group <= kLastPfsGroup) {
    row.Uint(Sa::kPfsGroupFieldNumber, bundle.pfs_group + 1);
  }
  row.Uint(Sa::kBundleFlagsFieldNumber, bundle.flags);
  row.Bool(Sa::kOffloadedFieldNumber, (bundle.flags & kIpsecBundleSaOffloaded) != 0);
  if (bundle.ip_version == kIpVersion4 && bundle.peer_v4_private_address != 0) {
    const FilterEngineAddress address(kIpVersion4, bundle.peer_v4_private_address, nullptr);
    row.Text(Sa::kPeerPrivateAddressFieldNumber, address.text());
  }
}

}  // namespace

void WriteIpsecSaRow(uint64_t sa_context_id, v1::IpsecDirection direction,
                     const IpsecSaDetails& details, RowWriter& row) {
  const IpsecTraffic& traffic = details.traffic;
  const FilterEngineAddress local(traffic.ip_version, traffic.local_v4_address,
                                  traffic.local_v6_address);
  const FilterEngineAddress remote(traffic.ip_version, traffic.remote_v4_address,
                                   traffic.remote_v6_address);
  IpsecFacts facts = {};
  row.Clear();
  WriteKey(sa_context_id, direction, row);
  if (!local.text().empty()) {
    row.Text(Sa::kLocalAddressFieldNumber, local.text());
    row.Text(Sa::kRemoteAddressFieldNumber, remote.text());
  }
  WriteTraffic(traffic, row);
  WriteTransforms(details.sa_bundle, row, facts);
  WriteBundle(details.sa_bundle, row);
  // A union in Windows, which has nothing in it for IPv6.
  if (details.ip_version == kIpVersion4 && details.udp_encapsulation != nullptr) {
    row.Uint(Sa::kLocalUdpPortFieldNumber, details.udp_encapsulation->local_udp_encap_port);
    row.Uint(Sa::kRemoteUdpPortFieldNumber, details.udp_encapsulation->remote_udp_encap_port);
  }
  PutUnlessZero(Sa::kVirtualInterfaceTunnelIdFieldNumber,
                details.virtual_if_tunnel_info.virtual_if_tunnel_id, row);
  PutUnlessZero(Sa::kTrafficSelectorIdFieldNumber,
                details.virtual_if_tunnel_info.traffic_selector_id, row);

  facts.local_address = local.bytes();
  facts.remote_address = remote.bytes();
  facts.has_addresses = local.text().empty() ? 0 : 1;
  facts.sa_context_id = sa_context_id;
  facts.main_mode_sa_id = details.sa_bundle.mm_sa_id;
  facts.direction = static_cast<uint8_t>(direction);
  facts.mode = static_cast<uint8_t>(ModeOf(traffic));
  row.SetFacts(facts);
}

}  // namespace farstat::sources::windows
