// EStats, through the table of calls.

#include "agent/sources/simulated/tcp_estats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "agent/sources/windows/abi_tcp.h"
#include "agent/sources/windows/win32_status.h"
#include "tests/support/simulated_tcp.h"

namespace farstat::sources::simulated {
namespace {

using testing::SimulatedTcp;
using windows::TcpRow;

constexpr uint32_t kErrorInvalidUserBuffer = 1784;
constexpr std::array<uint32_t, 9> kRodSizes = {0,
                                               sizeof(windows::EstatsDataRod),
                                               sizeof(windows::EstatsSndCongRod),
                                               sizeof(windows::EstatsPathRod),
                                               sizeof(windows::EstatsSendBuffRod),
                                               sizeof(windows::EstatsRecRod),
                                               sizeof(windows::EstatsObsRecRod),
                                               sizeof(windows::EstatsBandwidthRod),
                                               sizeof(windows::EstatsFineRttRod)};

constexpr char kBusy[] = R"(
  processes { name: "a.exe" }
  paths { name: "wan" rtt_ms: 40 jitter_ms: 5 up_mbps: 50 loss: 0.002 burst_share: 0.1
          reordering: 0.001 }
  connections { name: "bulk" count: 3 processes: "a.exe" peers: "203.0.113.0/24" port: 443
                path: "wan" traffic { out_unlimited: true in_kbps: 500 } }
)";

uint8_t* Bytes(void* structure) { return static_cast<uint8_t*>(structure); }

// Pitfall 1.
TEST(TcpEstats, SucceedWithGarbageWhileTheyAreOff) {
  SimulatedTcp host(kBusy);
  host.Advance(5);
  const TcpRow row = host.Established().front();
  for (uint32_t type = 1; type <= windows::kEstatsFineRtt; ++type) {
    alignas(8) std::array<uint8_t, 160> rod = {};
    alignas(8) std::array<uint8_t, 8> rw;
    rw.fill(9);
    const uint32_t rw_size = type == windows::kEstatsBandwidth ? 8 : 1;
    ASSERT_EQ(host.api().get_per_tcp_connection_estats(&row, type, rw.data(), 0, rw_size, nullptr,
                                                       0, 0, rod.data(), 0, kRodSizes[type]),
              windows::kSuccess);
    for (uint32_t i = 0; i < rw_size; ++i) EXPECT_EQ(rw[i], 0) << type;
    for (uint32_t at = 0; at + 4 <= kRodSizes[type]; at += 4) {
      uint32_t word;
      std::memcpy(&word, rod.data() + at, sizeof(word));
      EXPECT_GT(word, 0x80000000u) << type;
    }
    for (size_t at = kRodSizes[type]; at < rod.size(); ++at) EXPECT_EQ(rod[at], 0);
  }
}

TEST(TcpEstats, SynOptsNeedNoSwitch) {
  SimulatedTcp host(std::string(kBusy) + R"(
    connections { name: "plain" count: 2 processes: "a.exe" peers: "198.51.100.0/24" port: 80
                  inbound: true plain_peer_share: 1 })");
  int active = 0;
  for (const TcpRow& row : host.Established()) {
    windows::EstatsSynOptsRos ros;
    ASSERT_EQ(host.api().get_per_tcp_connection_estats(&row, windows::kEstatsSynOpts, nullptr, 0, 0,
                                                       Bytes(&ros), 0, sizeof(ros), nullptr, 0, 0),
              windows::kSuccess);
    active += ros.active_open;
    EXPECT_EQ(ros.mss_sent, 1460u);
    EXPECT_EQ(ros.mss_rcvd, ros.active_open ? 1460u : 0u);
    windows::EstatsObsRecRod received;
    ASSERT_EQ(host.Switch(row, windows::kEstatsObsRec, true), windows::kSuccess);
    ASSERT_TRUE(host.Read(row, windows::kEstatsObsRec, received));
    EXPECT_EQ(received.win_scale_rcvd == windows::kEstatsNoWinScale, !ros.active_open);
  }
  EXPECT_EQ(active, 3);
}

// Pitfalls 10 and 11.
TEST(TcpEstats, BeginWithNothingWhenSwitchedOn) {
  SimulatedTcp host(kBusy);
  host.Advance(60);
  const TcpRow row = host.Established().front();
  for (uint32_t type = 1; type <= windows::kEstatsFineRtt; ++type) {
    ASSERT_EQ(host.Switch(row, type, true), windows::kSuccess);
  }
  windows::EstatsDataRod data;
  windows::EstatsSndCongRod congestion;
  windows::EstatsPathRod path;
  windows::EstatsRecRod received;
  windows::EstatsObsRecRod observed;
  windows::EstatsBandwidthRod bandwidth;
  windows::EstatsFineRttRod fine;
  const auto read = [&] {
    return host.Read(row, windows::kEstatsData, data) &&
           host.Read(row, windows::kEstatsSndCong, congestion) &&
           host.Read(row, windows::kEstatsPath, path) &&
           host.Read(row, windows::kEstatsRec, received) &&
           host.Read(row, windows::kEstatsObsRec, observed) &&
           host.Read(row, windows::kEstatsBandwidth, bandwidth) &&
           host.Read(row, windows::kEstatsFineRtt, fine);
  };
  ASSERT_TRUE(read());
  EXPECT_EQ(data.data_bytes_out, 0u);
  EXPECT_NE(data.snd_una, 0u);
  EXPECT_EQ(congestion.snd_lim_time_cwnd, 0u);
  EXPECT_EQ(path.sample_rtt, windows::kEstatsNoValue);
  EXPECT_EQ(path.rtt_var, windows::kEstatsNoValue);
  EXPECT_EQ(path.min_rtt, windows::kEstatsNoValue);
  EXPECT_EQ(received.min_rwin_sent, windows::kEstatsNoValue);
  EXPECT_EQ(observed.min_rwin_rcvd, windows::kEstatsNoValue);
  EXPECT_EQ(bandwidth.outbound_bandwidth, 0u);
  EXPECT_EQ(fine.min_rtt, windows::kEstatsNoValue);
  host.Advance(20);
  ASSERT_TRUE(read());
  EXPECT_GT(data.data_bytes_out, 100'000u);
  EXPECT_GT(bandwidth.outbound_bandwidth, 100'000u);
  EXPECT_NEAR(
      congestion.snd_lim_time_cwnd + congestion.snd_lim_time_rwin + congestion.snd_lim_time_snd,
      20'000, 3);
  EXPECT_GE(path.min_rtt, 35u);
  EXPECT_LE(path.min_rtt, path.sample_rtt);
  EXPECT_LE(path.sample_rtt, path.max_rtt);
  const double mean = static_cast<double>(path.sum_rtt) / path.count_rtt;
  EXPECT_GE(mean, path.min_rtt - 1);
  EXPECT_LE(mean, path.max_rtt);
  EXPECT_LE(path.min_rto, path.cur_rto);
  EXPECT_EQ(path.quench_rcvd + path.ack_after_fr + received.ecn_sent + received.ecn_nonces_rcvd,
            0u);
  // Microseconds here, milliseconds there.
  EXPECT_NEAR(fine.sum_rtt / 1000.0, path.smoothed_rtt, 1);
  EXPECT_NEAR(fine.min_rtt / 1000.0, path.min_rtt, 1);
  EXPECT_LE(received.cur_rwin_sent, received.max_rwin_sent);
  EXPECT_LE(observed.min_rwin_rcvd, observed.cur_rwin_rcvd);
}

TEST(TcpEstats, ThresholdsComeWithTheFirstLoss) {
  SimulatedTcp host(R"(
    processes { name: "a.exe" }
    connections { name: "idle" count: 1 processes: "a.exe" peers: "203.0.113.9" port: 443 }
    connections { name: "bulk" count: 1 processes: "a.exe" peers: "203.0.113.8" port: 80
                  traffic { out_unlimited: true } })");
  host.Advance(30);
  int without = 0;
  for (const TcpRow& row : host.Established()) {
    ASSERT_EQ(host.Switch(row, windows::kEstatsSndCong, true), windows::kSuccess);
    windows::EstatsSndCongRod rod;
    ASSERT_TRUE(host.Read(row, windows::kEstatsSndCong, rod));
    if (rod.cur_ssthresh == windows::kEstatsNoValue) {
      ++without;
      EXPECT_EQ(rod.min_ssthresh, windows::kEstatsNoValue);
      EXPECT_EQ(rod.max_ssthresh, 0u);
    } else {
      EXPECT_LE(rod.min_ssthresh, rod.cur_ssthresh);
    }
    windows::EstatsSndCongRos ros = {1};
    ASSERT_EQ(host.api().get_per_tcp_connection_estats(&row, windows::kEstatsSndCong, nullptr, 0, 0,
                                                       Bytes(&ros), 0, sizeof(ros), nullptr, 0, 0),
              windows::kSuccess);
    EXPECT_EQ(ros.lim_cwnd, windows::kEstatsNoValue);
  }
  EXPECT_EQ(without, 1);
}

// Pitfall 5.
TEST(TcpEstats, OffAndOnResetsOnOldWindowsOnly) {
  for (const bool old : {false, true}) {
    SimulatedTcp host(std::string(kBusy) +
                      (old ? "estats { version: TCP_ESTATS_VERSION_WINDOWS_7 }" : ""));
    const TcpRow row = host.Established().front();
    windows::EstatsDataRod before;
    windows::EstatsDataRod after;
    ASSERT_EQ(host.Switch(row, windows::kEstatsData, true), windows::kSuccess);
    host.Advance(10);
    ASSERT_TRUE(host.Read(row, windows::kEstatsData, before));
    ASSERT_GT(before.data_bytes_out, 0u);
    ASSERT_EQ(host.Switch(row, windows::kEstatsData, false), windows::kSuccess);
    EXPECT_FALSE(host.Read(row, windows::kEstatsData, after));
    host.Advance(10);
    ASSERT_EQ(host.Switch(row, windows::kEstatsData, true), windows::kSuccess);
    ASSERT_TRUE(host.Read(row, windows::kEstatsData, after));
    EXPECT_EQ(after.data_bytes_out, old ? 0 : before.data_bytes_out);
    EXPECT_NE(after.snd_una, before.snd_una);
    // To switch on what is on changes nothing.
    host.Advance(1);
    ASSERT_EQ(host.Switch(row, windows::kEstatsData, true), windows::kSuccess);
    ASSERT_TRUE(host.Read(row, windows::kEstatsData, after));
    EXPECT_GT(after.data_bytes_out, old ? 0 : before.data_bytes_out);
  }
}

// Pitfalls 2 and 3.
TEST(TcpEstats, BandwidthHasTwoSwitches) {
  SimulatedTcp host(kBusy);
  const TcpRow row = host.Established().front();
  const auto set = [&](int32_t outbound, int32_t inbound) {
    const windows::EstatsBandwidthRw rw = {outbound, inbound};
    return host.api().set_per_tcp_connection_estats(
        &row, windows::kEstatsBandwidth, reinterpret_cast<const uint8_t*>(&rw), 0, sizeof(rw), 0);
  };
  windows::EstatsBandwidthRw rw;
  windows::EstatsBandwidthRod rod;
  const auto get = [&] {
    return host.api().get_per_tcp_connection_estats(&row, windows::kEstatsBandwidth, Bytes(&rw), 0,
                                                    sizeof(rw), nullptr, 0, 0, Bytes(&rod), 0,
                                                    sizeof(rod));
  };
  EXPECT_EQ(set(2, 0), windows::kErrorInvalidParameter);
  EXPECT_EQ(set(windows::kEstatsSwitchOn, windows::kEstatsSwitchUnchanged), windows::kSuccess);
  ASSERT_EQ(get(), windows::kSuccess);
  EXPECT_EQ(rw.enable_collection_outbound, 1);
  EXPECT_EQ(rw.enable_collection_inbound, 0);
  EXPECT_EQ(rod.outbound_bandwidth, 0u);
  EXPECT_GT(rod.inbound_bandwidth, uint64_t{1} << 60);  // Garbage: it is off.
  host.Advance(10);
  EXPECT_EQ(set(windows::kEstatsSwitchUnchanged, windows::kEstatsSwitchOn), windows::kSuccess);
  host.Advance(10);
  ASSERT_EQ(get(), windows::kSuccess);
  EXPECT_EQ(rw.enable_collection_outbound, 1);
  EXPECT_EQ(rw.enable_collection_inbound, 1);
  EXPECT_GT(rod.outbound_bandwidth, 0u);
  EXPECT_GT(rod.inbound_bandwidth, 0u);
  EXPECT_LT(rod.inbound_bandwidth, 10'000'000u);
}

// Pitfall 4.
TEST(TcpEstats, OnlyAdministratorsSwitch) {
  const SimulatedTcp host(kBusy, 1, /*administrator=*/false);
  const TcpRow row = host.Established().front();
  EXPECT_EQ(host.Switch(row, windows::kEstatsData, true), windows::kErrorAccessDenied);
  EXPECT_EQ(host.api().set_per_tcp_connection_estats(&row, windows::kEstatsData, nullptr, 0, 0, 0),
            windows::kSuccess);
  uint8_t rw = 9;
  EXPECT_EQ(host.api().get_per_tcp_connection_estats(&row, windows::kEstatsData, &rw, 0, 1, nullptr,
                                                     0, 0, nullptr, 0, 0),
            windows::kSuccess);
  EXPECT_EQ(rw, 0);
}

TEST(TcpEstats, RefuseWhatWindowsRefuses) {
  SimulatedTcp host(kBusy);
  SimulatedTcp vista(std::string(kBusy) + "estats { version: TCP_ESTATS_VERSION_VISTA }");
  const TcpRow row = host.Established().front();
  windows::EstatsDataRod rod;
  uint8_t rw = 1;
  const auto get = [&](const SimulatedTcp& on, const TcpRow* of, uint32_t type, uint8_t* to,
                       uint32_t version, uint32_t size) {
    return on.api().get_per_tcp_connection_estats(of, type, nullptr, 0, 0, nullptr, 0, 0, to,
                                                  version, size);
  };
  EXPECT_EQ(get(host, &row, 1, Bytes(&rod), 0, sizeof(rod)), windows::kSuccess);
  EXPECT_EQ(get(host, nullptr, 1, Bytes(&rod), 0, sizeof(rod)), windows::kErrorInvalidParameter);
  EXPECT_EQ(get(host, &row, 9, Bytes(&rod), 0, sizeof(rod)), windows::kErrorInvalidParameter);
  EXPECT_EQ(get(host, &row, 1, Bytes(&rod), 1, sizeof(rod)), windows::kErrorNotSupported);
  EXPECT_EQ(get(host, &row, 1, Bytes(&rod), 0, sizeof(rod) - 1), windows::kErrorInsufficientBuffer);
  EXPECT_EQ(get(host, &row, 1, nullptr, 0, sizeof(rod)), kErrorInvalidUserBuffer);
  EXPECT_EQ(get(vista, &row, 1, nullptr, 0, sizeof(rod)), windows::kErrorInsufficientBuffer);
  TcpRow unknown = row;
  unknown.remote_addr ^= 0x01000000;
  EXPECT_EQ(get(host, &unknown, 1, Bytes(&rod), 0, sizeof(rod)), windows::kErrorNotFound);

  const auto set = [&](const TcpRow* of, uint32_t type, const uint8_t* from, uint32_t version,
                       uint32_t size, uint32_t offset) {
    return host.api().set_per_tcp_connection_estats(of, type, from, version, size, offset);
  };
  EXPECT_EQ(set(&row, 1, &rw, 0, 1, 0), windows::kSuccess);
  EXPECT_EQ(set(nullptr, 1, &rw, 0, 1, 0), windows::kErrorInvalidParameter);
  EXPECT_EQ(set(&row, windows::kEstatsSynOpts, &rw, 0, 1, 0), windows::kErrorInvalidParameter);
  EXPECT_EQ(set(&row, 1, &rw, 1, 1, 0), windows::kErrorNotSupported);
  EXPECT_EQ(set(&row, 1, &rw, 0, 1, 1), windows::kErrorNotSupported);
  EXPECT_EQ(set(&row, 1, nullptr, 0, 1, 0), kErrorInvalidUserBuffer);
  EXPECT_EQ(set(&row, windows::kEstatsBandwidth, &rw, 0, 1, 0), kErrorInvalidUserBuffer);
  EXPECT_EQ(set(&unknown, 1, &rw, 0, 1, 0), windows::kErrorNotFound);
  EXPECT_EQ(set(&row, 3, &rw, 0, 0, 0), windows::kSuccess);
  windows::EstatsPathRod path;
  EXPECT_FALSE(host.Read(row, windows::kEstatsPath, path));
}

// Pitfall 6.
TEST(TcpEstats, EndWithTheConnection) {
  SimulatedTcp host(R"(
    processes { name: "a.exe" }
    connections { name: "proxy" count: 1 processes: "a.exe" peers: "203.0.113.7" port: 443
                  lifetime_s: 20 steady_lifetime: true reuse_share: 1
                  traffic { out_kbps: 800 } })");
  TcpRow row = host.Established().front();
  ASSERT_EQ(host.Switch(row, windows::kEstatsData, true), windows::kSuccess);
  ASSERT_TRUE(host.model().Reset(EndPointsOf(row)));
  windows::EstatsDataRod rod;
  EXPECT_FALSE(host.Read(row, windows::kEstatsData, rod));
  EXPECT_EQ(host.Switch(row, windows::kEstatsData, true), windows::kErrorNotFound);
  host.Advance(1);
  // Another one with the same end points: off, and counted from 0.
  EXPECT_EQ(host.Switch(row, windows::kEstatsPath, true), windows::kSuccess);
  EXPECT_FALSE(host.Read(row, windows::kEstatsData, rod));
}

TEST(TcpEstats, ListeningAndWaitingSocketsHaveNone) {
  SimulatedTcp host(R"(
    processes { name: "a.exe" } listeners { process: "a.exe" port: 80 address: "0.0.0.0" }
    connections { name: "short" count: 5 processes: "a.exe" peers: "203.0.113.0/24" port: 443
                  lifetime_s: 1 }
    connections { name: "leaking" count: 5 processes: "a.exe" peers: "203.0.113.0/24" port: 80
                  lifetime_s: 1 peer_closes_share: 1 leak_share: 1 })");
  host.Advance(60);
  for (const auto& [state, wanted] :
       {std::make_pair(windows::kTcpStateListen, windows::kErrorNotFound),
        std::make_pair(windows::kTcpStateTimeWait, windows::kErrorNotFound),
        std::make_pair(windows::kTcpStateCloseWait, windows::kSuccess)}) {
    const std::vector<TcpRow> rows = host.InState(state);
    ASSERT_FALSE(rows.empty()) << state;
    EXPECT_EQ(host.Switch(rows.front(), windows::kEstatsData, true), wanted) << state;
  }
}

// Pitfall 12.
TEST(TcpEstats, CountersOf32BitsGoRound) {
  SimulatedTcp host(std::string(kBusy) + R"(
    estats { enabled { share: 1 types: 3 counted_before: 4294966296 } })");
  for (int i = 0; i < 100; ++i) {
    host.Advance(1);
    const TcpRow row = host.Established().front();
    windows::EstatsPathRod path;
    windows::EstatsDataRod data;
    ASSERT_TRUE(host.Read(row, windows::kEstatsPath, path));
    EXPECT_FALSE(host.Read(row, windows::kEstatsData, data));
    const auto ideal = host.model().Ideal(EndPointsOf(row), kPathGroup, kBytesRetrans);
    ASSERT_TRUE(ideal.has_value());
    EXPECT_EQ(path.bytes_retrans, static_cast<uint32_t>(*ideal + 4294966296));
    if (*ideal > 1000) return;
  }
  FAIL() << "nothing was retransmitted";
}

TEST(TcpEstats, AnotherProgramMayHaveSwitchedSomeOn) {
  SimulatedTcp host(R"(
    processes { name: "a.exe" }
    connections { name: "c" count: 400 processes: "a.exe" peers: "203.0.113.0/24" port: 443
                  traffic { out_kbps: 80 } }
    estats { enabled { share: 0.25 types: 1 types: 7 } })");
  host.Advance(5);
  int enabled = 0;
  for (const TcpRow& row : host.Established()) {
    windows::EstatsDataRod data;
    windows::EstatsBandwidthRod bandwidth;
    windows::EstatsPathRod path;
    if (!host.Read(row, windows::kEstatsData, data)) continue;
    ++enabled;
    EXPECT_GT(data.data_bytes_out, 0u);
    EXPECT_TRUE(host.Read(row, windows::kEstatsBandwidth, bandwidth));
    EXPECT_FALSE(host.Read(row, windows::kEstatsPath, path));
  }
  EXPECT_NEAR(enabled, 100, 40);
}

// The numbers of all groups, read now and then or once, are the same.
TEST(TcpEstats, DoNotDependOnWhoLooked) {
  const std::string text = std::string(kBusy) + "estats { enabled { share: 1 } }";
  SimulatedTcp often(text);
  SimulatedTcp once(text);
  for (int i = 0; i < 300; ++i) {
    often.Advance(0.5);
    for (const TcpRow& row : often.Established()) {
      windows::EstatsPathRod path;
      ASSERT_TRUE(often.Read(row, windows::kEstatsPath, path));
    }
  }
  once.Advance(150);
  const std::vector<TcpRow> rows = often.Established();
  for (const TcpRow& row : rows) {
    for (uint32_t type = 1; type <= windows::kEstatsFineRtt; ++type) {
      alignas(8) std::array<uint8_t, 160> left = {};
      alignas(8) std::array<uint8_t, 160> right = {};
      const auto get = [&](const SimulatedTcp& host, std::array<uint8_t, 160>& rod) {
        return host.api().get_per_tcp_connection_estats(&row, type, nullptr, 0, 0, nullptr, 0, 0,
                                                        rod.data(), 0, kRodSizes[type]);
      };
      ASSERT_EQ(get(often, left), windows::kSuccess);
      ASSERT_EQ(get(once, right), windows::kSuccess);
      EXPECT_EQ(left, right) << type;
    }
  }
}

// Over a while every member shows something on a host with connections of all kinds, apart from
// those that are reserved.
TEST(TcpEstats, EveryMemberIsSeen) {
  SimulatedTcp host(R"(
    processes { name: "a.exe" }
    paths { name: "bad" rtt_ms: 40 jitter_ms: 5 up_mbps: 50 loss: 0.003 burst_share: 0.2
            reordering: 0.002 damage: 0.0001 stalls_per_hour: 60 }
    paths { name: "marked" rtt_ms: 10 up_mbps: 20 loss: 0.001 ecn: true }
    connections { name: "both ways" count: 4 processes: "a.exe" peers: "203.0.113.0/24" port: 443
                  path: "bad" traffic { out_unlimited: true in_unlimited: true read_kbps: 4000
                                        busy_share: 0.7 burst_s: 5 } }
    connections { name: "marked" count: 2 processes: "a.exe" peers: "203.0.113.0/24" port: 80
                  path: "marked" traffic { out_unlimited: true in_unlimited: true } }
    connections { name: "small" count: 1 processes: "a.exe" peers: "203.0.113.0/24" port: 81
                  peer_window_bytes: 8192 traffic { out_unlimited: true } }
    estats { enabled { share: 1 } })");
  std::array<std::vector<bool>, 9> seen;
  for (uint32_t type = 1; type < 9; ++type) seen[type].resize(kRodSizes[type] / 4);
  for (int i = 0; i < 600; ++i) {
    host.Advance(0.5);
    for (const TcpRow& row : host.Established()) {
      for (uint32_t type = 1; type < 9; ++type) {
        std::array<uint32_t, 40> words = {};
        ASSERT_EQ(host.api().get_per_tcp_connection_estats(&row, type, nullptr, 0, 0, nullptr, 0, 0,
                                                           Bytes(words.data()), 0, kRodSizes[type]),
                  windows::kSuccess);
        for (size_t word = 0; word < seen[type].size(); ++word) {
          if (words[word] != 0) seen[type][word] = true;
        }
      }
    }
  }
  // Padding, upper halves of 64 bits that need more than a while, and reserved members.
  const std::array<std::vector<size_t>, 9> missing = {{{},
                                                       {1, 3, 5, 7, 9, 11, 17, 19, 21, 23},
                                                       {3, 7, 11, 21},
                                                       {18, 24},
                                                       {1, 3, 5, 7},
                                                       {7, 8, 11, 13, 15, 17},
                                                       {},
                                                       {1, 3, 5, 7},
                                                       {}}};
  for (uint32_t type = 1; type < 9; ++type) {
    for (size_t word = 0; word < seen[type].size(); ++word) {
      const bool expected =
          std::find(missing[type].begin(), missing[type].end(), word) == missing[type].end();
      EXPECT_EQ(seen[type][word], expected) << "type " << type << " word " << word;
    }
  }
}

TEST(TcpEstats, Ipv6ConnectionsHaveThemToo) {
  SimulatedTcp host(R"(
    processes { name: "a.exe" }
    connections { name: "c" count: 3 processes: "a.exe" peers: "2001:db8:5::/64" ipv6_share: 1
                  port: 443 traffic { out_kbps: 80 } })");
  const windows::Tcp6RowOwnerModule module = host.Rows6().front();
  windows::Tcp6Row row = {};
  row.state = module.state;
  std::memcpy(row.local_addr, module.local_addr, 16);
  row.local_port = module.local_port;
  std::memcpy(row.remote_addr, module.remote_addr, 16);
  row.remote_port = module.remote_port;
  uint8_t rw = 1;
  ASSERT_EQ(host.api().set_per_tcp6_connection_estats(&row, windows::kEstatsPath, &rw, 0, 1, 0),
            windows::kSuccess);
  host.Advance(3);
  windows::EstatsPathRod rod;
  ASSERT_EQ(host.api().get_per_tcp6_connection_estats(&row, windows::kEstatsPath, &rw, 0, 1,
                                                      nullptr, 0, 0, Bytes(&rod), 0, sizeof(rod)),
            windows::kSuccess);
  EXPECT_EQ(rw, 1);
  EXPECT_EQ(rod.cur_mss, 1440u);
  EXPECT_GT(rod.count_rtt, 0u);
}

}  // namespace
}  // namespace farstat::sources::simulated
