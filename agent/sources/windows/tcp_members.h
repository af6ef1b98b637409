// The members of the EStats structures and the fields that they become: one table per group, which
// the counters and the row are made from.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_TCP_MEMBERS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_TCP_MEMBERS_H_

#include <cstddef>
#include <cstdint>

#include "agent/sources/windows/abi_tcp.h"
#include "agent/sources/windows/widen.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources::windows {

enum class MemberKind : uint8_t {
  // Counters. Those of 32 bits are widened; both go on when Windows begins anew.
  kCounter32,
  kCounter64,
  // A gauge, a largest or a smallest value, a limit: all ones is no value.
  kGauge32,
  kGauge64,
  // A sequence number or an enumeration: every value is one.
  kPlain32,
  // A window scale: all ones is no option.
  kScale8,
};

// What one event can add to a sum at most. Known from the event counter beside it, a sum's growth
// is bounded much closer than by rates.
enum class PerEvent : uint8_t {
  kUnknown,
  // A segment's payload.
  kSegment,
  // The largest round-trip time.
  kRoundTrip,
  // What is in flight: what the line carries during the largest round-trip time.
  kFlight,
};

// How fast a counter can count at most; README.md has the reasons.
struct CounterBound {
  UnitsPerSecond fastest = 0;
  PerEvent per_event = PerEvent::kUnknown;
  // The counter of the events that the sum is over; an offset as in Member.
  size_t events_at = 0;
};

struct Member {
  // Of the group's message.
  int field;
  // Of the group's structure.
  size_t offset;
  MemberKind kind;
  // Only of kCounter32.
  CounterBound bound = {};
};

// One connection on one adapter: its segments, and what RTT samples of its acknowledgements add up
// to; its bytes; milliseconds of a clock; sums with a sample per round trip.
inline constexpr UnitsPerSecond kSegmentsPerSecond = 10e6;
inline constexpr UnitsPerSecond kRttSamplesPerSecond = 1e9;
inline constexpr UnitsPerSecond kBytesPerSecond = 1.25e9;
inline constexpr UnitsPerSecond kMillisecondsPerSecond = 1e3;
inline constexpr UnitsPerSecond kRoundTripsPerSecond = 1e4;

inline constexpr CounterBound kSegments = {kSegmentsPerSecond};
inline constexpr CounterBound kMilliseconds = {kMillisecondsPerSecond};
// Up to four in a segment.
inline constexpr CounterBound kSackBlocks = {4 * kSegmentsPerSecond};

#define FARSTAT_MEMBER(Message, Field, member, ...) \
  { v1::Message::k##Field##FieldNumber, offsetof(Struct, member), __VA_ARGS__ }

struct DataGroup {
  using Struct = EstatsDataRod;
  static constexpr v1::TcpGroup kGroup = v1::TCP_GROUP_DATA;
  static constexpr int kField = v1::TcpConnection::kDataFieldNumber;
  static constexpr Member kMembers[] = {
      FARSTAT_MEMBER(TcpData, DataBytesOut, data_bytes_out, MemberKind::kCounter64),
      FARSTAT_MEMBER(TcpData, DataSegmentsOut, data_segs_out, MemberKind::kCounter64),
      FARSTAT_MEMBER(TcpData, DataBytesIn, data_bytes_in, MemberKind::kCounter64),
      FARSTAT_MEMBER(TcpData, DataSegmentsIn, data_segs_in, MemberKind::kCounter64),
      FARSTAT_MEMBER(TcpData, SegmentsOut, segs_out, MemberKind::kCounter64),
      FARSTAT_MEMBER(TcpData, SegmentsIn, segs_in, MemberKind::kCounter64),
      FARSTAT_MEMBER(TcpData, SoftErrors, soft_errors, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpData, SoftErrorReason, soft_error_reason, MemberKind::kPlain32),
      FARSTAT_MEMBER(TcpData, SndUna, snd_una, MemberKind::kPlain32),
      FARSTAT_MEMBER(TcpData, SndNxt, snd_nxt, MemberKind::kPlain32),
      FARSTAT_MEMBER(TcpData, SndMax, snd_max, MemberKind::kPlain32),
      FARSTAT_MEMBER(TcpData, ThruBytesAcked, thru_bytes_acked, MemberKind::kCounter64),
      FARSTAT_MEMBER(TcpData, RcvNxt, rcv_nxt, MemberKind::kPlain32),
      FARSTAT_MEMBER(TcpData, ThruBytesReceived, thru_bytes_received, MemberKind::kCounter64),
  };
};

struct SendCongestionGroup {
  using Struct = EstatsSndCongRod;
  static constexpr v1::TcpGroup kGroup = v1::TCP_GROUP_SEND_CONGESTION;
  static constexpr int kField = v1::TcpConnection::kSendCongestionFieldNumber;
  static constexpr Member kMembers[] = {
      FARSTAT_MEMBER(TcpSendCongestion, SndLimTransRwin, snd_lim_trans_rwin, MemberKind::kCounter32,
                     kSegments),
      FARSTAT_MEMBER(TcpSendCongestion, SndLimTimeRwinMs, snd_lim_time_rwin, MemberKind::kCounter32,
                     kMilliseconds),
      FARSTAT_MEMBER(TcpSendCongestion, SndLimBytesRwin, snd_lim_bytes_rwin,
                     MemberKind::kCounter64),
      FARSTAT_MEMBER(TcpSendCongestion, SndLimTransCwnd, snd_lim_trans_cwnd, MemberKind::kCounter32,
                     kSegments),
      FARSTAT_MEMBER(TcpSendCongestion, SndLimTimeCwndMs, snd_lim_time_cwnd, MemberKind::kCounter32,
                     kMilliseconds),
      FARSTAT_MEMBER(TcpSendCongestion, SndLimBytesCwnd, snd_lim_bytes_cwnd,
                     MemberKind::kCounter64),
      FARSTAT_MEMBER(TcpSendCongestion, SndLimTransSnd, snd_lim_trans_snd, MemberKind::kCounter32,
                     kSegments),
      FARSTAT_MEMBER(TcpSendCongestion, SndLimTimeSndMs, snd_lim_time_snd, MemberKind::kCounter32,
                     kMilliseconds),
      FARSTAT_MEMBER(TcpSendCongestion, SndLimBytesSnd, snd_lim_bytes_snd, MemberKind::kCounter64),
      FARSTAT_MEMBER(TcpSendCongestion, SlowStart, slow_start, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpSendCongestion, CongAvoid, cong_avoid, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpSendCongestion, OtherReductions, other_reductions, MemberKind::kCounter32,
                     kSegments),
      FARSTAT_MEMBER(TcpSendCongestion, CurCwndBytes, cur_cwnd, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpSendCongestion, MaxSsCwndBytes, max_ss_cwnd, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpSendCongestion, MaxCaCwndBytes, max_ca_cwnd, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpSendCongestion, CurSsthreshBytes, cur_ssthresh, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpSendCongestion, MaxSsthreshBytes, max_ssthresh, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpSendCongestion, MinSsthreshBytes, min_ssthresh, MemberKind::kGauge32),
  };
};

struct PathGroup {
  using Struct = EstatsPathRod;
  static constexpr v1::TcpGroup kGroup = v1::TCP_GROUP_PATH;
  static constexpr int kField = v1::TcpConnection::kPathFieldNumber;
  static constexpr Member kMembers[] = {
      FARSTAT_MEMBER(TcpPath, FastRetran, fast_retran, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpPath, Timeouts, timeouts, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpPath, SubsequentTimeouts, subsequent_timeouts, MemberKind::kCounter32,
                     kSegments),
      FARSTAT_MEMBER(TcpPath, CurTimeoutCount, cur_timeout_count, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpPath, AbruptTimeouts, abrupt_timeouts, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpPath, SegmentsRetrans, pkts_retrans, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(
          TcpPath, BytesRetrans, bytes_retrans, MemberKind::kCounter32,
          CounterBound{kBytesPerSecond, PerEvent::kSegment, offsetof(Struct, pkts_retrans)}),
      FARSTAT_MEMBER(TcpPath, DupAcksIn, dup_acks_in, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpPath, SacksReceived, sacks_rcvd, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpPath, SackBlocksReceived, sack_blocks_rcvd, MemberKind::kCounter32,
                     kSackBlocks),
      FARSTAT_MEMBER(TcpPath, CongSignals, cong_signals, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(
          TcpPath, PreCongSumCwndBytes, pre_cong_sum_cwnd, MemberKind::kCounter32,
          CounterBound{kBytesPerSecond, PerEvent::kFlight, offsetof(Struct, cong_signals)}),
      FARSTAT_MEMBER(
          TcpPath, PreCongSumRttMs, pre_cong_sum_rtt, MemberKind::kCounter32,
          CounterBound{kRoundTripsPerSecond, PerEvent::kRoundTrip, offsetof(Struct, cong_signals)}),
      FARSTAT_MEMBER(TcpPath, PostCongSumRttMs, post_cong_sum_rtt, MemberKind::kCounter32,
                     CounterBound{kRoundTripsPerSecond, PerEvent::kRoundTrip,
                                  offsetof(Struct, post_cong_count_rtt)}),
      FARSTAT_MEMBER(TcpPath, PostCongCountRtt, post_cong_count_rtt, MemberKind::kCounter32,
                     kSegments),
      FARSTAT_MEMBER(TcpPath, EcnSignals, ecn_signals, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpPath, EceReceived, ece_rcvd, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpPath, SendStall, send_stall, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpPath, RetranThresh, retran_thresh, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpPath, SndDupAckEpisodes, snd_dup_ack_episodes, MemberKind::kCounter32,
                     kSegments),
      FARSTAT_MEMBER(TcpPath, SumBytesReordered, sum_bytes_reordered, MemberKind::kCounter32,
                     CounterBound{kBytesPerSecond, PerEvent::kFlight,
                                  offsetof(Struct, non_recov_da_episodes)}),
      FARSTAT_MEMBER(TcpPath, NonRecovDa, non_recov_da, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpPath, NonRecovDaEpisodes, non_recov_da_episodes, MemberKind::kCounter32,
                     kSegments),
      FARSTAT_MEMBER(TcpPath, DsackDups, dsack_dups, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpPath, SampleRttMs, sample_rtt, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpPath, SmoothedRttMs, smoothed_rtt, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpPath, RttVarMs, rtt_var, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpPath, MaxRttMs, max_rtt, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpPath, MinRttMs, min_rtt, MemberKind::kGauge32),
      FARSTAT_MEMBER(
          TcpPath, SumRttMs, sum_rtt, MemberKind::kCounter32,
          CounterBound{kRttSamplesPerSecond, PerEvent::kRoundTrip, offsetof(Struct, count_rtt)}),
      FARSTAT_MEMBER(TcpPath, CountRtt, count_rtt, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpPath, CurRtoMs, cur_rto, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpPath, MaxRtoMs, max_rto, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpPath, MinRtoMs, min_rto, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpPath, CurMssBytes, cur_mss, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpPath, MaxMssBytes, max_mss, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpPath, MinMssBytes, min_mss, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpPath, SpuriousRtoDetections, spurious_rto_detections,
                     MemberKind::kCounter32, kSegments),
  };
};

struct SendBufferGroup {
  using Struct = EstatsSendBuffRod;
  static constexpr v1::TcpGroup kGroup = v1::TCP_GROUP_SEND_BUFFER;
  static constexpr int kField = v1::TcpConnection::kSendBufferFieldNumber;
  static constexpr Member kMembers[] = {
      FARSTAT_MEMBER(TcpSendBuffer, CurRetxQueueBytes, cur_retx_queue, MemberKind::kGauge64),
      FARSTAT_MEMBER(TcpSendBuffer, MaxRetxQueueBytes, max_retx_queue, MemberKind::kGauge64),
      FARSTAT_MEMBER(TcpSendBuffer, CurAppWriteQueueBytes, cur_app_w_queue, MemberKind::kGauge64),
      FARSTAT_MEMBER(TcpSendBuffer, MaxAppWriteQueueBytes, max_app_w_queue, MemberKind::kGauge64),
  };
};

struct ReceiveGroup {
  using Struct = EstatsRecRod;
  static constexpr v1::TcpGroup kGroup = v1::TCP_GROUP_RECEIVE;
  static constexpr int kField = v1::TcpConnection::kReceiveFieldNumber;
  static constexpr Member kMembers[] = {
      FARSTAT_MEMBER(TcpReceive, CurRwinSentBytes, cur_rwin_sent, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpReceive, MaxRwinSentBytes, max_rwin_sent, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpReceive, MinRwinSentBytes, min_rwin_sent, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpReceive, LimRwinBytes, lim_rwin, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpReceive, DupAckEpisodes, dup_ack_episodes, MemberKind::kCounter32,
                     kSegments),
      FARSTAT_MEMBER(TcpReceive, DupAcksOut, dup_acks_out, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpReceive, CeReceived, ce_rcvd, MemberKind::kCounter32, kSegments),
      FARSTAT_MEMBER(TcpReceive, CurReasmQueueBytes, cur_reasm_queue, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpReceive, MaxReasmQueueBytes, max_reasm_queue, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpReceive, CurAppReadQueueBytes, cur_app_r_queue, MemberKind::kGauge64),
      FARSTAT_MEMBER(TcpReceive, MaxAppReadQueueBytes, max_app_r_queue, MemberKind::kGauge64),
      FARSTAT_MEMBER(TcpReceive, WinScaleSent, win_scale_sent, MemberKind::kScale8),
  };
};

struct ObservedReceiveGroup {
  using Struct = EstatsObsRecRod;
  static constexpr v1::TcpGroup kGroup = v1::TCP_GROUP_OBSERVED_RECEIVE;
  static constexpr int kField = v1::TcpConnection::kObservedReceiveFieldNumber;
  static constexpr Member kMembers[] = {
      FARSTAT_MEMBER(TcpObservedReceive, CurRwinReceivedBytes, cur_rwin_rcvd, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpObservedReceive, MaxRwinReceivedBytes, max_rwin_rcvd, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpObservedReceive, MinRwinReceivedBytes, min_rwin_rcvd, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpObservedReceive, WinScaleReceived, win_scale_rcvd, MemberKind::kScale8),
  };
};

struct FineRttGroup {
  using Struct = EstatsFineRttRod;
  static constexpr v1::TcpGroup kGroup = v1::TCP_GROUP_FINE_RTT;
  static constexpr int kField = v1::TcpConnection::kFineRttFieldNumber;
  static constexpr Member kMembers[] = {
      FARSTAT_MEMBER(TcpFineRtt, RttVarUs, rtt_var, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpFineRtt, MaxRttUs, max_rtt, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpFineRtt, MinRttUs, min_rtt, MemberKind::kGauge32),
      FARSTAT_MEMBER(TcpFineRtt, SmoothedRttUs, sum_rtt, MemberKind::kGauge32),
  };
};

#undef FARSTAT_MEMBER

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_TCP_MEMBERS_H_
