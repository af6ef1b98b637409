// The TCP table of Wine lists the sockets of this host: the agent must show them as ss does,
// whether iphlpapi.dll is Wine's or a replaced one that forwards to it.

#include <gmock/gmock.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "farstat/v1/tcp.pb.h"
#include "tests/support/loopback_sockets.h"
#include "tests/windows/office.h"
#include "tests/windows/wine_agent.h"

namespace farstat::testing {
namespace {

using sources::Connection;
using ::testing::Contains;
using ::testing::IsSubsetOf;
using ::testing::Not;

// "LISTEN 127.0.0.1:80 -", "ESTABLISHED 127.0.0.1:80 127.0.0.1:40000".
using Sockets = std::set<std::string>;

// In the words of ss.
std::string EndPoint(absl::string_view address, uint32_t port) {
  return address.find(':') == absl::string_view::npos ? absl::StrCat(address, ":", port)
                                                      : absl::StrCat("[", address, "]:", port);
}

// An end point of IPv4 as ss writes it, also that of a socket that takes both versions; empty: it
// is another one. (ss has many ways to write addresses of IPv6.)
std::string Ipv4(absl::string_view end_point) {
  const bool is_mapped = absl::ConsumePrefix(&end_point, "[::ffff:");
  std::string plain = absl::StrReplaceAll(end_point, {{is_mapped ? "]:" : ":", ":"}});
  const bool is_ipv4 = plain.find_first_not_of("0123456789.:*") == std::string::npos;
  return is_ipv4 && plain[0] != '*' ? plain : "";
}

// The listening and established ones of IPv4, as the kernel of this host knows them. (ss has many
// ways to write addresses of IPv6.)
Sockets ShownBySs() {
  Sockets sockets;
  const Finished ss = RunToEnd("/usr/bin/env", {"ss", "-Htan"});
  EXPECT_EQ(ss.exit_code, 0) << ss.err;
  for (const absl::string_view line : absl::StrSplit(ss.out, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    const std::string local = words.size() < 5 ? "" : Ipv4(words[3]);
    if (local.empty()) continue;
    if (words[0] == "LISTEN") sockets.insert(absl::StrCat("LISTEN ", local, " -"));
    if (words[0] == "ESTAB") {
      sockets.insert(absl::StrCat("ESTABLISHED ", local, " ", Ipv4(words[4])));
    }
  }
  return sockets;
}

class SocketsTest : public WineAgentTest {
 protected:
  Sockets ShownByTheAgent() const {
    Sockets sockets;
    for (const auto& row : DataOf<v1::TcpConnection>(Get("tcp"), "row")) {
      const v1::TcpConnectionKey& key = row.key();
      const std::string local = EndPoint(key.local_address(), key.local_port());
      if (row.state() == v1::TCP_STATE_LISTEN) {
        sockets.insert(absl::StrCat("LISTEN ", local, " -"));
      } else if (row.state() == v1::TCP_STATE_ESTABLISHED) {
        sockets.insert(absl::StrCat("ESTABLISHED ", local, " ",
                                    EndPoint(key.remote_address(), key.remote_port())));
      }
    }
    return sockets;
  }

  // Sockets of the test itself, and whatever else this host has that stays.
  void ExpectTheHostsSockets() {
    Connection ipv4("127.0.0.1");
    const uint32_t port = LocalAddress(ipv4.listener).port();
    const uint32_t client_port = LocalAddress(ipv4.client).port();
    const std::string server = EndPoint("127.0.0.1", port);
    const std::string client = EndPoint("127.0.0.1", client_port);
    const Sockets before = ShownBySs();
    const Sockets shown = ShownByTheAgent();
    const Sockets after = ShownBySs();
    EXPECT_THAT(shown, Contains(absl::StrCat("LISTEN ", server, " -")));
    EXPECT_THAT(shown, Contains(absl::StrCat("ESTABLISHED ", server, " ", client)));
    EXPECT_THAT(shown, Contains(absl::StrCat("ESTABLISHED ", client, " ", server)));
    EXPECT_THAT(shown, Contains(absl::StrCat("LISTEN ", address(), " -"))) << "the agent's own";
    Sockets lasting;
    Sockets listening;
    for (const std::string& socket : before) {
      if (after.count(socket) > 0) lasting.insert(socket);
    }
    EXPECT_THAT(lasting, IsSubsetOf(shown));
    Sockets ever = before;
    ever.insert(after.begin(), after.end());
    for (const std::string& socket : shown) {
      const bool is_ipv4 = socket.find('[') == std::string::npos;
      if (is_ipv4 && absl::StartsWith(socket, "LISTEN")) listening.insert(socket);
    }
    EXPECT_THAT(listening, IsSubsetOf(ever)) << "none is made up";

    ipv4.listener.Close();
    ipv4.client.Reset();
    ipv4.server.Reset();
    EXPECT_THAT(ShownByTheAgent(), Not(Contains(absl::StrCat("LISTEN ", server, " -"))));
  }
};

TEST_F(SocketsTest, OfThisHostAreListedOnPlainWine) {
  StartAgent(Windows());
  ExpectTheHostsSockets();
  if (sources::HasIpv6()) {
    Connection ipv6("::1");
    EXPECT_THAT(ShownByTheAgent(),
                Contains(absl::StrCat("LISTEN ",
                                      EndPoint("::1", LocalAddress(ipv6.listener).port()), " -")));
  }
}

// The tables are forwarded to Wine, the totals of the stack are simulated.
TEST_F(SocketsTest, OfThisHostAreListedThroughAReplacedDll) {
  Windows windows = SimulatedWindows(kOffice);
  windows.iphlpapi = "tables";
  StartAgent(windows);
  ExpectTheHostsSockets();
  const auto totals = DataOf<v1::TcpStack>(Get("tcp"), "totals");
  ASSERT_THAT(totals, ::testing::SizeIs(1));
  EXPECT_EQ(totals.front().active_opens(), uint64_t{kConnections});
}

}  // namespace
}  // namespace farstat::testing
