#include "agent/sources/windows/ipsec_sa_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/sources/ipsec_rows.h"
#include "tests/support/filter_engine_rows.h"
#include "tests/support/ipsec_sas.h"

namespace farstat::sources::windows {
namespace {

using ::testing::ElementsAre;
using Rows = farstat::testing::FilterEngineRows<v1::IpsecSa, v1::IpsecTotals, IpsecFacts>;

class IpsecSaRowTest : public ::testing::Test {
 protected:
  v1::IpsecSa Write(v1::IpsecDirection direction = v1::IPSEC_DIRECTION_INBOUND) {
    WriteIpsecSaRow(77, direction, sa_->details, row_);
    Rows rows;
    rows.Put(RowKind::kRow, row_);
    facts_ = rows.facts().at(0);
    secrets_.ExpectNoneIn(rows.bytes().at(0));
    return rows.rows().at(0);
  }
  IpsecTraffic& traffic() { return sa_->details.traffic; }
  IpsecSaBundle& bundle() { return sa_->details.sa_bundle; }

  farstat::testing::PlantedSecrets secrets_;
  std::unique_ptr<farstat::testing::TestIpsecSa> sa_ = farstat::testing::MakeIpsecSa(secrets_);
  RowWriter row_;
  IpsecFacts facts_ = {};
};

// Pitfall 32.
TEST_F(IpsecSaRowTest, WritesEveryFieldOfTransportMode) {
  const v1::IpsecSa sa = Write();
  EXPECT_EQ(sa.key().sa_context_id(), 77u);
  EXPECT_EQ(sa.key().direction(), v1::IPSEC_DIRECTION_INBOUND);
  EXPECT_EQ(sa.local_address(), "203.0.113.7") << "numbers in host order";
  EXPECT_EQ(sa.remote_address(), "198.51.100.9");
  EXPECT_EQ(sa.mode(), v1::IPSEC_MODE_TRANSPORT);
  ASSERT_EQ(sa.transforms_size(), 1);
  EXPECT_EQ(sa.transforms(0).spi(), 0x11223344u);
  EXPECT_EQ(sa.transforms(0).type(), v1::IPSEC_TRANSFORM_TYPE_ESP_AUTH_AND_CIPHER);
  EXPECT_EQ(sa.traffic_protocol(), 17u);
  EXPECT_EQ(sa.local_port(), 1702u);
  EXPECT_EQ(sa.remote_port(), 1701u);
  EXPECT_EQ(sa.filter_id(), 7001u);
  EXPECT_FALSE(sa.has_tunnel_policy_id());
  EXPECT_EQ(sa.local_interface_luid(), 0x0006008001000000u);
  EXPECT_EQ(sa.interface_profile_id(), 3u);
  EXPECT_EQ(sa.lifetime_seconds(), 3600u);
  EXPECT_EQ(sa.lifetime_kilobytes(), 100000u);
  EXPECT_EQ(sa.lifetime_packets(), 2147483647u);
  EXPECT_EQ(sa.idle_timeout_seconds(), 300u);
  EXPECT_EQ(sa.allow_clear_timeout_seconds(), 10u);
  EXPECT_EQ(sa.quick_mode_sa_id(), 42u);
  EXPECT_EQ(sa.main_mode_sa_id(), 9001u);
  EXPECT_EQ(sa.quick_mode_filter_id(), 7002u);
  EXPECT_EQ(sa.pfs_group(), v1::IPSEC_PFS_GROUP_ECP_256);
  EXPECT_EQ(sa.bundle_flags(), 0x20008u);
  EXPECT_TRUE(sa.has_offloaded());
  EXPECT_FALSE(sa.offloaded());
  EXPECT_EQ(sa.local_udp_port(), 4500u);
  EXPECT_EQ(sa.remote_udp_port(), 61000u);
  EXPECT_EQ(sa.peer_private_address(), "10.0.1.2");
  EXPECT_EQ(sa.virtual_interface_tunnel_id(), 501u);
  EXPECT_EQ(sa.traffic_selector_id(), 502u);
}

// What the API says that Windows delivers is delivered, all of it.
TEST_F(IpsecSaRowTest, LeavesOutNothingThatTheApiPromises) {
  const v1::IpsecSa transport = Write();
  traffic().traffic_type = kIpsecTunnel;
  const v1::IpsecSa tunnel = Write();
  const google::protobuf::Descriptor& descriptor = *v1::IpsecSa::descriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *descriptor.field(i);
    if (WindowsSourceOf(field).empty()) continue;
    EXPECT_TRUE(transport.GetReflection()->HasField(transport, &field) ||
                tunnel.GetReflection()->HasField(tunnel, &field))
        << field.full_name();
  }
}

TEST_F(IpsecSaRowTest, TunnelModeHasAPolicyAndNoPorts) {
  traffic().traffic_type = kIpsecTunnel;
  traffic().tunnel_policy_id = 8001;
  const v1::IpsecSa sa = Write(v1::IPSEC_DIRECTION_OUTBOUND);
  EXPECT_EQ(sa.key().direction(), v1::IPSEC_DIRECTION_OUTBOUND);
  EXPECT_EQ(sa.mode(), v1::IPSEC_MODE_TUNNEL);
  EXPECT_EQ(sa.tunnel_policy_id(), 8001u);
  EXPECT_FALSE(sa.has_filter_id());
  EXPECT_FALSE(sa.has_traffic_protocol());
  EXPECT_FALSE(sa.has_local_port());
  EXPECT_FALSE(sa.has_remote_port());
}

TEST_F(IpsecSaRowTest, Ipv6AddressesAreBytes) {
  const uint8_t local[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07};
  const uint8_t remote[16] = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x09};
  traffic().ip_version = kIpVersion6;
  std::memcpy(traffic().local_v6_address, local, sizeof(local));
  std::memcpy(traffic().remote_v6_address, remote, sizeof(remote));
  sa_->details.ip_version = bundle().ip_version = kIpVersion6;
  // Nothing is in this union then.
  sa_->details.udp_encapsulation = reinterpret_cast<const IpsecUdpEncapsulation*>(uintptr_t{8});
  const v1::IpsecSa sa = Write();
  EXPECT_EQ(sa.local_address(), "2001:db8::7");
  EXPECT_EQ(sa.remote_address(), "fe80::9");
  EXPECT_FALSE(sa.has_local_udp_port());
  EXPECT_FALSE(sa.has_remote_udp_port());
  EXPECT_FALSE(sa.has_peer_private_address());
  EXPECT_EQ(facts_.local_address[0], 0x20);
  EXPECT_EQ(facts_.remote_address[15], 9);
}

TEST_F(IpsecSaRowTest, WhatIsNotThereIsAbsent) {
  const IpsecSaDetails nothing = {};
  sa_->details = nothing;
  traffic().ip_version = kIpVersionNone;
  const v1::IpsecSa sa = Write();
  EXPECT_FALSE(sa.has_local_address());
  EXPECT_FALSE(sa.has_remote_address());
  EXPECT_EQ(sa.transforms_size(), 0);
  EXPECT_FALSE(sa.has_traffic_protocol());
  EXPECT_FALSE(sa.has_local_port());
  EXPECT_FALSE(sa.has_remote_port());
  EXPECT_FALSE(sa.has_local_interface_luid());
  EXPECT_FALSE(sa.has_lifetime_seconds()) << "0 is no limit";
  EXPECT_FALSE(sa.has_lifetime_kilobytes());
  EXPECT_FALSE(sa.has_lifetime_packets());
  EXPECT_FALSE(sa.has_local_udp_port());
  EXPECT_FALSE(sa.has_peer_private_address());
  EXPECT_FALSE(sa.has_virtual_interface_tunnel_id());
  EXPECT_FALSE(sa.has_traffic_selector_id());
  EXPECT_EQ(sa.pfs_group(), v1::IPSEC_PFS_GROUP_NONE);
  EXPECT_EQ(facts_.has_addresses, 0);
}

TEST_F(IpsecSaRowTest, ValuesThatTheApiDoesNotKnowAreAbsent) {
  traffic().traffic_type = 2;
  bundle().pfs_group = 8;
  sa_->sas[0].sa_transform_type = 6;
  const v1::IpsecSa sa = Write();
  EXPECT_FALSE(sa.has_mode());
  EXPECT_FALSE(sa.has_filter_id());
  EXPECT_FALSE(sa.has_tunnel_policy_id());
  EXPECT_FALSE(sa.has_pfs_group());
  ASSERT_EQ(sa.transforms_size(), 1);
  EXPECT_FALSE(sa.transforms(0).has_type());
  EXPECT_EQ(sa.transforms(0).spi(), 0x11223344u);
}

TEST_F(IpsecSaRowTest, TwoSasOfOneRow) {
  bundle().num_sas = 2;
  bundle().flags |= kIpsecBundleSaOffloaded;
  const v1::IpsecSa sa = Write();
  ASSERT_EQ(sa.transforms_size(), 2);
  EXPECT_EQ(sa.transforms(1).spi(), 0x55667788u);
  EXPECT_EQ(sa.transforms(1).type(), v1::IPSEC_TRANSFORM_TYPE_AH);
  EXPECT_TRUE(sa.offloaded());
  EXPECT_EQ(facts_.transforms, 2);
  EXPECT_THAT(facts_.spis, ElementsAre(0x11223344u, 0x55667788u));
}

TEST_F(IpsecSaRowTest, FactsAreThoseOfTheRow) {
  Write(v1::IPSEC_DIRECTION_OUTBOUND);
  EXPECT_THAT(facts_.local_address,
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 7));
  EXPECT_THAT(facts_.remote_address,
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 9));
  EXPECT_EQ(facts_.sa_context_id, 77u);
  EXPECT_EQ(facts_.main_mode_sa_id, 9001u);
  EXPECT_THAT(facts_.spis, ElementsAre(0x11223344u, 0u));
  EXPECT_EQ(facts_.transform_types[0], v1::IPSEC_TRANSFORM_TYPE_ESP_AUTH_AND_CIPHER);
  EXPECT_EQ(facts_.transforms, 1);
  EXPECT_EQ(facts_.has_addresses, 1);
  EXPECT_EQ(facts_.direction, v1::IPSEC_DIRECTION_OUTBOUND);
  EXPECT_EQ(facts_.mode, v1::IPSEC_MODE_TRANSPORT);
}

}  // namespace
}  // namespace farstat::sources::windows
