#include "agent/sources/tcp_key.h"

#include <gtest/gtest.h>

#include <string>

namespace farstat::sources {
namespace {

TcpIdentity Ipv4Identity() {
  TcpIdentity identity;
  identity.local_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  identity.remote_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 2};
  identity.local_port = 443;
  identity.remote_port = 50000;
  identity.incarnation = 132'000'000'000'000'000;
  return identity;
}

TEST(TcpKeyTest, WritesIpv4) {
  const v1::TcpConnectionKey key = TcpKeyOf(Ipv4Identity());
  EXPECT_EQ(key.local_address(), "192.0.2.1");
  EXPECT_EQ(key.local_port(), 443u);
  EXPECT_EQ(key.remote_address(), "198.51.100.2");
  EXPECT_EQ(key.remote_port(), 50000u);
  EXPECT_EQ(key.incarnation(), 132'000'000'000'000'000u);
}

TEST(TcpKeyTest, WritesIpv6WithScopes) {
  TcpIdentity identity = Ipv4Identity();
  identity.local_address = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  identity.remote_address = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
  identity.local_scope_id = 7;
  identity.remote_scope_id = 9;
  const v1::TcpConnectionKey key = TcpKeyOf(identity);
  EXPECT_EQ(key.local_address(), "fe80::1");
  EXPECT_EQ(key.remote_address(), "fe80::2");
  EXPECT_EQ(key.local_scope_id(), 7u);
  EXPECT_EQ(key.remote_scope_id(), 9u);
}

TEST(TcpKeyTest, ListenersHaveNoRemoteEnd) {
  TcpIdentity identity;
  identity.local_port = 80;
  const v1::TcpConnectionKey key = TcpKeyOf(identity);
  EXPECT_EQ(key.local_address(), "::");
  EXPECT_EQ(key.remote_address(), "");
}

// Keys are compared as bytes, and clients send them back.
TEST(TcpKeyTest, IsEncodedAsEveryClientEncodesIt) {
  for (const TcpIdentity& identity : {Ipv4Identity(), TcpIdentity()}) {
    RowWriter row;
    WriteTcpKey(identity, row);
    EXPECT_EQ(std::string(row.key()), TcpKeyOf(identity).SerializeAsString());
  }
}

}  // namespace
}  // namespace farstat::sources
