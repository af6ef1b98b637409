// The TCP collector against the simulated Windows.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/sources/simulated/tcp_model.h"
#include "agent/sources/windows/tcp_source.h"
#include "common/status.h"
#include "tests/support/simulated_tcp.h"
#include "tests/support/windows_tcp_rows.h"

namespace farstat::sources::windows {
namespace {

using testing::SimulatedTcp;
using testing::WindowsTcpRow;
using testing::WindowsTcpRows;

constexpr PartMask kRows = PartBit(0) | PartBit(kTcpConnectionsPart);
constexpr PartMask kAll = kRows | kEstatsGroups | PartBit(kTcpStackPart);

// 30 connections over a bad line; a third over IPv6.
std::string Lossy(const std::string& more) {
  return R"(processes { name: "svchost.exe" id: "svc" service: "RpcSs" }
            processes { name: "app.exe" }
            listeners { process: "app.exe" port: 8080 }
            paths { name: "bad" rtt_ms: 40 jitter_ms: 10 up_mbps: 50 loss: 0.01 reordering: 0.01 }
            connections {
              name: "clients" count: 30 processes: "app.exe" processes: "svc" inbound: true
              port: 8080 path: "bad" peers: "198.18.0.0/16" peers: "2001:db8:9::/64"
              ipv6_share: 0.3 traffic { out_unlimited: true in_kbps: 100 }
            } )" +
         more;
}

// The collector, at the simulated time.
class Collector {
 public:
  explicit Collector(SimulatedTcp& host) : host_(host), source_(host.api(), clock_) {}

  WindowsTcpRows Collect(double after_seconds, PartMask parts) {
    host_.Advance(after_seconds);
    clock_.Advance(absl::Seconds(after_seconds));
    WindowsTcpRows rows;
    outcome_ = source_.Collect(parts, rows);
    EXPECT_TRUE(outcome_.status.ok()) << outcome_.status;
    return rows;
  }
  const Outcome& outcome() const { return outcome_; }

 private:
  SimulatedTcp& host_;
  testing::ManualClock clock_;
  TcpSource source_;
  Outcome outcome_;
};

simulated::TcpEndPoints EndPointsOf(const WindowsTcpRow& row) {
  const auto address = [](const std::array<uint8_t, 16>& bytes) {
    uint32_t ipv4;
    std::memcpy(&ipv4, bytes.data() + 12, sizeof(ipv4));
    if (bytes[10] == 0xff && bytes[11] == 0xff) return simulated::TcpAddress::FromV4(ipv4);
    simulated::TcpAddress ipv6;
    ipv6.v6 = true;
    std::copy(bytes.begin(), bytes.end(), ipv6.bytes.begin());
    return ipv6;
  };
  return {address(row.facts.local_address), address(row.facts.remote_address), row.facts.local_port,
          row.facts.remote_port};
}

// Pitfall 1.
TEST(WindowsTcpSimulatedTest, WhatIsUndefinedIsNeverShown) {
  SimulatedTcp host(Lossy(""));
  Collector collector(host);
  collector.Collect(1, kAll);
  const WindowsTcpRows rows = collector.Collect(5, kAll);
  int open = 0;
  for (const WindowsTcpRow& row : rows.rows()) {
    if (row.connection.state() != v1::TCP_STATE_ESTABLISHED) continue;
    ++open;
    EXPECT_TRUE(row.connection.has_syn_options());
    EXPECT_EQ(row.connection.missing_groups_size(), 8);
    for (int group = v1::TCP_GROUP_DATA; group <= v1::TCP_GROUP_FINE_RTT; ++group) {
      EXPECT_EQ(row.Part(group).missing_groups_size(), 1);
    }
    v1::TcpConnection without = row.connection;
    without.clear_key();
    without.clear_state();
    without.clear_offload_state();
    without.clear_syn_options();
    without.clear_missing_groups();
    EXPECT_EQ(without.ByteSizeLong(), 0u) << without.ShortDebugString();
  }
  EXPECT_EQ(open, 30);
  EXPECT_EQ(rows.stack().states_size(), 2);
}

TEST(WindowsTcpSimulatedTest, GroupsThatAnotherProgramSwitchedOnAreShown) {
  SimulatedTcp host(Lossy("estats { enabled { share: 1 } }"));
  Collector collector(host);
  collector.Collect(1, kAll);
  const WindowsTcpRows rows = collector.Collect(10, kAll);
  uint64_t retransmitted = 0;
  int ipv6 = 0;
  for (const WindowsTcpRow& row : rows.rows()) {
    if (row.connection.state() != v1::TCP_STATE_ESTABLISHED) continue;
    const v1::TcpConnection& connection = row.connection;
    EXPECT_EQ(connection.missing_groups_size(), 0);
    EXPECT_GT(connection.data().data_bytes_out(), 0u);
    EXPECT_GT(connection.send_congestion().cur_cwnd_bytes(), 0u);
    EXPECT_GT(connection.path().smoothed_rtt_ms(), 0u);
    EXPECT_LT(connection.path().max_rtt_ms(), 10'000u);
    EXPECT_GT(connection.observed_receive().cur_rwin_received_bytes(), 0u);
    EXPECT_TRUE(connection.has_bandwidth() && connection.has_fine_rtt() &&
                connection.has_send_buffer() && connection.has_receive());
    EXPECT_TRUE(connection.has_accumulation());
    retransmitted += connection.path().bytes_retrans();
    ipv6 += row.connection.key().local_address().find(':') != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(retransmitted, 0u);
  EXPECT_GT(ipv6, 0);
  EXPECT_LT(ipv6, 30);
}

// The totals grow as the model's own counters of 64 bits do, whenever they are read, although those
// of 32 bits wrap soon.
// Pitfall 12.
TEST(WindowsTcpSimulatedTest, TotalsGrowAsIdealCountersDo) {
  using simulated::TcpCounter;
  for (const uint64_t seed : {1, 2, 3}) {
    SimulatedTcp host(Lossy("estats { enabled { share: 1 counted_before: 4294966000 } }"), seed);
    Collector collector(host);
    std::mt19937 random(static_cast<uint32_t>(seed));
    struct Both {
      uint64_t shown;
      uint64_t ideal;
    };
    std::map<std::string, Both> first;
    uint64_t wraps = 0;
    for (int step = 0; step < 40; ++step) {
      const double gap = std::uniform_real_distribution<>(0.1, 3)(random);
      for (const WindowsTcpRow& row : collector.Collect(gap, kAll).rows()) {
        const v1::TcpPath& path = row.connection.path();
        if (!row.connection.has_path()) continue;
        const auto check = [&](const char* name, TcpCounter counter, uint64_t shown) {
          const auto ideal = host.model().Ideal(EndPointsOf(row), simulated::kPathGroup, counter);
          ASSERT_TRUE(ideal.has_value());
          const std::string key = row.connection.key().SerializeAsString() + name;
          const Both& begin = first.try_emplace(key, Both{shown, *ideal}).first->second;
          ASSERT_EQ(shown - begin.shown, *ideal - begin.ideal)
              << name << " " << seed << " " << step;
        };
        check("bytes", TcpCounter::kBytesRetrans, path.bytes_retrans());
        check("segments", TcpCounter::kPktsRetrans, path.segments_retrans());
        check("dupacks", TcpCounter::kDupAcksIn, path.dup_acks_in());
        EXPECT_EQ(row.connection.accumulation().resets(), 0u);
        EXPECT_FALSE(row.connection.accumulation().uncertain());
        if (step == 39) wraps += row.connection.accumulation().wraps();
      }
    }
    EXPECT_GT(wraps, 30u);
  }
}

// What was counted before goes on after the group was off for a while, whatever this Windows does
// to its counters.
// Pitfall 5.
TEST(WindowsTcpSimulatedTest, TotalsNeverFallWhereGroupsAreSwitched) {
  for (const char* version : {"TCP_ESTATS_VERSION_CURRENT", "TCP_ESTATS_VERSION_WINDOWS_7"}) {
    SimulatedTcp host(Lossy(absl::StrCat("estats { version: ", version, " }")));
    Collector collector(host);
    collector.Collect(1, kAll);
    std::map<std::string, uint64_t> last;
    uint64_t resets = 0;
    for (int step = 0; step < 30; ++step) {
      for (const TcpRow& row : host.Established()) {
        host.Switch(row, kEstatsPath, step % 6 != 5);
        host.Switch(row, kEstatsData, step % 6 != 5);
      }
      for (const WindowsTcpRow& row : collector.Collect(1, kAll).rows()) {
        if (!row.connection.has_path()) continue;
        uint64_t& before = last[row.connection.key().SerializeAsString()];
        EXPECT_GE(row.connection.path().bytes_retrans(), before) << version;
        before = row.connection.path().bytes_retrans();
        EXPECT_LT(before, uint64_t{1} << 31) << "no reset is taken for a wrap";
        EXPECT_EQ(row.connection.accumulation().wraps(), 0u);
        resets = std::max(resets, row.connection.accumulation().resets());
      }
    }
    EXPECT_EQ(resets, 2u * 4) << "two groups, each four times on again";
  }
}

// Pitfall 7.
TEST(WindowsTcpSimulatedTest, TablesThatGrowAreListedInTheEnd) {
  SimulatedTcp growing(Lossy("growth { calls: 5 rows: 400 }"));
  EXPECT_GT(Collector(growing).Collect(1, kRows).rows().size(), 1000u);
}

// End points that are used again at once, by connections with counters of their own.
// Pitfall 6.
TEST(WindowsTcpSimulatedTest, ReusedEndPointsAreOtherRows) {
  SimulatedTcp host(R"(
      processes { name: "proxy.exe" }
      connections { name: "c" count: 20 processes: "proxy.exe" port: 443 peers: "198.18.0.0/24"
                    lifetime_s: 3 reuse_share: 1 traffic { out_kbps: 500 } }
      estats { enabled { share: 1 } })");
  Collector collector(host);
  std::map<std::string, std::set<uint64_t>> incarnations;
  for (int step = 0; step < 20; ++step) {
    for (const WindowsTcpRow& row : collector.Collect(1, kAll).rows()) {
      v1::TcpConnectionKey key = row.connection.key();
      EXPECT_NE(key.incarnation(), 0u);
      const uint64_t incarnation = key.incarnation();
      key.clear_incarnation();
      incarnations[key.SerializeAsString()].insert(incarnation);
      EXPECT_EQ(row.connection.accumulation().resets(), 0u);
    }
  }
  size_t most = 0;
  for (const auto& [key, of_it] : incarnations) most = std::max(most, of_it.size());
  EXPECT_GT(most, 2u);
}

TEST(WindowsTcpSimulatedTest, OwnersAreNamedAsFarAsTheyLetThemselvesBeSeen) {
  constexpr PartMask kOwners = kRows | PartBit(kTcpOwnerPart);
  SimulatedTcp host(Lossy(""));
  Collector collector(host);
  std::set<std::string> owners;
  for (const WindowsTcpRow& row : collector.Collect(1, kOwners).rows()) {
    owners.insert(row.connection.owner().process() + "/" + row.connection.owner().service());
    EXPECT_EQ(row.process, row.connection.owner().process());
  }
  EXPECT_EQ(owners, (std::set<std::string>{"app.exe/", "svchost.exe/RpcSs"}));
  EXPECT_TRUE(collector.outcome().partial.ok()) << collector.outcome().partial;

  SimulatedTcp locked(Lossy(""), 1, /*administrator=*/false);
  Collector unprivileged(locked);
  unprivileged.Collect(1, kOwners);
  EXPECT_EQ(ErrorInfoOf(unprivileged.outcome().partial).reason(), kAgentLacksPrivilege);
}

}  // namespace
}  // namespace farstat::sources::windows
