#include "agent/sources/linux/tcp_stack.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/sources/row_writer.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources {
namespace {

v1::TcpStack Write(absl::string_view snmp, absl::string_view netstat,
                   const TcpStateCounts& counts = {}) {
  RowWriter row;
  WriteTcpStack(snmp, netstat, counts, row);
  v1::TcpStack stack;
  EXPECT_TRUE(stack.ParseFromArray(row.bytes().data(), static_cast<int>(row.bytes().size())));
  EXPECT_TRUE(stack.GetReflection()->GetUnknownFields(stack).empty());
  EXPECT_TRUE(row.key().empty());
  return stack;
}

TEST(TcpStackTest, ReadsBothTables) {
  const v1::TcpStack stack = Write(
      "Ip: Forwarding DefaultTTL\nIp: 1 64\n"
      "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens CurrEstab InSegs InCsumErrors\n"
      "Tcp: 1 200 120000 4096 9018 17 18446744073709551615 3\n"
      "Udp: InDatagrams\nUdp: 5\n",
      "TcpExt: SyncookiesSent Unknown TCPTimeouts TCPDeliveredCE\nTcpExt: 4 9 6 2\n"
      "IpExt: InNoRoutes\nIpExt: 0\n");
  EXPECT_EQ(stack.rto_algorithm(), 1u);
  EXPECT_EQ(stack.rto_min_ms(), 200u);
  EXPECT_EQ(stack.rto_max_ms(), 120000u);
  EXPECT_EQ(stack.max_connections(), 4096u);
  EXPECT_EQ(stack.active_opens(), 9018u);
  EXPECT_EQ(stack.current_established(), 17u);
  EXPECT_EQ(stack.segments_in(), 18446744073709551615u);
  EXPECT_EQ(stack.checksum_errors_in(), 3u);
  EXPECT_FALSE(stack.has_passive_opens());
  EXPECT_FALSE(stack.has_current_connections());
  EXPECT_EQ(stack.linux().syncookies_sent(), 4u);
  EXPECT_EQ(stack.linux().timeouts(), 6u);
  EXPECT_EQ(stack.linux().delivered_ce_segments(), 2u);
  EXPECT_FALSE(stack.linux().has_listen_drops());
}

TEST(TcpStackTest, LeavesOutALimitThatIsNone) {
  const v1::TcpStack stack = Write("Tcp: MaxConn ActiveOpens\nTcp: -1 3\n", "");
  EXPECT_FALSE(stack.has_max_connections());
  EXPECT_EQ(stack.active_opens(), 3u);
  EXPECT_FALSE(stack.has_linux());
}

TEST(TcpStackTest, LeavesOutNumbersThatDoNotFit) {
  const v1::TcpStack stack =
      Write("Tcp: RtoMin RtoMax ActiveOpens InErrs\nTcp: 4294967296 4294967295 x 1e3\n", "");
  EXPECT_FALSE(stack.has_rto_min_ms());
  EXPECT_EQ(stack.rto_max_ms(), 4294967295u);
  EXPECT_FALSE(stack.has_active_opens());
  EXPECT_FALSE(stack.has_in_errors());
}

TEST(TcpStackTest, SurvivesDamagedText) {
  for (const char* text :
       {"", "\n", "Tcp:", "Tcp: ", "Tcp:\nTcp:", "Tcp: ActiveOpens", "Tcp: ActiveOpens\n",
        "Tcp: ActiveOpens\nUdp: 1\n", "Tcp: ActiveOpens\nTcp:\n", "Tcp: ActiveOpens\nTcp: \n",
        "Tcp:  ActiveOpens\nTcp: 1\n", "TcpX: ActiveOpens\nTcpX: 1\n", "\n\n\nTcp: \n Tcp: 1"}) {
    const v1::TcpStack stack = Write(text, text);
    EXPECT_FALSE(stack.has_active_opens()) << text;
  }
  // Fewer values than names, and the other way round.
  EXPECT_EQ(Write("Tcp: ActiveOpens PassiveOpens\nTcp: 1\n", "").active_opens(), 1u);
  EXPECT_EQ(Write("Tcp: ActiveOpens\nTcp: 1 2 3", "").active_opens(), 1u);
}

TEST(TcpStackTest, TellsTheStatesThatOccur) {
  TcpStateCounts counts = {};
  counts[v1::TCP_STATE_ESTABLISHED] = 300;
  counts[v1::TCP_STATE_LISTEN] = 4;
  const v1::TcpStack stack = Write("", "", counts);
  ASSERT_EQ(stack.states_size(), 2);
  EXPECT_EQ(stack.states(0).state(), v1::TCP_STATE_LISTEN);
  EXPECT_EQ(stack.states(0).count(), 4u);
  EXPECT_EQ(stack.states(1).state(), v1::TCP_STATE_ESTABLISHED);
  EXPECT_EQ(stack.states(1).count(), 300u);
}

}  // namespace
}  // namespace farstat::sources
