#include "agent/sources/windows/ike_sa_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/sources/ike_rows.h"
#include "tests/support/filter_engine_rows.h"
#include "tests/support/ike_sas.h"

namespace farstat::sources::windows {
namespace {

using ::testing::ElementsAre;
using Rows = farstat::testing::FilterEngineRows<v1::IkeSa, v1::IkeTotals, IkeFacts>;

class IkeSaRowTest : public ::testing::Test {
 protected:
  v1::IkeSa Write() {
    WriteIkeSaRow(details(), row_);
    Rows rows;
    rows.Put(RowKind::kRow, row_);
    facts_ = rows.facts().at(0);
    secrets_.ExpectNoneIn(rows.bytes().at(0));
    return rows.rows().at(0);
  }
  IkeSaDetails& details() { return sa_->details; }

  farstat::testing::PlantedSecrets secrets_;
  std::unique_ptr<farstat::testing::TestIkeSa> sa_ = farstat::testing::MakeIkeSa(secrets_);
  RowWriter row_;
  IkeFacts facts_ = {};
};

// Pitfall 32.
TEST_F(IkeSaRowTest, WritesEveryField) {
  const v1::IkeSa sa = Write();
  EXPECT_EQ(sa.key().sa_id(), 9001u);
  EXPECT_EQ(sa.key_module(), v1::IKE_KEY_MODULE_IKEV2);
  EXPECT_EQ(sa.local_address(), "203.0.113.7") << "numbers in host order";
  EXPECT_EQ(sa.remote_address(), "198.51.100.9");
  EXPECT_EQ(sa.local_udp_port(), 4500u);
  EXPECT_EQ(sa.remote_udp_port(), 61000u);
  EXPECT_EQ(sa.initiator_cookie(), 0x0123456789ABCDEFu);
  EXPECT_EQ(sa.responder_cookie(), 0x1032547698BADCFEu);
  EXPECT_EQ(sa.cipher(), v1::IKE_CIPHER_AES_256);
  EXPECT_EQ(sa.cipher_key_length(), 256u);
  EXPECT_EQ(sa.cipher_rounds(), 14u);
  EXPECT_EQ(sa.integrity(), v1::IKE_INTEGRITY_SHA_256);
  EXPECT_EQ(sa.dh_group(), v1::IKE_DH_GROUP_ECP_384);
  EXPECT_EQ(sa.max_lifetime_seconds(), 28800u);
  EXPECT_EQ(sa.quick_mode_limit(), 77u);
  ASSERT_EQ(sa.authentications_size(), 1);
  EXPECT_EQ(sa.authentications(0).local_method(), v1::IKE_AUTHENTICATION_METHOD_CERTIFICATE);
  EXPECT_EQ(sa.authentications(0).local_impersonation(), v1::IKE_IMPERSONATION_NONE);
  EXPECT_EQ(sa.authentications(0).peer_method(), v1::IKE_AUTHENTICATION_METHOD_EAP);
  EXPECT_EQ(sa.authentications(0).peer_impersonation(), v1::IKE_IMPERSONATION_SOCKET_PRINCIPAL);
  EXPECT_EQ(sa.policy_key(), "01234567-89ab-cdef-0123-4567090a0b0c");
  EXPECT_FALSE(sa.has_authip_filter_id()) << "not AuthIP";
  EXPECT_EQ(sa.virtual_interface_tunnel_id(), 501u);
}

// What the API says that Windows delivers is delivered, all of it.
TEST_F(IkeSaRowTest, LeavesOutNothingThatTheApiPromises) {
  const v1::IkeSa ikev2 = Write();
  details().key_module_type = kIkeKeyModuleAuthIp;
  const v1::IkeSa authip = Write();
  EXPECT_EQ(authip.authip_filter_id(), 7003u);
  EXPECT_FALSE(authip.has_virtual_interface_tunnel_id()) << "not IKEv2";
  const google::protobuf::Descriptor& descriptor = *v1::IkeSa::descriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *descriptor.field(i);
    if (WindowsSourceOf(field).empty()) continue;
    EXPECT_TRUE(ikev2.GetReflection()->HasField(ikev2, &field) ||
                authip.GetReflection()->HasField(authip, &field))
        << field.full_name();
  }
}

TEST_F(IkeSaRowTest, Ipv6) {
  const uint8_t local[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x07};
  const uint8_t remote[16] = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x09};
  details().ip_version = details().ike_traffic.ip_version = kIpVersion6;
  std::memcpy(details().ike_traffic.local_v6_address, local, sizeof(local));
  std::memcpy(details().ike_traffic.remote_v6_address, remote, sizeof(remote));
  // Nothing is in this union then.
  details().v4_udp_encapsulation = reinterpret_cast<const IpsecUdpEncapsulation*>(uintptr_t{8});
  const v1::IkeSa sa = Write();
  EXPECT_EQ(sa.local_address(), "2001:db8::7");
  EXPECT_EQ(sa.remote_address(), "fe80::9");
  EXPECT_FALSE(sa.has_local_udp_port());
  EXPECT_FALSE(sa.has_remote_udp_port());
}

TEST_F(IkeSaRowTest, WhatIsNotThereIsAbsent) {
  details().ike_traffic.ip_version = kIpVersionNone;
  details().v4_udp_encapsulation = nullptr;
  details().ike_credentials = {3, nullptr};
  const v1::IkeSa sa = Write();
  EXPECT_FALSE(sa.has_local_address());
  EXPECT_FALSE(sa.has_remote_address());
  EXPECT_FALSE(sa.has_local_udp_port());
  EXPECT_FALSE(sa.has_remote_udp_port());
  EXPECT_EQ(sa.authentications_size(), 0);
  EXPECT_EQ(facts_.has_addresses, 0);
  EXPECT_EQ(facts_.authentication_methods, 0u);
}

TEST_F(IkeSaRowTest, ValuesThatTheApiDoesNotKnowAreAbsent) {
  details().key_module_type = 3;
  details().ike_proposal = {{7, 0, 0}, {4}, 0, 7, 0};
  sa_->credentials[0].local_credentials.authentication_method_type = 13;
  sa_->credentials[0].local_credentials.impersonation_type = 2;
  const v1::IkeSa sa = Write();
  EXPECT_FALSE(sa.has_key_module());
  EXPECT_FALSE(sa.has_cipher());
  EXPECT_FALSE(sa.has_integrity());
  EXPECT_FALSE(sa.has_dh_group());
  ASSERT_EQ(sa.authentications_size(), 1);
  EXPECT_FALSE(sa.authentications(0).has_local_method());
  EXPECT_FALSE(sa.authentications(0).has_local_impersonation());
  EXPECT_TRUE(sa.authentications(0).has_peer_method());
  EXPECT_EQ(facts_.key_module, v1::IKE_KEY_MODULE_UNSPECIFIED);
  EXPECT_EQ(facts_.authentication_methods, 1u << v1::IKE_AUTHENTICATION_METHOD_EAP);
}

TEST_F(IkeSaRowTest, FactsAreThoseOfTheRow) {
  details().ike_credentials.num_credentials = 2;
  EXPECT_EQ(Write().authentications_size(), 2);
  EXPECT_THAT(facts_.local_address,
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 7));
  EXPECT_THAT(facts_.remote_address,
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 9));
  EXPECT_EQ(facts_.sa_id, 9001u);
  EXPECT_EQ(facts_.has_addresses, 1);
  EXPECT_EQ(facts_.key_module, v1::IKE_KEY_MODULE_IKEV2);
  EXPECT_EQ(facts_.authentication_methods, 1u << v1::IKE_AUTHENTICATION_METHOD_CERTIFICATE |
                                               1u << v1::IKE_AUTHENTICATION_METHOD_EAP |
                                               1u << v1::IKE_AUTHENTICATION_METHOD_PRESHARED_KEY |
                                               1u << v1::IKE_AUTHENTICATION_METHOD_KERBEROS);
}

}  // namespace
}  // namespace farstat::sources::windows
