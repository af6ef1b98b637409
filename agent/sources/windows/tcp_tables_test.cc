#include "agent/sources/windows/tcp_tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "agent/sources/windows/win32_status.h"
#include "common/status.h"
#include "tests/support/windows_tcp_fake.h"

namespace farstat::sources::windows {
namespace {

using testing::FakeTcp;
using testing::FakeTcpWindows;

class WindowsTcpTablesTest : public ::testing::Test {
 protected:
  const std::vector<ListedTcp>& List() {
    const absl::Status status = tables_.List();
    EXPECT_TRUE(status.ok()) << status;
    return tables_.connections();
  }
  // The only one.
  const ListedTcp& Listed() {
    EXPECT_EQ(List().size(), 1u);
    return tables_.connections().at(0);
  }
  // This Windows refuses the table of this class for this protocol.
  void Refuse(uint32_t table_class, uint32_t family) {
    windows_.extended_codes[{table_class, family}] = kErrorNotSupported;
  }
  void RefuseExtended(uint32_t family) {
    Refuse(kTcpTableOwnerModuleAll, family);
    Refuse(kTcpTableOwnerPidAll, family);
  }

  FakeTcpWindows windows_;
  TcpTables tables_{windows_.api};
};

TEST_F(WindowsTcpTablesTest, ListsIpv4) {
  windows_.AddIpv4(50000, 1234);
  const ListedTcp& listed = Listed();
  const std::array<uint8_t, 16> local = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  const std::array<uint8_t, 16> remote = {0, 0, 0,    0,    0,   0,  0,   0,
                                          0, 0, 0xff, 0xff, 198, 51, 100, 2};
  EXPECT_EQ(listed.facts.local_address, local);
  EXPECT_EQ(listed.facts.remote_address, remote);
  EXPECT_EQ(listed.facts.local_port, 443);
  EXPECT_EQ(listed.facts.remote_port, 50000);
  EXPECT_EQ(listed.facts.has_remote, 1);
  EXPECT_EQ(listed.facts.pid, 100u);
  EXPECT_EQ(listed.facts.state, v1::TCP_STATE_ESTABLISHED);
  EXPECT_EQ(listed.created, 1234u);
  EXPECT_EQ(listed.offload_state, v1::TCP_OFFLOAD_STATE_IN_HOST);
  EXPECT_FALSE(listed.ipv6);
  EXPECT_EQ(std::memcmp(listed.owner_row, &windows_.connections[0].row, sizeof(TcpRowOwnerModule)),
            0);
  EXPECT_EQ(IdentityOf(listed).incarnation, 1234u);
}

// MIB_TCP6ROW begins with the state, which the rows of the tables have near their end.
// Pitfall 9.
TEST_F(WindowsTcpTablesTest, NamesIpv6ConnectionsToEstatsMemberByMember) {
  FakeTcp& connection = windows_.AddIpv6(50000, 1234);
  connection.row6.local_port |= 0xabcd0000;
  const ListedTcp& listed = Listed();
  EXPECT_TRUE(listed.ipv6);
  EXPECT_EQ(listed.local_scope_id, 7u);
  EXPECT_EQ(listed.remote_scope_id, 9u);
  EXPECT_EQ(listed.facts.local_address[15], 1);
  EXPECT_EQ(listed.facts.remote_address[15], 2);
  const Tcp6Row& row = listed.row6;
  const Tcp6RowOwnerModule& from = connection.row6;
  EXPECT_EQ(row.state, uint32_t{kTcpStateEstablished});
  EXPECT_TRUE(std::equal(from.local_addr, from.local_addr + 16, row.local_addr));
  EXPECT_TRUE(std::equal(from.remote_addr, from.remote_addr + 16, row.remote_addr));
  EXPECT_EQ(row.local_scope_id, 7u);
  EXPECT_EQ(row.remote_scope_id, 9u);
  EXPECT_EQ(row.local_port, from.local_port) << "each bit as it was listed";
  EXPECT_EQ(row.remote_port, from.remote_port);
}

// Pitfall 8.
TEST_F(WindowsTcpTablesTest, PortsAreTheLowHalfAndListenersHaveNoRemoteEnd) {
  FakeTcp& connection = windows_.AddIpv4(50000, 1);
  connection.row.local_port = FakeTcpWindows::Port(443, 0xdead);
  connection.row.remote_port = FakeTcpWindows::Port(50000, 0xbeef);
  FakeTcp& listener4 = windows_.AddIpv4(0, 2);
  listener4.row.state = kTcpStateListen;
  listener4.row.remote_port = 0xdeadbeef;
  FakeTcp& listener6 = windows_.AddIpv6(0, 3);
  listener6.row6.state = kTcpStateListen;
  listener6.row6.remote_port = 0xdeadbeef;
  const std::vector<ListedTcp>& listed = List();
  ASSERT_EQ(listed.size(), 3u);
  EXPECT_EQ(listed[0].facts.local_port, 443);
  EXPECT_EQ(listed[0].facts.remote_port, 50000);
  EXPECT_EQ(listed[0].row.local_port, connection.row.local_port);
  for (int i : {1, 2}) {
    EXPECT_EQ(listed[i].facts.has_remote, 0);
    EXPECT_EQ(listed[i].facts.remote_port, 0);
    EXPECT_EQ((listed[i].facts.remote_address), (std::array<uint8_t, 16>{}));
    EXPECT_EQ(listed[i].remote_scope_id, 0u);
  }
}

// Pitfall 7.
TEST_F(WindowsTcpTablesTest, GrowsWithTheTableUpToABound) {
  windows_.table2_code = windows_.table6_2_code = kErrorNotSupported;
  for (int i = 0; i < 2000; ++i) windows_.AddIpv4(static_cast<uint16_t>(1 + i), i);
  windows_.growths = 7;
  EXPECT_EQ(List().size(), 2000u);
  EXPECT_EQ(windows_.calls["GetExtendedTcpTable"], 8 + 1) << "and once for IPv6";
  EXPECT_EQ(tables_.native_calls(), 11u);

  FakeTcpWindows other;
  other.table2_code = other.table6_2_code = kErrorNotSupported;
  other.growths = 8;
  TcpTables tables(other.api);
  const absl::Status status = tables.List();
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorInfoOf(status).reason(), kTableChanging);
  EXPECT_EQ(other.calls["GetExtendedTcpTable"], 8);
}

TEST_F(WindowsTcpTablesTest, UnknownStatesAreNotNamed) {
  windows_.AddIpv4(1, 1).row.state = kTcpStateReserved;
  windows_.AddIpv4(2, 1).row.state = kTcpStateDeleteTcb;
  const std::vector<ListedTcp>& listed = List();
  EXPECT_EQ(listed[0].facts.state, v1::TCP_STATE_UNSPECIFIED);
  EXPECT_EQ(listed[1].facts.state, v1::TCP_STATE_DELETE_TCB);
  EXPECT_EQ(listed[0].row.state, uint32_t{kTcpStateReserved});
}

// Pitfall 14.
TEST_F(WindowsTcpTablesTest, TellsWhichConnectionsAreOffloaded) {
  windows_.AddIpv4(1, 1).offload_state = kTcpOffloadOffloaded;
  windows_.AddIpv4(2, 1);
  windows_.AddIpv6(3, 1).offload_state = kTcpOffloadUploading;
  const std::vector<ListedTcp>& listed = List();
  EXPECT_EQ(listed[0].offload_state, v1::TCP_OFFLOAD_STATE_OFFLOADED);
  EXPECT_EQ(listed[1].offload_state, v1::TCP_OFFLOAD_STATE_IN_HOST);
  EXPECT_EQ(listed[2].offload_state, v1::TCP_OFFLOAD_STATE_UPLOADING);

  windows_.table2_code = 8;
  EXPECT_EQ(List()[0].offload_state, v1::TCP_OFFLOAD_STATE_UNSPECIFIED);
  EXPECT_EQ(List()[2].offload_state, v1::TCP_OFFLOAD_STATE_UPLOADING);
  EXPECT_EQ(Win32CodeOf(tables_.offload_status()), 8u);
  windows_.table2_code = 0;
  List();
  EXPECT_TRUE(tables_.offload_status().ok());
  windows_.api.get_tcp_table2 = nullptr;
  EXPECT_EQ(List()[0].offload_state, v1::TCP_OFFLOAD_STATE_UNSPECIFIED);
  EXPECT_TRUE(tables_.offload_status().ok()) << "this Windows does not have it";
}

TEST_F(WindowsTcpTablesTest, FallsBackToTheTablesThatAreNotRefused) {
  windows_.AddIpv4(50000, 1234).offload_state = kTcpOffloadOffloading;
  windows_.AddIpv6(50001, 1234);
  for (const uint32_t family : {kAddressFamilyInet, kAddressFamilyInet6}) {
    Refuse(kTcpTableOwnerModuleAll, family);
  }
  const auto check = [this] {
    ASSERT_EQ(List().size(), 2u);
    EXPECT_EQ(tables_.connections()[0].facts.remote_port, 50000);
    EXPECT_EQ(tables_.connections()[0].facts.pid, 100u);
    EXPECT_EQ(tables_.connections()[0].offload_state, v1::TCP_OFFLOAD_STATE_OFFLOADING);
    EXPECT_EQ(tables_.connections()[1].facts.remote_port, 50001);
    EXPECT_EQ(tables_.connections()[1].row6.state, uint32_t{kTcpStateEstablished});
    for (const ListedTcp& listed : tables_.connections()) {
      EXPECT_EQ(listed.created, 0u);
      EXPECT_EQ(listed.owner_row, nullptr);
    }
  };
  check();
  RefuseExtended(kAddressFamilyInet);
  RefuseExtended(kAddressFamilyInet6);
  check();
  windows_.api.get_extended_tcp_table = nullptr;
  check();
}

TEST_F(WindowsTcpTablesTest, AWindowsWithoutOneOfTheProtocolsIsNoFault) {
  windows_.AddIpv4(50000, 1);
  RefuseExtended(kAddressFamilyInet6);
  windows_.table6_2_code = kErrorNotSupported;
  EXPECT_EQ(List().size(), 1u);
  RefuseExtended(kAddressFamilyInet);
  windows_.table2_code = kErrorNotSupported;
  EXPECT_EQ(tables_.List().code(), absl::StatusCode::kUnimplemented) << "without both it is";
  EXPECT_TRUE(tables_.connections().empty());
  windows_.table6_2_code = 0;
  EXPECT_TRUE(tables_.List().ok());
}

TEST_F(WindowsTcpTablesTest, FailuresLeaveNoConnections) {
  windows_.AddIpv4(50000, 1);
  windows_.extended_codes[{kTcpTableOwnerModuleAll, kAddressFamilyInet6}] = 8;
  const absl::Status status = tables_.List();
  EXPECT_EQ(Win32CodeOf(status), 8u);
  EXPECT_TRUE(tables_.connections().empty());

  windows_.api = Api();
  EXPECT_EQ(tables_.List().code(), absl::StatusCode::kUnimplemented);
}

TEST_F(WindowsTcpTablesTest, DoesNotBelieveMoreRowsThanTheBufferHolds) {
  windows_.api.get_extended_tcp_table = [](void* table, uint32_t*, int32_t, uint32_t, uint32_t,
                                           uint32_t) {
    const uint32_t count = 1'000'000;
    std::memcpy(table, &count, sizeof(count));
    return kSuccess;
  };
  EXPECT_EQ(ErrorInfoOf(tables_.List()).reason(), kNativeCallFailed);
  EXPECT_TRUE(tables_.connections().empty());
}

// A call that says it succeeds and fills nothing does not deliver the rows of the listing before.
TEST_F(WindowsTcpTablesTest, FakeSuccessListsNothing) {
  windows_.AddIpv4(50000, 1);
  EXPECT_EQ(List().size(), 1u);
  windows_.api.get_extended_tcp_table = [](void*, uint32_t*, int32_t, uint32_t, uint32_t,
                                           uint32_t) { return kSuccess; };
  EXPECT_TRUE(List().empty());
}

}  // namespace
}  // namespace farstat::sources::windows
