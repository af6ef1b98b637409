// The tables, through the table of calls.

#include "agent/sources/simulated/tcp_tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "agent/sources/windows/abi_tcp.h"
#include "agent/sources/windows/grow.h"
#include "agent/sources/windows/win32_status.h"
#include "tests/support/simulated_tcp.h"

namespace farstat::sources::simulated {
namespace {

using testing::SimulatedTcp;
using windows::kAddressFamilyInet;
using windows::kAddressFamilyInet6;

constexpr char kOffice[] = R"(
  local_addresses: "192.168.10.37" local_addresses: "fe80::37"
  processes { name: "svchost.exe" service: "Dnscache" pid: 1200 }
  processes { name: "outlook.exe" pid: 4004 }
  processes { name: "guard.exe" pid: 888 locked: true }
  listeners { process: "svchost.exe" port: 445 }
  listeners { process: "guard.exe" port: 49664 address: "127.0.0.1" }
  connections { name: "mail" count: 20 processes: "outlook.exe" processes: "svchost.exe"
                peers: "203.0.113.0/24" peers: "fe80:0:0:1::/64" ipv6_share: 0.4 port: 443
                lifetime_s: 20 offloaded: true }
)";

uint16_t Port(uint32_t member) {
  return static_cast<uint16_t>((member & 0xff) << 8 | (member >> 8 & 0xff));
}

// MIB_TCPROW_OWNER_PID
struct OwnerPidRow {
  uint32_t state, local_addr, local_port, remote_addr, remote_port, owning_pid;
};

TEST(TcpTables, AllClassesAgree) {
  SimulatedTcp host(kOffice);
  host.Advance(30);
  const auto modules = host.Rows();
  const auto basic = host.Table<windows::TcpRow>(kAddressFamilyInet, 2);
  const auto pids = host.Table<OwnerPidRow>(kAddressFamilyInet, 5);
  ASSERT_EQ(basic.size(), modules.size());
  ASSERT_EQ(pids.size(), modules.size());
  for (size_t i = 0; i < modules.size(); ++i) {
    EXPECT_EQ(basic[i].remote_addr, modules[i].remote_addr);
    EXPECT_EQ(pids[i].local_port, modules[i].local_port);
    EXPECT_EQ(pids[i].owning_pid, modules[i].owning_pid);
  }
  for (const uint32_t base : {0u, 3u}) {
    const auto listeners = base == 0 ? host.Table<windows::TcpRow>(kAddressFamilyInet, base).size()
                                     : host.Table<OwnerPidRow>(kAddressFamilyInet, base).size();
    EXPECT_EQ(listeners, 2u);
  }
  const auto connections = host.Table<OwnerPidRow>(kAddressFamilyInet, 4);
  EXPECT_EQ(connections.size(), host.Established().size());
  for (const OwnerPidRow& row : connections) EXPECT_EQ(row.state, windows::kTcpStateEstablished);
}

// Pitfall 8.
TEST(TcpTables, PortsHaveGarbageInTheUpperHalf) {
  SimulatedTcp host(kOffice);
  std::set<uint32_t> garbage;
  for (const windows::TcpRowOwnerModule& row : host.Rows()) {
    if (row.state == windows::kTcpStateListen) continue;
    EXPECT_EQ(Port(row.remote_port), 443);
    EXPECT_GE(Port(row.local_port), 49152);
    garbage.insert(row.remote_port >> 16);
    garbage.insert(row.local_port >> 16);
  }
  EXPECT_GT(garbage.size(), 10u);
  const uint32_t before = host.Rows().front().local_port;  // A listener's.
  host.Advance(1.5);
  const uint32_t after = host.Rows().front().local_port;
  EXPECT_EQ(Port(before), Port(after));
  EXPECT_NE(before, after);
}

// Pitfall 8.
TEST(TcpTables, ListeningSocketsHaveAnUndefinedPeer) {
  SimulatedTcp host(kOffice);
  int listening = 0;
  for (const windows::TcpRowOwnerModule& row : host.Rows()) {
    if (row.state != windows::kTcpStateListen) continue;
    ++listening;
    EXPECT_NE(row.remote_addr, 0u);
    EXPECT_NE(Port(row.remote_port), 0u);
  }
  EXPECT_EQ(listening, 2);
}

// Pitfall 9.
TEST(TcpTables, Ipv6RowsHaveTheirStateNearTheEnd) {
  SimulatedTcp host(kOffice);
  std::vector<uint64_t> buffer(10'000);
  auto bytes = static_cast<uint32_t>(buffer.size() * 8);
  auto* const table = reinterpret_cast<windows::Tcp6Table2*>(buffer.data());
  ASSERT_EQ(host.api().get_tcp6_table2(table, &bytes, 0), windows::kSuccess);
  const auto modules = host.Rows6();
  ASSERT_EQ(table->num_entries, modules.size());
  ASSERT_EQ(bytes, 4 + modules.size() * sizeof(windows::Tcp6Row2));
  const windows::Tcp6Row2* const rows = &table->table[0];
  for (size_t i = 0; i < modules.size(); ++i) {
    EXPECT_EQ(rows[i].state, modules[i].state);
    EXPECT_EQ(rows[i].owning_pid, modules[i].owning_pid);
    if (rows[i].state == windows::kTcpStateListen) continue;
    EXPECT_EQ(rows[i].local_scope_id, 12u);
    EXPECT_EQ(rows[i].offload_state, windows::kTcpOffloadOffloaded);
  }
}

TEST(TcpTables, TellsTheSizeThatItNeeds) {
  SimulatedTcp host(kOffice);
  uint32_t bytes = 0;
  const auto fetch = [&](void* table, uint32_t table_class) {
    return host.api().get_extended_tcp_table(table, &bytes, 0, kAddressFamilyInet, table_class, 0);
  };
  EXPECT_EQ(fetch(nullptr, 8), windows::kErrorInsufficientBuffer);
  EXPECT_EQ(bytes, 8 + host.Rows().size() * sizeof(windows::TcpRowOwnerModule));
  EXPECT_EQ(fetch(nullptr, 2), windows::kErrorInsufficientBuffer);
  EXPECT_EQ(bytes, 4 + host.Rows().size() * sizeof(windows::TcpRow));
  std::vector<uint64_t> buffer(bytes / 8 + 1);
  bytes -= 1;
  EXPECT_EQ(fetch(buffer.data(), 2), windows::kErrorInsufficientBuffer);
  EXPECT_EQ(fetch(buffer.data(), 2), windows::kSuccess);
}

TEST(TcpTables, RefusesWhatWindowsRefuses) {
  SimulatedTcp host(kOffice);
  std::vector<uint64_t> buffer(10'000);
  auto bytes = static_cast<uint32_t>(buffer.size() * 8);
  const auto fetch = [&](uint32_t family, uint32_t table_class) {
    return host.api().get_extended_tcp_table(buffer.data(), &bytes, 0, family, table_class, 0);
  };
  for (const uint32_t basic : {0u, 1u, 2u}) {
    EXPECT_EQ(fetch(kAddressFamilyInet6, basic), windows::kErrorNotSupported);
  }
  EXPECT_EQ(fetch(kAddressFamilyInet, 9), windows::kErrorNotSupported);
  EXPECT_EQ(fetch(99, 8), windows::kErrorNotSupported);
  EXPECT_EQ(host.api().get_extended_tcp_table(buffer.data(), nullptr, 0, kAddressFamilyInet, 8, 0),
            windows::kErrorInvalidParameter);
  EXPECT_EQ(host.api().get_tcp_table2(nullptr, nullptr, 0), windows::kErrorInvalidParameter);
}

TEST(TcpTables, AreSortedOnRequest) {
  SimulatedTcp host(kOffice);
  const auto rows = host.Table<windows::TcpRow>(kAddressFamilyInet, 1, /*sorted=*/true);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), [](const auto& left, const auto& right) {
    return Port(left.local_port) < Port(right.local_port);
  }));
}

// Pitfall 7.
TEST(TcpTables, GrowBetweenTwoCalls) {
  SimulatedTcp host(std::string(kOffice) + "growth { calls: 3 rows: 50 }");
  uint32_t bytes = 0;
  std::vector<uint64_t> buffer;
  for (int call = 0; call < 3; ++call) {
    EXPECT_EQ(host.api().get_extended_tcp_table(buffer.data(), &bytes, 0, kAddressFamilyInet, 8, 0),
              windows::kErrorInsufficientBuffer);
    buffer.resize(bytes / 8);
  }
  EXPECT_EQ(host.api().get_extended_tcp_table(buffer.data(), &bytes, 0, kAddressFamilyInet, 8, 0),
            windows::kSuccess);
  // Whoever leaves a quarter to spare gets there, too.
  SimulatedTcp other(std::string(kOffice) + "growth { calls: 5 rows: 50 }");
  windows::AlignedBuffer grown(8);
  EXPECT_TRUE(windows::FetchGrowing("GetExtendedTcpTable", windows::kErrorInsufficientBuffer, grown,
                                    [&](void* table, uint32_t* size) {
                                      return other.api().get_extended_tcp_table(
                                          table, size, 0, kAddressFamilyInet, 8, 0);
                                    })
                  .ok());
}

TEST(TcpTables, CreationTimesArePlausible) {
  SimulatedTcp host(kOffice);
  host.Advance(100);
  const auto now = static_cast<int64_t>(host.world().FileTimeAt(absl::Seconds(100)));
  int young = 0;
  for (const windows::TcpRowOwnerModule& row : host.Rows()) {
    EXPECT_LE(row.create_timestamp, now);
    EXPECT_GT(row.create_timestamp, now - int64_t{8} * 3600 * 10'000'000);
    if (row.create_timestamp > now - int64_t{100} * 10'000'000) ++young;
  }
  EXPECT_GT(young, 5);
}

TEST(TcpOwners, ProcessesHaveNames) {
  SimulatedTcp host(kOffice);
  std::string name;
  EXPECT_EQ(host.api().process_name(4004, &name), windows::kSuccess);
  EXPECT_EQ(name, "outlook.exe");
  EXPECT_EQ(host.api().process_name(1200, &name), windows::kSuccess);
  EXPECT_EQ(host.api().process_name(888, &name), windows::kErrorAccessDenied);
  EXPECT_EQ(host.api().process_name(4, &name), windows::kSuccess);
  EXPECT_EQ(name, "System");
  EXPECT_EQ(host.api().process_name(0, &name), windows::kErrorInvalidParameter);
  EXPECT_EQ(host.api().process_name(12, &name), windows::kErrorInvalidParameter);
  const SimulatedTcp user(kOffice, 1, /*administrator=*/false);
  EXPECT_EQ(user.api().process_name(4004, &name), windows::kSuccess);
  EXPECT_EQ(user.api().process_name(1200, &name), windows::kErrorAccessDenied);
}

TEST(TcpOwners, ServicesAreNamed) {
  SimulatedTcp host(kOffice);
  host.Advance(60);
  std::set<std::u16string> names;
  bool nobodys = false;
  for (windows::TcpRowOwnerModule row : host.Rows()) {
    std::vector<uint64_t> buffer(100);
    uint32_t bytes = 0;
    const auto ask = [&](void* info) {
      return host.api().get_owner_module_from_tcp_entry(&row, windows::kOwnerModuleInfoBasic, info,
                                                        &bytes);
    };
    if (row.owning_pid == 0 || row.owning_pid == 888) {
      EXPECT_EQ(ask(nullptr),
                row.owning_pid == 0 ? windows::kErrorNotFound : windows::kErrorAccessDenied);
      nobodys |= row.owning_pid == 0;
      continue;
    }
    EXPECT_EQ(ask(nullptr), windows::kErrorInsufficientBuffer);
    ASSERT_LE(bytes, buffer.size() * 8);
    ASSERT_EQ(ask(buffer.data()), windows::kSuccess);
    names.insert(reinterpret_cast<windows::OwnerModuleBasicInfo*>(buffer.data())->module_name);
  }
  EXPECT_TRUE(nobodys);
  EXPECT_EQ(names, (std::set<std::u16string>{u"Dnscache", u"outlook.exe"}));
}

TEST(TcpTotals, AreTheStacks) {
  SimulatedTcp host(kOffice);
  host.Advance(120);
  windows::TcpStats2 stats;
  ASSERT_EQ(host.api().get_tcp_statistics_ex2(&stats, kAddressFamilyInet), windows::kSuccess);
  EXPECT_EQ(stats.num_conns, host.Rows().size());
  EXPECT_EQ(stats.curr_estab, host.Established().size());
  EXPECT_GT(stats.active_opens, 50u);
  EXPECT_GT(stats.in_segs, 0u);
  windows::TcpStats narrow;
  ASSERT_EQ(host.api().get_tcp_statistics_ex(&narrow, kAddressFamilyInet), windows::kSuccess);
  EXPECT_EQ(narrow.in_segs, static_cast<uint32_t>(stats.in_segs));
  EXPECT_EQ(narrow.max_conn, 0xFFFFFFFF);
  EXPECT_EQ(host.api().get_tcp_statistics_ex2(&stats, 99), windows::kErrorInvalidParameter);
  EXPECT_EQ(host.api().get_tcp_statistics_ex(nullptr, kAddressFamilyInet),
            windows::kErrorInvalidParameter);
}

TEST(TcpScenarioText, IsChecked) {
  const auto check = [](const char* text) {
    TcpScenario scenario;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &scenario));
    return std::string(CheckTcpScenario(scenario).message());
  };
  EXPECT_EQ(check(""), "");
  EXPECT_EQ(check(kOffice), "");
  EXPECT_NE(check("local_addresses: 'here'").find("here"), std::string::npos);
  EXPECT_NE(check("listeners { process: 'x' port: 1 }").find("\"x\""), std::string::npos);
  EXPECT_NE(check("connections { name: 'c' port: 1 peers: '10.0.0.0/33' }").find("10.0.0.0/33"),
            std::string::npos);
  EXPECT_NE(check("connections { name: 'c' port: 1 peers: '10.0.0.0/8' path: 'p' }").find("\"p\""),
            std::string::npos);
  EXPECT_NE(check("connections { name: 'c' port: 1 peers: '10.0.0.0/8' ipv6_share: 0.1 }")
                .find("ipv6_share"),
            std::string::npos);
  EXPECT_NE(check("connections { name: 'c' peers: '10.0.0.0/8' }").find("port"), std::string::npos);
}

}  // namespace
}  // namespace farstat::sources::simulated
