// The kernel's struct tcp_info, field by field, as Linux 6.18 has it.
//
// The struct only ever grew at its end, so an older kernel delivers the beginning of this one. The
// headers that a distribution ships are older still; hence the mirror. Whether a field came is
// asked of the delivered length (see InfoFields in tcp_row.cc), never of a kernel version.

#ifndef FARSTAT_AGENT_SOURCES_LINUX_TCP_INFO_H_
#define FARSTAT_AGENT_SOURCES_LINUX_TCP_INFO_H_

// Not to be included together with <netinet/tcp.h>, which has its own, shorter struct tcp_info.
#include <linux/tcp.h>

#include <cstddef>
#include <cstdint>

namespace farstat::sources {

// Without the prefix tcpi_ of its members. Units: bytes, segments, microseconds, and milliseconds
// for the ages `last_…`.
struct TcpInfo {
  uint8_t state;
  uint8_t ca_state;
  uint8_t retransmits;
  uint8_t probes;
  uint8_t backoff;
  uint8_t options;
  uint8_t snd_wscale : 4, rcv_wscale : 4;
  uint8_t delivery_rate_app_limited : 1, fastopen_client_fail : 2;

  uint32_t rto;
  uint32_t ato;
  uint32_t snd_mss;
  uint32_t rcv_mss;

  uint32_t unacked;
  uint32_t sacked;
  uint32_t lost;
  uint32_t retrans;
  uint32_t fackets;

  uint32_t last_data_sent;
  uint32_t last_ack_sent;  // The kernel leaves it 0.
  uint32_t last_data_recv;
  uint32_t last_ack_recv;

  uint32_t pmtu;
  uint32_t rcv_ssthresh;
  uint32_t rtt;
  uint32_t rttvar;
  uint32_t snd_ssthresh;
  uint32_t snd_cwnd;
  uint32_t advmss;
  uint32_t reordering;

  uint32_t rcv_rtt;
  uint32_t rcv_space;

  uint32_t total_retrans;

  uint64_t pacing_rate;
  uint64_t max_pacing_rate;
  uint64_t bytes_acked;
  uint64_t bytes_received;
  uint32_t segs_out;
  uint32_t segs_in;

  uint32_t notsent_bytes;
  uint32_t min_rtt;
  uint32_t data_segs_in;
  uint32_t data_segs_out;

  uint64_t delivery_rate;

  uint64_t busy_time;
  uint64_t rwnd_limited;
  uint64_t sndbuf_limited;

  uint32_t delivered;
  uint32_t delivered_ce;

  uint64_t bytes_sent;
  uint64_t bytes_retrans;
  uint32_t dsack_dups;
  uint32_t reord_seen;

  uint32_t rcv_ooopack;

  uint32_t snd_wnd;

  // From here on newer than the header in Debian 12.
  uint32_t rcv_wnd;
  uint32_t rehash;
  uint16_t total_rto;
  uint16_t total_rto_recoveries;
  uint32_t total_rto_time;
  uint32_t received_ce;
  uint32_t delivered_e1_bytes;
  uint32_t delivered_e0_bytes;
  uint32_t delivered_ce_bytes;
  uint32_t received_e1_bytes;
  uint32_t received_e0_bytes;
  uint32_t received_ce_bytes;
  // Four bytes follow whose meaning differs between kernel versions. They are not read.
};
static_assert(sizeof(TcpInfo) == 280);

// Where the bytes with the bit-fields end: a delivery that is shorter does not have them.
inline constexpr size_t kWindowScalesEnd = 7;
inline constexpr size_t kAppLimitedEnd = 8;
static_assert(offsetof(TcpInfo, options) + 2 == kWindowScalesEnd);
static_assert(offsetof(TcpInfo, rto) == kAppLimitedEnd);

// Bits of `options`.
inline constexpr uint8_t kOptionTimestamps = 1;
inline constexpr uint8_t kOptionSack = 2;
inline constexpr uint8_t kOptionWindowScale = 4;
inline constexpr uint8_t kOptionEcn = 8;
inline constexpr uint8_t kOptionEcnSeen = 16;
inline constexpr uint8_t kOptionSynData = 32;

#define FARSTAT_SAME_PLACE(member)                                                  \
  static_assert(offsetof(TcpInfo, member) == offsetof(::tcp_info, tcpi_##member) && \
                sizeof(TcpInfo::member) == sizeof(::tcp_info::tcpi_##member))
FARSTAT_SAME_PLACE(state);
FARSTAT_SAME_PLACE(ca_state);
FARSTAT_SAME_PLACE(retransmits);
FARSTAT_SAME_PLACE(probes);
FARSTAT_SAME_PLACE(backoff);
FARSTAT_SAME_PLACE(options);
FARSTAT_SAME_PLACE(rto);
FARSTAT_SAME_PLACE(ato);
FARSTAT_SAME_PLACE(snd_mss);
FARSTAT_SAME_PLACE(rcv_mss);
FARSTAT_SAME_PLACE(unacked);
FARSTAT_SAME_PLACE(sacked);
FARSTAT_SAME_PLACE(lost);
FARSTAT_SAME_PLACE(retrans);
FARSTAT_SAME_PLACE(fackets);
FARSTAT_SAME_PLACE(last_data_sent);
FARSTAT_SAME_PLACE(last_ack_sent);
FARSTAT_SAME_PLACE(last_data_recv);
FARSTAT_SAME_PLACE(last_ack_recv);
FARSTAT_SAME_PLACE(pmtu);
FARSTAT_SAME_PLACE(rcv_ssthresh);
FARSTAT_SAME_PLACE(rtt);
FARSTAT_SAME_PLACE(rttvar);
FARSTAT_SAME_PLACE(snd_ssthresh);
FARSTAT_SAME_PLACE(snd_cwnd);
FARSTAT_SAME_PLACE(advmss);
FARSTAT_SAME_PLACE(reordering);
FARSTAT_SAME_PLACE(rcv_rtt);
FARSTAT_SAME_PLACE(rcv_space);
FARSTAT_SAME_PLACE(total_retrans);
FARSTAT_SAME_PLACE(pacing_rate);
FARSTAT_SAME_PLACE(max_pacing_rate);
FARSTAT_SAME_PLACE(bytes_acked);
FARSTAT_SAME_PLACE(bytes_received);
FARSTAT_SAME_PLACE(segs_out);
FARSTAT_SAME_PLACE(segs_in);
FARSTAT_SAME_PLACE(notsent_bytes);
FARSTAT_SAME_PLACE(min_rtt);
FARSTAT_SAME_PLACE(data_segs_in);
FARSTAT_SAME_PLACE(data_segs_out);
FARSTAT_SAME_PLACE(delivery_rate);
FARSTAT_SAME_PLACE(busy_time);
FARSTAT_SAME_PLACE(rwnd_limited);
FARSTAT_SAME_PLACE(sndbuf_limited);
FARSTAT_SAME_PLACE(delivered);
FARSTAT_SAME_PLACE(delivered_ce);
FARSTAT_SAME_PLACE(bytes_sent);
FARSTAT_SAME_PLACE(bytes_retrans);
FARSTAT_SAME_PLACE(dsack_dups);
FARSTAT_SAME_PLACE(reord_seen);
FARSTAT_SAME_PLACE(rcv_ooopack);
FARSTAT_SAME_PLACE(snd_wnd);
#undef FARSTAT_SAME_PLACE

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_LINUX_TCP_INFO_H_
