#include "client/format/section_text.h"

#include <memory>
#include <string>
#include <vector>

#include "client/format/text.h"
#include "client/view.h"
#include "common/clock.h"
#include "farstat/v1/ike.pb.h"
#include "farstat/v1/ipsec.pb.h"
#include "farstat/v1/ras.pb.h"
#include "farstat/v1/tcp.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace farstat::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kNow = 1'700'000'000;

void SetKey(v1::TcpConnection* row, const std::string& local, uint32_t local_port,
            const std::string& remote, uint32_t remote_port) {
  row->mutable_key()->set_local_address(local);
  row->mutable_key()->set_local_port(local_port);
  row->mutable_key()->set_remote_address(remote);
  row->mutable_key()->set_remote_port(remote_port);
}

void SetCounters(v1::TcpConnection* row, uint64_t in, uint64_t out, uint64_t retrans) {
  row->mutable_data()->set_thru_bytes_received(in);
  row->mutable_data()->set_thru_bytes_acked(out);
  row->mutable_path()->set_segments_retrans(retrans);
}

// A Linux host with four sockets.
v1::TcpStatistics LinuxTcp() {
  v1::TcpStatistics tcp;
  tcp.mutable_status()->set_state(v1::SECTION_STATE_OK);
  tcp.mutable_collection()->set_tick(1);
  tcp.mutable_collection()->mutable_start_time()->set_seconds(kNow);
  tcp.mutable_collection()->mutable_duration()->set_nanos(3'200'000);
  tcp.mutable_collection()->mutable_age()->set_nanos(100'000'000);
  v1::TcpConnection* listener = tcp.add_connections();
  SetKey(listener, "::", 443, "", 0);
  listener->set_state(v1::TCP_STATE_LISTEN);
  v1::TcpConnection* web = tcp.add_connections();
  SetKey(web, "192.168.1.10", 443, "198.51.100.23", 54321);
  web->set_state(v1::TCP_STATE_ESTABLISHED);
  SetCounters(web, 1'234, 56'789'012, 17);
  web->mutable_fine_rtt()->set_smoothed_rtt_us(35'400);
  web->mutable_path()->set_cur_mss_bytes(1448);
  web->mutable_path()->set_cur_rto_ms(236);
  web->mutable_linux()->set_cwnd_segments(24);
  web->mutable_linux()->set_min_rtt_us(31'000);
  web->mutable_linux()->set_send_queue_bytes(86'880);
  web->mutable_linux()->set_delivery_rate_bytes_per_second(4'300'000);
  web->mutable_linux()->set_last_data_sent_unix_ms(kNow * 1000 - 12);
  web->mutable_linux()->set_last_data_received_unix_ms(kNow * 1000 - 3'000);
  v1::TcpConnection* database = tcp.add_connections();
  SetKey(database, "2001:db8:1:2:3:4:5:6", 40000, "2001:db8:ffff:2222:3333:4444:5555:6666", 5432);
  database->set_state(v1::TCP_STATE_ESTABLISHED);
  SetCounters(database, 999, 0, 0);
  database->mutable_fine_rtt()->set_smoothed_rtt_us(850);
  v1::TcpConnection* closing = tcp.add_connections();
  SetKey(closing, "::ffff:192.168.1.10", 8080, "::ffff:10.1.2.3", 999);
  closing->set_state(v1::TCP_STATE_CLOSE_WAIT);
  v1::TcpStack* stack = tcp.mutable_stack();
  stack->set_active_opens(1'234);
  stack->set_passive_opens(567);
  stack->set_attempt_fails(12);
  stack->set_established_resets(33);
  stack->set_segments_in(1'200'000);
  stack->set_segments_out(900'000);
  stack->set_segments_retransmitted(1'080);
  const std::pair<v1::TcpState, uint64_t> states[] = {
      {v1::TCP_STATE_LISTEN, 1}, {v1::TCP_STATE_ESTABLISHED, 2}, {v1::TCP_STATE_CLOSE_WAIT, 1}};
  for (const auto& [state, count] : states) {
    stack->add_states()->set_state(state);
    stack->mutable_states(stack->states_size() - 1)->set_count(count);
  }
  return tcp;
}

Section SectionOf(const std::string& family, Message& statistics) {
  Section section(*FindFamily(family));
  section.BeginTick(1, absl::FromUnixSeconds(kNow), absl::nullopt);
  section.Take(statistics);
  return section;
}

Options OptionsFor(const std::string& family) {
  Options options;
  options.family = FindFamily(family);
  return options;
}

std::string Render(const Section& section, const Options& options, size_t width) {
  const RowOptions rows = RowOptionsFor(options, section.family(), width);
  const std::string host = "web1";
  std::vector<TableLayout::Cells> cells;
  for (const RowOfHost& row : SortedRows({{&host, &section}}, rows)) {
    cells.push_back(CellsOf(rows.columns, false, row));
  }
  HeadingOptions heading;
  heading.style.width = width;
  heading.rate = options.rate;
  return SectionHeading(section, heading) +
         TableLayout(TableColumnsOf(rows.columns, false), heading.style).Render(cells);
}

std::string RenderLinuxTcp(const Options& options, size_t width) {
  v1::TcpStatistics tcp = LinuxTcp();
  return Render(SectionOf("tcp", tcp), options, width);
}

TEST(SectionTextTest, TcpAt80Columns) {
  EXPECT_EQ(RenderLinuxTcp(OptionsFor("tcp"), 80),
            R"(TCP  4 connections: 2 ESTAB, 1 LISTEN, 1 CLOSE_WAIT; collected in 3.2 ms, 100 ms
     ago
     1234 opened, 567 accepted, 12 failed, 33 reset, 1.2 M segments in, 900 k
     out, 1080 retransmitted
STATE      LOCAL                 REMOTE                    RTT RETR     IN   OUT
ESTAB      192.168.1.10:443      198.51.100.23:54321     35 ms   17 1.2 kB 57 MB
ESTAB      [2001:…:5:6]:40000    [2001:…:6666]:5432     850 µs    0  999 B   0 B
CLOSE_WAIT 192.168.1.10:8080     10.1.2.3:999                -    -      -     -
LISTEN     [::]:443              -                           -    -      -     -
)");
}

TEST(SectionTextTest, TcpAt160Columns) {
  EXPECT_EQ(RenderLinuxTcp(OptionsFor("tcp"), 160),
            R"(TCP  4 connections: 2 ESTAB, 1 LISTEN, 1 CLOSE_WAIT; collected in 3.2 ms, 100 ms ago
     1234 opened, 567 accepted, 12 failed, 33 reset, 1.2 M segments in, 900 k out, 1080 retransmitted
STATE      LOCAL                        REMOTE                                           RTT RETR     IN   OUT CWND SEND-Q RECV-Q MIN-RTT    RTO DELIVERY
ESTAB      192.168.1.10:443             198.51.100.23:54321                            35 ms   17 1.2 kB 57 MB   24  87 kB      -   31 ms 236 ms 4.3 MB/s
ESTAB      [2001:db8:1:2:3:4:5:6]:40000 [2001:db8:ffff:2222:3333:4444:5555:6666]:5432 850 µs    0  999 B   0 B    -      -      -       -      -        -
CLOSE_WAIT 192.168.1.10:8080            10.1.2.3:999                                       -    -      -     -    -      -      -       -      -        -
LISTEN     [::]:443                     -                                                  -    -      -     -    -      -      -       -      -        -
)");
}

TEST(SectionTextTest, NothingIsWiderThanTheWindow) {
  for (const size_t width : {45u, 60u, 66u, 80u, 100u, 120u, 160u, 200u}) {
    const std::string text = RenderLinuxTcp(OptionsFor("tcp"), width);
    size_t begin = 0;
    for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
      EXPECT_LE(TextWidth(text.substr(begin, end - begin)), width) << text;
      begin = end + 1;
    }
  }
}

TEST(SectionTextTest, SortedAndLimited) {
  Options options = OptionsFor("tcp");
  options.columns = {"local", "in"};
  options.sort = "in";
  EXPECT_THAT(RenderLinuxTcp(options, 0), HasSubstr("LOCAL                             IN\n"
                                                    "192.168.1.10:443              1.2 kB\n"
                                                    "[2001:db8:1:2:3:4:5:6]:40000   999 B\n"
                                                    "192.168.1.10:8080                  -\n"
                                                    "[::]:443                           -\n"));
  options.sort_reversed = true;
  options.limit = 2;
  EXPECT_THAT(RenderLinuxTcp(options, 0), HasSubstr("LOCAL                             IN\n"
                                                    "[2001:db8:1:2:3:4:5:6]:40000   999 B\n"
                                                    "192.168.1.10:443              1.2 kB\n"));
}

TEST(SectionTextTest, WindowsAndLinuxFillTheSameColumns) {
  v1::TcpStatistics tcp;
  v1::TcpConnection* row = tcp.add_connections();
  SetKey(row, "10.0.0.1", 1, "10.0.0.2", 2);
  row->set_state(v1::TCP_STATE_ESTABLISHED);
  row->mutable_path()->set_smoothed_rtt_ms(35);
  row->mutable_send_congestion()->set_cur_cwnd_bytes(65'000);
  Options options = OptionsFor("tcp");
  options.columns = {"rtt", "cwnd"};
  EXPECT_THAT(Render(SectionOf("tcp", tcp), options, 0), HasSubstr("  RTT   CWND\n35 ms  65 kB\n"));
}

TEST(SectionTextTest, RatesOfRowsAndOfTheStack) {
  v1::TcpStatistics before = LinuxTcp();
  v1::TcpStatistics after = LinuxTcp();
  SetCounters(after.mutable_connections(1), 1'234, 56'789'012 + 2'400'000, 19);
  after.mutable_stack()->set_segments_out(902'000);
  Section section(*FindFamily("tcp"));
  section.BeginTick(1, absl::FromUnixSeconds(kNow), absl::nullopt);
  section.Take(before);
  section.BeginTick(2, absl::FromUnixSeconds(kNow + 2), absl::FromUnixSeconds(kNow));
  section.Take(after);
  Options options = OptionsFor("tcp");
  options.rate = true;
  const std::string text = Render(section, options, 100);
  EXPECT_THAT(text, HasSubstr("     0/s segments in, 1.0 k/s out\n"));
  EXPECT_THAT(text, HasSubstr("RETR/s  IN/s    OUT/s\n"));
  EXPECT_THAT(text, HasSubstr("1/s 0 B/s 1.2 MB/s\n"));
}

TEST(SectionTextTest, AFilteredTableSaysOfHowMany) {
  v1::TcpStatistics tcp = LinuxTcp();
  tcp.mutable_connections()->RemoveLast();
  EXPECT_THAT(Render(SectionOf("tcp", tcp), OptionsFor("tcp"), 100),
              HasSubstr("TCP  3 connections of the host's 4: 2 ESTAB,"));
}

TEST(SectionTextTest, WhyThereIsNothing) {
  v1::RasStatistics ras;
  ras.mutable_status()->set_state(v1::SECTION_STATE_UNAVAILABLE);
  ras.mutable_status()->set_message("there is no RAS on Linux\x1B[2J");
  ras.mutable_status()->mutable_error()->set_reason("NOT_SUPPORTED_HERE");
  const Section section = SectionOf("ras", ras);
  EXPECT_EQ(SectionHeading(section, {}), "RAS  not supported here: there is no RAS on Linux?[2J\n");
}

TEST(SectionTextTest, AbsentPartsThatNobodyAskedForAreNoNews) {
  v1::TcpStatistics tcp = LinuxTcp();
  tcp.mutable_status()->set_state(v1::SECTION_STATE_PARTIAL);
  tcp.mutable_status()->set_message("no send_congestion here");
  tcp.mutable_status()->mutable_error()->set_reason("NOT_SUPPORTED_HERE");
  const Section section = SectionOf("tcp", tcp);
  HeadingOptions options;
  EXPECT_THAT(SectionHeading(section, options), HasSubstr("incomplete: no send_congestion here"));
  options.only_what_is_usual = true;
  EXPECT_THAT(SectionHeading(section, options), Not(HasSubstr("send_congestion")));
}

TEST(SectionTextTest, Ras) {
  v1::RasStatistics ras;
  v1::RasConnection* row = ras.add_connections();
  row->mutable_key()->set_handle(7);
  row->set_entry_name("Office VPN");
  row->set_device_type("vpn");
  row->mutable_status()->set_state(v1::RAS_STATE_CONNECTED);
  row->mutable_status()->set_phone_number("vpn.example.org");
  row->mutable_statistics()->set_bytes_in(123'456);
  row->mutable_statistics()->set_bytes_out(7'890);
  row->mutable_statistics()->set_connect_duration_ms(3'723'000);
  EXPECT_EQ(Render(SectionOf("ras", ras), OptionsFor("ras"), 80),
            "RAS  1 connection\n"
            "NAME        STATE      DEVICE     UP      IN     OUT  ERRORS\n"
            "Office VPN  CONNECTED  -       1h02m  123 kB  7.9 kB       -\n");
}

TEST(SectionTextTest, IpsecWithTotals) {
  v1::IpsecStatistics ipsec;
  v1::IpsecSa* sa = ipsec.add_sas();
  sa->mutable_key()->set_direction(v1::IPSEC_DIRECTION_INBOUND);
  sa->mutable_key()->set_protocol(v1::IPSEC_PROTOCOL_ESP);
  sa->mutable_key()->set_spi(0xC1A2);
  sa->set_local_address("10.0.0.1");
  sa->set_remote_address("10.0.0.2");
  sa->set_mode(v1::IPSEC_MODE_TUNNEL);
  sa->set_bytes(1'500'000);
  sa->set_packets(1'200);
  ipsec.mutable_totals()->mutable_sas()->set_active_sas(2);
  ipsec.mutable_totals()->mutable_sas()->set_sas_added(0);
  ipsec.mutable_totals()->mutable_inbound()->set_encrypted_bytes(2'000'000);
  EXPECT_EQ(Render(SectionOf("ipsec", ipsec), OptionsFor("ipsec"), 80),
            "IPsec  1 SA\n"
            "     sas: active sas 2\n"
            "     inbound: encrypted 2.0 MB\n"
            "DIRECTION  SPI         LOCAL     REMOTE    MODE    PROTECTION\n"
            "INBOUND    0x0000c1a2  10.0.0.1  10.0.0.2  TUNNEL  -\n");
}

TEST(SectionTextTest, IkeWithErrors) {
  v1::IkeStatistics ike;
  v1::IkeNegotiations* ipv4 = ike.mutable_totals()->mutable_ikev2()->mutable_ipv4();
  ipv4->set_main_modes_started(5);
  ipv4->set_main_modes_failed(3);
  v1::IkeErrorCount* error = ike.mutable_totals()->mutable_ikev2()->add_errors();
  error->set_symbol("ERROR_IPSEC_IKE_TIMED_OUT");
  error->set_code(13805);
  error->set_text("The negotiation timed out.");
  error->set_count(2);
  v1::IkeErrorCount* more = ike.mutable_totals()->mutable_authip()->add_errors();
  more->set_symbol("ERROR_IPSEC_IKE_AUTH_FAIL");
  more->set_code(13801);
  more->set_count(7);
  ike.mutable_totals()->mutable_ikev2()->set_main_mode_negotiation_time_ms(60);
  ike.mutable_totals()->mutable_common()->mutable_ipv6()->set_send_failures(1);
  EXPECT_THAT(
      SectionHeading(SectionOf("ike", ike), {}),
      "IKE  0 SAs\n"
      "     failed: 3 main modes, 1 packets not sent over IPv6\n"
      "          7  ERROR_IPSEC_IKE_AUTH_FAIL (13801; AuthIP 7)\n"
      "          2  ERROR_IPSEC_IKE_TIMED_OUT (13805; IKEv2 2): The negotiation timed out.\n"
      "     IKEv2 over IPv4: main modes 0 now, 5 begun, 3 failed\n"
      "     IKEv2: negotiation times: main 60 ms\n");
}

TEST(SectionTextTest, ListsAreShownEntryByEntry) {
  v1::IpsecStatistics ipsec;
  v1::IpsecSa* sa = ipsec.add_sas();
  sa->mutable_key()->set_sa_context_id(1);
  for (const uint32_t spi : {0x0000c1a2u, 0xffff0001u}) {
    v1::IpsecTransform* transform = sa->add_transforms();
    transform->set_spi(spi);
    transform->set_type(spi == 0xc1a2 ? v1::IPSEC_TRANSFORM_TYPE_AH
                                      : v1::IPSEC_TRANSFORM_TYPE_ESP_CIPHER);
  }
  Options options = OptionsFor("ipsec");
  options.columns = {"spi", "protection", "transforms.spi"};
  const std::string text = Render(SectionOf("ipsec", ipsec), options, 120);
  EXPECT_THAT(text, HasSubstr("0x0000c1a2,0xffff0001"));
  EXPECT_THAT(text, HasSubstr("AH,ESP_CIPHER"));
  EXPECT_THAT(text, HasSubstr("49570,4294901761")) << "any field of the list";
}

TEST(SectionTextTest, RasErrorsAreTheSumOfTheirKinds) {
  v1::RasStatistics ras;
  v1::RasConnection* connection = ras.add_connections();
  connection->mutable_key()->set_handle(1);
  connection->mutable_statistics()->set_crc_errors(3);
  connection->mutable_statistics()->set_timeout_errors(4);
  ras.add_connections()->mutable_key()->set_handle(2);
  Options options = OptionsFor("ras");
  options.columns = {"handle", "errors"};
  options.sort = "errors";
  const std::string text = Render(SectionOf("ras", ras), options, 80);
  EXPECT_THAT(text, HasSubstr("HANDLE  ERRORS\n     1       7\n     2       -\n"));
}

TEST(SectionTextTest, EstatsThatAreOffAreSaidToBe) {
  v1::TcpStatistics tcp;
  tcp.mutable_stack()->set_active_opens(1);
  for (const uint32_t port : {1, 2, 3}) {
    v1::TcpConnection* connection = tcp.add_connections();
    SetKey(connection, "10.0.0.1", port, "10.0.0.2", 443);
    if (port == 3) continue;
    v1::TcpMissingGroup* missing = connection->add_missing_groups();
    missing->set_group(v1::TCP_GROUP_PATH);
    missing->set_absence(port == 1 ? v1::TCP_GROUP_ABSENCE_NOT_ENABLED
                                   : v1::TCP_GROUP_ABSENCE_FAILED);
  }
  EXPECT_THAT(
      SectionHeading(SectionOf("tcp", tcp), {}),
      HasSubstr("extended statistics are off on 1 connection (path): farstat estats enable"));
}

}  // namespace
}  // namespace farstat::client
