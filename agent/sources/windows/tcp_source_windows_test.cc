// The TCP collector on the Windows that the test runs on, held to sockets that are really there:
// those that the test opens and, under Wine, all that the kernel below it lists.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_split.h"
#include "agent/sources/windows/api_windows.h"
#include "agent/sources/windows/tcp_source.h"
#include "common/clock.h"
#include "tests/support/windows_tcp_rows.h"

// Last, because macros of Windows break names of Protobuf.
#include "common/sockets.h"

namespace farstat::sources::windows {
namespace {

using farstat::testing::WindowsTcpRow;
using farstat::testing::WindowsTcpRows;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

// Local port, remote port and state; the remote port of a socket that has none is 0.
using Ends = std::tuple<uint16_t, uint16_t, int>;

std::set<Ends> EndsOf(const WindowsTcpRows& rows) {
  std::set<Ends> ends;
  for (const WindowsTcpRow& row : rows.rows()) {
    ends.emplace(row.facts.local_port, row.facts.remote_port, row.facts.state);
  }
  return ends;
}

WindowsTcpRows CollectAll() {
  static const Api& api = *new Api(LoadApi());
  TcpSource source(api, SystemClock());
  WindowsTcpRows rows;
  const Outcome outcome = source.Collect(PartBit(kTcpConnectionsPart), rows);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  return rows;
}

class OpenSocket {
 public:
  explicit OpenSocket(int family) : handle_(OpenStreamSocket(family)) {}
  explicit OpenSocket(SocketHandle handle) : handle_(handle) {}
  ~OpenSocket() { CloseSocket(handle_); }
  OpenSocket(const OpenSocket&) = delete;
  OpenSocket& operator=(const OpenSocket&) = delete;

  SocketHandle handle() const { return handle_; }
  uint16_t port() const {
    sockaddr_storage address = {};
    socklen_t size = sizeof(address);
    EXPECT_EQ(getsockname(handle_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    // Behind the family in both protocols.
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  }

 private:
  SocketHandle handle_;
};

// A listening socket on loopback and a connection to it.
struct Traffic {
  explicit Traffic(int family) : listener(family), client(family) {
    sockaddr_storage address = {};
    socklen_t size = sizeof(sockaddr_in);
    address.ss_family = static_cast<decltype(address.ss_family)>(family);
    if (family == AF_INET6) {
      size = sizeof(sockaddr_in6);
      reinterpret_cast<sockaddr_in6&>(address).sin6_addr.s6_addr[15] = 1;
    } else {
      reinterpret_cast<sockaddr_in&>(address).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener.handle(), generic, size), 0);
    EXPECT_EQ(listen(listener.handle(), 1), 0);
    EXPECT_EQ(getsockname(listener.handle(), generic, &size), 0);
    StartConnect(client.handle(), generic, size);
    EXPECT_TRUE(WaitForSocket(client.handle(), SocketEvent::kWritable, absl::Seconds(30)));
    EXPECT_EQ(ConnectError(client.handle()), 0);
  }

  OpenSocket listener;
  OpenSocket client;
};

class TcpSourceOfThisWindowsTest : public ::testing::TestWithParam<int> {
 protected:
  TcpSourceOfThisWindowsTest() { StartSockets(); }
};

TEST_P(TcpSourceOfThisWindowsTest, ListsSocketsAsTheyComeAndGo) {
  uint16_t listening = 0;
  uint16_t connected = 0;
  {
    const Traffic traffic(GetParam());
    listening = traffic.listener.port();
    connected = traffic.client.port();
    const std::set<Ends> ends = EndsOf(CollectAll());
    EXPECT_THAT(ends, Contains(Ends{listening, 0, v1::TCP_STATE_LISTEN}));
    EXPECT_THAT(ends, Contains(Ends{connected, listening, v1::TCP_STATE_ESTABLISHED}));
    EXPECT_THAT(ends, Contains(Ends{listening, connected, v1::TCP_STATE_ESTABLISHED}));
  }
  const std::set<Ends> ends = EndsOf(CollectAll());
  EXPECT_THAT(ends, Not(Contains(Ends{listening, 0, v1::TCP_STATE_LISTEN})));
  EXPECT_THAT(ends, Not(Contains(Ends{connected, listening, v1::TCP_STATE_ESTABLISHED})));
}

TEST_P(TcpSourceOfThisWindowsTest, TellsAddressesOfBothEnds) {
  const Traffic traffic(GetParam());
  const std::string loopback = GetParam() == AF_INET6 ? "::1" : "127.0.0.1";
  size_t found = 0;
  for (const WindowsTcpRow& row : CollectAll().rows()) {
    const v1::TcpConnectionKey& key = row.connection.key();
    if (key.local_port() != traffic.client.port() || key.remote_port() != traffic.listener.port()) {
      continue;
    }
    ++found;
    EXPECT_EQ(key.local_address(), loopback);
    EXPECT_EQ(key.remote_address(), loopback);
  }
  EXPECT_EQ(found, 1u);
}

INSTANTIATE_TEST_SUITE_P(Families, TcpSourceOfThisWindowsTest, ::testing::Values(AF_INET, AF_INET6),
                         [](const auto& family) {
                           return family.param == AF_INET6 ? "Ipv6" : "Ipv4";
                         });

// Under Wine: what the kernel says of its sockets, in Windows' numbers of states. Empty elsewhere.
std::set<Ends> KernelEnds() {
  // TCP_ESTABLISHED to TCP_CLOSING of the kernel.
  constexpr int kStates[] = {
      v1::TCP_STATE_UNSPECIFIED,  v1::TCP_STATE_ESTABLISHED, v1::TCP_STATE_SYN_SENT,
      v1::TCP_STATE_SYN_RECEIVED, v1::TCP_STATE_FIN_WAIT1,   v1::TCP_STATE_FIN_WAIT2,
      v1::TCP_STATE_TIME_WAIT,    v1::TCP_STATE_CLOSED,      v1::TCP_STATE_CLOSE_WAIT,
      v1::TCP_STATE_LAST_ACK,     v1::TCP_STATE_LISTEN,      v1::TCP_STATE_CLOSING};
  std::set<Ends> ends;
  for (const char* const path : {R"(Z:\proc\net\tcp)", R"(Z:\proc\net\tcp6)"}) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);  // The titles.
    while (std::getline(file, line)) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
      if (words.size() < 4) continue;
      const auto port_of = [](const std::string& end) {
        return static_cast<uint16_t>(
            std::strtoul(end.substr(end.find(':') + 1).c_str(), nullptr, 16));
      };
      const size_t state = std::strtoul(words[3].c_str(), nullptr, 16);
      if (state >= std::size(kStates)) continue;
      ends.emplace(port_of(words[1]), port_of(words[2]), kStates[state]);
    }
  }
  return ends;
}

std::vector<Ends> Both(const std::set<Ends>& a, const std::set<Ends>& b) {
  std::vector<Ends> both;
  for (const Ends& ends : a) {
    if (b.count(ends) > 0) both.push_back(ends);
  }
  return both;
}

// Sockets of other programs come and go meanwhile: what was there before and after must be listed,
// and what is listed must have been there before or after. One of three attempts has to find that.
TEST(TcpTableUnderWineTest, IsThatOfTheKernel) {
  StartSockets();
  const Traffic traffic(AF_INET);
  if (KernelEnds().empty()) GTEST_SKIP() << "this is no Wine";
  std::vector<Ends> missing;
  std::vector<Ends> invented;
  for (int attempt = 0; attempt < 3; ++attempt) {
    missing.clear();
    invented.clear();
    const std::set<Ends> before = KernelEnds();
    const std::set<Ends> listed = EndsOf(CollectAll());
    const std::set<Ends> after = KernelEnds();
    for (const Ends& ends : Both(before, after)) {
      if (listed.count(ends) == 0) missing.push_back(ends);
    }
    for (const Ends& ends : listed) {
      if (before.count(ends) + after.count(ends) == 0) invented.push_back(ends);
    }
    if (missing.empty() && invented.empty()) break;
  }
  EXPECT_THAT(missing, IsEmpty());
  EXPECT_THAT(invented, IsEmpty());
}

}  // namespace
}  // namespace farstat::sources::windows
