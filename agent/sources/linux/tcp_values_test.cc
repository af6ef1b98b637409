// What is in the rows: real loopback connections, found by their cookies among whatever else the
// host has open, compared with what the kernel and ss say about them.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "agent/sources/linux/tcp_info.h"
#include "agent/sources/linux/tcp_source.h"
#include "tests/support/collected_tcp_rows.h"
#include "tests/support/loopback_sockets.h"
#include "tests/support/tcp_row_fields.h"

namespace farstat::sources {
namespace {

constexpr PartMask kConnections = PartBit(kTcpConnectionsPart);

class LinuxTcpValuesTest : public testing::Test {
 protected:
  CollectedTcpRows Collect(PartMask parts = kAllTcpGroups | kConnections) {
    CollectedTcpRows rows;
    outcome_ = source_.Collect(parts, rows);
    EXPECT_TRUE(outcome_.status.ok()) << outcome_.status;
    return rows;
  }

  LinuxTcpSource source_;
  Outcome outcome_;
};

// What `ss -tin` prints for one connection, as its "name:value" pairs and bare words.
std::map<std::string, std::string> Ss(uint16_t local_port, uint16_t remote_port) {
  const std::string command = absl::StrCat("ss -tinHO 'sport = :", local_port,
                                           " and dport = :", remote_port, "' 2>/dev/null");
  std::map<std::string, std::string> values;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return values;
  std::string output;
  char buffer[4096];
  for (size_t size; (size = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    output.append(buffer, size);
  }
  pclose(pipe);
  for (const absl::string_view word : absl::StrSplit(output, ' ', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(word, absl::MaxSplits(':', 1));
    values.insert(pair);
  }
  return values;
}

// --- Values ---

uint64_t MemberOf(const TcpInfo& info, const InfoMember& member) {
  uint64_t value = 0;
  std::memcpy(&value, reinterpret_cast<const char*>(&info) + member.offset, member.size);
  return value;
}

TEST_F(LinuxTcpValuesTest, ValuesAtRestEqualGetsockopt) {
  Connection connection;
  connection.Send(connection.client, connection.server, 100'000);
  connection.Send(connection.server, connection.client, 3'000);
  ASSERT_TRUE(Eventually([&] { return connection.AtRest(); }));
  const CollectedTcpRows rows = Collect();
  for (const Socket* socket : {&connection.client, &connection.server}) {
    size_t size = 0;
    const TcpInfo info = socket->Info(&size);
    const std::map<std::string, uint64_t> published = InfoValues(rows.Get(*socket));
    int compared = 0;
    for (const InfoMember& member : kInfoMembers) {
      const auto value = published.find(member.name);
      if (value == published.end() || absl::StartsWith(member.name, "last_")) continue;
      uint64_t expected = MemberOf(info, member);
      if (value->first == "rto") expected /= 1000;
      if (value->first == "ca_state") expected += 1;
      EXPECT_EQ(value->second, expected) << member.name;
      ++compared;
    }
    EXPECT_GT(compared, size >= 252 ? 40 : 30);
    EXPECT_EQ(published.at("options(1)"), (info.options & kOptionTimestamps) != 0);
    EXPECT_EQ(published.at("options(2)"), (info.options & kOptionSack) != 0);
    if ((info.options & kOptionWindowScale) != 0) {
      EXPECT_EQ(published.at("snd_wscale"), info.snd_wscale);
      EXPECT_EQ(published.at("rcv_wscale"), info.rcv_wscale);
    }
  }
  const v1::TcpConnection client = rows.Get(connection.client);
  EXPECT_EQ(client.data().data_bytes_out(), 100'000u);
  EXPECT_EQ(client.data().thru_bytes_received(), 3'000u);
  // An active open counts its SYN.
  EXPECT_EQ(client.data().thru_bytes_acked(), 100'001u);
  EXPECT_EQ(rows.Get(connection.server).data().thru_bytes_acked(), 3'000u);
}

// Text of ss such as "0.031/0.015" or "12" as numbers.
std::vector<double> Numbers(const std::string& text) {
  std::vector<double> numbers;
  for (const absl::string_view word : absl::StrSplit(text, '/')) {
    double number = -1;
    EXPECT_TRUE(absl::SimpleAtod(word, &number)) << text;
    numbers.push_back(number);
  }
  return numbers;
}

TEST_F(LinuxTcpValuesTest, ValuesAtRestEqualSs) {
  Connection connection;
  connection.Send(connection.client, connection.server, 70'000);
  connection.Send(connection.server, connection.client, 5'000);
  ASSERT_TRUE(Eventually([&] { return connection.AtRest(); }));
  const uint16_t server_port = LocalAddress(connection.server).port();
  auto ss = Ss(LocalAddress(connection.client).port(), server_port);
  if (ss.empty()) GTEST_SKIP() << "ss is not installed";
  const v1::TcpConnection row = Collect().Get(connection.client);
  const auto number = [&](const std::string& name) { return Numbers(ss[name])[0]; };
  EXPECT_EQ(row.data().thru_bytes_acked(), number("bytes_acked"));
  EXPECT_EQ(row.data().thru_bytes_received(), number("bytes_received"));
  EXPECT_EQ(row.data().data_bytes_out(), number("bytes_sent"));
  EXPECT_EQ(row.data().segments_out(), number("segs_out"));
  EXPECT_EQ(row.data().segments_in(), number("segs_in"));
  EXPECT_EQ(row.data().data_segments_out(), number("data_segs_out"));
  EXPECT_EQ(row.data().data_segments_in(), number("data_segs_in"));
  EXPECT_EQ(row.path().cur_mss_bytes(), number("mss"));
  EXPECT_EQ(row.path().cur_rto_ms(), number("rto"));
  EXPECT_EQ(row.path().segments_retrans(), ss.count("retrans") ? Numbers(ss["retrans"])[1] : 0);
  EXPECT_EQ(row.linux().cwnd_segments(), number("cwnd"));
  EXPECT_EQ(row.linux().path_mtu_bytes(), number("pmtu"));
  EXPECT_EQ(row.linux().receive_mss_bytes(), number("rcvmss"));
  EXPECT_EQ(row.linux().advertised_mss_bytes(), number("advmss"));
  EXPECT_EQ(row.linux().receive_space_bytes(), number("rcv_space"));
  EXPECT_EQ(row.linux().receive_ssthresh_bytes(), number("rcv_ssthresh"));
  EXPECT_EQ(row.linux().delivered_segments(), number("delivered"));
  EXPECT_EQ(row.observed_receive().cur_rwin_received_bytes(), number("snd_wnd"));
  EXPECT_DOUBLE_EQ(row.fine_rtt().smoothed_rtt_us() / 1000.0, Numbers(ss["rtt"])[0]);
  EXPECT_DOUBLE_EQ(row.fine_rtt().rtt_var_us() / 1000.0, Numbers(ss["rtt"])[1]);
  EXPECT_DOUBLE_EQ(row.linux().min_rtt_us() / 1000.0, number("minrtt"));
  EXPECT_EQ(ss.count(row.linux().congestion_algorithm()), 1u);
}

TEST_F(LinuxTcpValuesTest, FollowsABulkTransfer) {
  constexpr size_t kChunk = size_t{64} << 10;
  constexpr size_t kTotal = 256 * kChunk;
  Connection connection;
  const int64_t before = absl::ToUnixMillis(absl::Now());
  std::atomic<size_t> read = 0;
  std::thread reader([&] {
    std::string buffer(kChunk, '\0');
    ssize_t size;
    while ((size = recv(connection.server.fd(), buffer.data(), buffer.size(), 0)) > 0) {
      read += static_cast<size_t>(size);
    }
  });
  const std::string data(kChunk, 'x');
  for (size_t sent = 0; sent < kTotal; sent += kChunk) {
    ASSERT_EQ(send(connection.client.fd(), data.data(), kChunk, 0), static_cast<ssize_t>(kChunk));
  }
  EXPECT_TRUE(Eventually([&] { return read == kTotal && connection.AtRest(); }));
  const CollectedTcpRows rows = Collect();
  const int64_t after = absl::ToUnixMillis(absl::Now());
  const v1::TcpConnection client = rows.Get(connection.client);
  const v1::TcpConnection server = rows.Get(connection.server);
  EXPECT_EQ(client.data().data_bytes_out(), kTotal + client.path().bytes_retrans());
  EXPECT_EQ(client.data().thru_bytes_acked(), kTotal + 1);
  EXPECT_EQ(server.data().thru_bytes_received(), kTotal);
  EXPECT_EQ(server.data().data_segments_in(), client.data().data_segments_out());
  EXPECT_GT(client.linux().delivery_rate_bytes_per_second(), 0u);
  EXPECT_GT(client.linux().busy_time_us(), 0u);
  EXPECT_LE(client.linux().busy_time_us(), static_cast<uint64_t>(after - before + 20) * 1000);
  EXPECT_GT(client.fine_rtt().smoothed_rtt_us(), 0u);
  EXPECT_EQ(client.send_buffer().cur_app_write_queue_bytes(), 0u);
  EXPECT_EQ(server.receive().cur_app_read_queue_bytes(), 0u);

  // Only the client sent data and only the server received some.
  constexpr int64_t kTick = 10 + EventTimes::kToleranceMs;
  EXPECT_GE(client.linux().last_data_sent_unix_ms(), before - kTick);
  EXPECT_LE(client.linux().last_data_sent_unix_ms(), after + kTick);
  EXPECT_GE(server.linux().last_data_received_unix_ms(), before - kTick);
  EXPECT_LE(server.linux().last_data_received_unix_ms(), after + kTick);
  EXPECT_TRUE(client.linux().has_last_ack_received_unix_ms());
  EXPECT_FALSE(client.linux().has_last_data_received_unix_ms());
  EXPECT_FALSE(server.linux().has_last_data_sent_unix_ms());
  shutdown(connection.client.fd(), SHUT_WR);
  reader.join();
}

TEST_F(LinuxTcpValuesTest, ShowsAStalledReceiver) {
  Connection connection("127.0.0.1", 4096);
  fcntl(connection.client.fd(), F_SETFL, O_NONBLOCK);
  const std::string data(16384, 'x');
  const auto fill = [&] {
    while (send(connection.client.fd(), data.data(), data.size(), MSG_NOSIGNAL) > 0) {
    }
  };
  const auto stalled = [&] {
    fill();
    const TcpInfo info = connection.client.Info();
    return info.snd_wnd == 0 && info.unacked == 0 && info.rwnd_limited > 0;
  };
  ASSERT_TRUE(Eventually(stalled));
  const CollectedTcpRows rows = Collect();
  const v1::TcpConnection client = rows.Get(connection.client);
  const v1::TcpConnection server = rows.Get(connection.server);
  EXPECT_TRUE(client.observed_receive().has_cur_rwin_received_bytes());
  EXPECT_EQ(client.observed_receive().cur_rwin_received_bytes(), 0u);
  EXPECT_GT(client.linux().rwnd_limited_us(), 0u);
  EXPECT_LE(client.linux().rwnd_limited_us(), client.linux().busy_time_us());
  EXPECT_GT(client.send_buffer().cur_app_write_queue_bytes(), 0u);
  EXPECT_EQ(client.send_buffer().cur_app_write_queue_bytes(), client.linux().send_queue_bytes());
  EXPECT_EQ(client.linux().timer(), v1::TCP_TIMER_PROBE);
  EXPECT_GT(client.linux().write_queued_bytes(), 0u);
  EXPECT_EQ(server.receive().cur_app_read_queue_bytes(), server.data().thru_bytes_received());
  EXPECT_GT(server.receive().cur_app_read_queue_bytes(), 0u);
  EXPECT_GT(server.linux().receive_memory_bytes(), 0u);
  int buffer = 0;
  socklen_t size = sizeof(buffer);
  ASSERT_EQ(getsockopt(connection.server.fd(), SOL_SOCKET, SO_RCVBUF, &buffer, &size), 0);
  EXPECT_EQ(server.linux().receive_buffer_bytes(), static_cast<uint32_t>(buffer));
}

// An idle connection must not look changed, or every subscriber is sent it at every tick.
TEST_F(LinuxTcpValuesTest, RowsOfIdleConnectionsStayTheSame) {
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < 20; ++i) {
    connections.push_back(std::make_unique<Connection>());
    connections.back()->Send(connections.back()->client, connections.back()->server, 100);
  }
  for (const auto& connection : connections) {
    ASSERT_TRUE(Eventually([&] { return connection->AtRest(); }));
  }
  const CollectedTcpRows first = Collect();
  const auto start = std::chrono::steady_clock::now();
  int collections = 0;
  // Across several timer ticks of the slowest kernel.
  while (collections < 20 ||
         std::chrono::steady_clock::now() - start < std::chrono::milliseconds(50)) {
    const CollectedTcpRows rows = Collect();
    for (const auto& connection : connections) {
      for (const Socket* socket : {&connection->client, &connection->server}) {
        ASSERT_EQ(rows.Find(socket->Cookie()).bytes, first.Find(socket->Cookie()).bytes)
            << rows.Get(*socket).DebugString() << first.Get(*socket).DebugString();
      }
    }
    ++collections;
  }
}

// --- Addresses ---

TEST_F(LinuxTcpValuesTest, NamesBothEndsOfIpv4) {
  const Connection connection;
  const CollectedTcpRows rows = Collect(kConnections);
  const v1::TcpConnection client = rows.Get(connection.client);
  const v1::TcpConnection server = rows.Get(connection.server);
  EXPECT_EQ(client.state(), v1::TCP_STATE_ESTABLISHED);
  EXPECT_EQ(client.key().local_address(), "127.0.0.1");
  EXPECT_EQ(client.key().local_port(), LocalAddress(connection.client).port());
  EXPECT_EQ(client.key().remote_address(), "127.0.0.1");
  EXPECT_EQ(client.key().remote_port(), LocalAddress(connection.listener).port());
  EXPECT_EQ(server.key().remote_port(), client.key().local_port());
  EXPECT_EQ(client.key().local_scope_id(), 0u);
  EXPECT_FALSE(client.has_data());
  EXPECT_FALSE(client.has_owner());
}

TEST_F(LinuxTcpValuesTest, NamesBothEndsOfIpv6) {
  if (!HasIpv6()) GTEST_SKIP() << "this host has no IPv6";
  Connection connection("::1");
  connection.Send(connection.client, connection.server, 10);
  const CollectedTcpRows rows = Collect();
  const v1::TcpConnection client = rows.Get(connection.client);
  EXPECT_EQ(client.key().local_address(), "::1");
  EXPECT_EQ(client.key().remote_address(), "::1");
  EXPECT_EQ(client.key().remote_port(), LocalAddress(connection.listener).port());
  EXPECT_EQ(client.data().data_bytes_out(), 10u);
  EXPECT_EQ(rows.Get(connection.listener).key().local_address(), "::1");
  const std::array<uint8_t, 16> loopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_EQ(rows.Find(connection.client.Cookie()).facts.remote_address, loopback);
}

TEST_F(LinuxTcpValuesTest, KeepsIpv4ThroughAnIpv6SocketMapped) {
  if (!HasIpv6()) GTEST_SKIP() << "this host has no IPv6";
  const Socket listener = Listen("::");
  const Socket client = ConnectTo("127.0.0.1", LocalAddress(listener).port());
  const Socket server = Accept(listener);
  const CollectedTcpRows rows = Collect(kConnections);
  EXPECT_EQ(rows.Get(listener).key().local_address(), "::");
  EXPECT_EQ(rows.Get(client).key().remote_address(), "127.0.0.1");
  EXPECT_EQ(rows.Get(server).key().local_address(), "::ffff:127.0.0.1");
  EXPECT_EQ(rows.Get(server).key().remote_address(), "::ffff:127.0.0.1");
  // A filter takes both ends for the same address.
  EXPECT_EQ(rows.Find(server.Cookie()).facts.remote_address,
            rows.Find(client.Cookie()).facts.remote_address);
}

TEST_F(LinuxTcpValuesTest, TellsTheInterfaceThatASocketIsBoundTo) {
  const Socket listener = Listen("127.0.0.1");
  if (setsockopt(listener.fd(), SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) != 0) {
    GTEST_SKIP() << "may not bind to a device";
  }
  EXPECT_NE(Collect(kConnections).Get(listener).key().local_scope_id(), 0u);
}

// --- States ---

TEST_F(LinuxTcpValuesTest, ShowsAcceptQueues) {
  const Socket listener = Listen("127.0.0.1", 7);
  const uint16_t port = LocalAddress(listener).port();
  const Socket clients[] = {ConnectTo("127.0.0.1", port), ConnectTo("127.0.0.1", port),
                            ConnectTo("127.0.0.1", port)};
  // Of a listening socket the kernel tells its queue in this member.
  ASSERT_TRUE(Eventually([&] { return listener.Info().unacked == std::size(clients); }));
  const CollectedTcpRows rows = Collect(kAllTcpParts);
  const v1::TcpConnection row = rows.Get(listener);
  EXPECT_EQ(row.state(), v1::TCP_STATE_LISTEN);
  EXPECT_EQ(row.listener().accept_queue(), std::size(clients));
  EXPECT_EQ(row.listener().accept_queue_limit(), 7u);
  EXPECT_EQ(row.key().remote_address(), "");
  EXPECT_EQ(row.key().remote_port(), 0u);
  for (int part = 1; part <= 10; ++part) {
    EXPECT_FALSE(rows.Find(listener.Cookie()).HasPart(part)) << part;
  }
}

TEST_F(LinuxTcpValuesTest, FollowsAConnectionToItsEnd) {
  Connection connection;
  const uint64_t cookie = connection.client.Cookie();
  const std::string key = Collect(kConnections).Find(cookie).key;

  constexpr uint8_t kFinWait2 = 5;
  shutdown(connection.client.fd(), SHUT_WR);
  ASSERT_TRUE(Eventually([&] { return connection.client.Info().state == kFinWait2; }));
  CollectedTcpRows rows = Collect();
  EXPECT_EQ(rows.Get(cookie).state(), v1::TCP_STATE_FIN_WAIT2);
  EXPECT_TRUE(rows.Get(cookie).has_data());
  EXPECT_EQ(rows.Get(connection.server).state(), v1::TCP_STATE_CLOSE_WAIT);

  connection.server.Close();
  connection.client.Close();
  const auto closed = [&] {
    rows = Collect(kAllTcpParts);
    return rows.Get(cookie).state() == v1::TCP_STATE_TIME_WAIT;
  };
  ASSERT_TRUE(Eventually(closed));
  const CollectedTcpRow row = rows.Find(cookie);
  // The same connection still.
  EXPECT_EQ(row.key, key);
  for (int part = 1; part < kMaxParts; ++part) EXPECT_FALSE(row.HasPart(part)) << part;
}

// A listener with a full queue drops SYNs, so that a second connection hangs in SYN_SENT.
TEST_F(LinuxTcpValuesTest, ShowsRepeatedAttemptsToConnect) {
  const Socket listener = Listen("127.0.0.1", 0);
  const uint16_t port = LocalAddress(listener).port();
  const Socket first = ConnectTo("127.0.0.1", port);
  ASSERT_TRUE(Eventually([&] { return listener.Info().unacked == 1; }));
  const Socket second = ConnectTo("127.0.0.1", port, SOCK_NONBLOCK);
  v1::TcpConnection row = Collect().Get(second);
  EXPECT_EQ(row.state(), v1::TCP_STATE_SYN_SENT);
  EXPECT_EQ(row.path().segments_retrans(), 0u);
  EXPECT_FALSE(row.has_observed_receive());
  EXPECT_FALSE(row.has_fine_rtt());
  EXPECT_FALSE(row.linux().has_last_ack_received_unix_ms());
  EXPECT_FALSE(row.linux().has_min_rtt_us());
  EXPECT_EQ(row.linux().timer(), v1::TCP_TIMER_RETRANSMIT);

  ASSERT_TRUE(Eventually([&] { return second.Info().total_retrans > 0; }));
  row = Collect().Get(second);
  const TcpInfo info = second.Info();
  EXPECT_EQ(row.path().segments_retrans(), info.total_retrans);
  EXPECT_EQ(row.path().cur_timeout_count(), info.retransmits);
  EXPECT_EQ(row.path().cur_rto_ms(), info.rto / 1000);
  EXPECT_EQ(row.linux().rto_backoff(), info.backoff);
  auto ss = Ss(LocalAddress(second).port(), port);
  if (ss.empty()) return;
  EXPECT_EQ(row.path().segments_retrans(), Numbers(ss["retrans"])[1]);
}

bool KernelIsAtLeast(int major, int minor) {
  utsname name = {};
  int here_major = 0;
  int here_minor = 0;
  if (uname(&name) != 0) return false;
  const std::vector<absl::string_view> parts = absl::StrSplit(name.release, absl::ByAnyChar(".-"));
  return parts.size() >= 2 && absl::SimpleAtoi(parts[0], &here_major) &&
         absl::SimpleAtoi(parts[1], &here_minor) &&
         std::make_pair(here_major, here_minor) >= std::make_pair(major, minor);
}

TEST_F(LinuxTcpValuesTest, ListsSocketsThatAreOnlyBound) {
  if (!KernelIsAtLeast(6, 8)) GTEST_SKIP() << "this kernel does not list bound sockets";
  const Socket bound = OpenSocket(AF_INET);
  Address address = MakeAddress("127.0.0.1");
  ASSERT_EQ(bind(bound.fd(), address.get(), address.size), 0);
  const CollectedTcpRows rows = Collect(kAllTcpParts);
  const CollectedTcpRow row = rows.Find(bound.Cookie());
  const v1::TcpConnection parsed = ParseTcpRow(row.bytes);
  EXPECT_EQ(parsed.state(), v1::TCP_STATE_BOUND);
  EXPECT_EQ(parsed.key().local_port(), LocalAddress(bound).port());
  EXPECT_EQ(parsed.key().remote_address(), "");
  EXPECT_EQ(row.facts.has_remote, 0);
  EXPECT_FALSE(parsed.has_path());
  EXPECT_TRUE(parsed.has_owner());
}

}  // namespace
}  // namespace farstat::sources
