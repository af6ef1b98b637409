#include "agent/sources/simulated/tcp_estats_rods.h"

#include <algorithm>
#include <cmath>

namespace farstat::sources::simulated {
namespace {

using windows::kEstatsNoValue;
using windows::kEstatsNoWinScale;

constexpr uint32_t kMicroInMilli = 1000;
constexpr uint32_t kDupAcksForFastRetransmit = 3;
constexpr uint8_t kLargestScale = 14;

// Never more than 32 bits can hold, and not what stands for no value.
uint32_t Whole(double value) {
  return static_cast<uint32_t>(std::clamp(value, 0.0, double{kEstatsNoValue} - 1));
}

uint32_t Milli(double micro) { return Whole(std::round(micro / kMicroInMilli)); }

// Smallest and largest; all ones and 0 where there was nothing yet.
uint32_t Low(const TcpExtremes& range) { return range.empty() ? kEstatsNoValue : Whole(range.low); }
uint32_t High(const TcpExtremes& range) { return range.empty() ? 0 : Whole(range.high); }

// The shift by which a window fits into 16 bits.
uint8_t ScaleFor(double window) {
  uint8_t scale = 0;
  while (scale < kLargestScale && std::ldexp(window, -scale) > 65535) ++scale;
  return scale;
}

// A window as it is on the wire: without the bits that the scale takes away.
double OnWire(double window, uint8_t scale) {
  return std::ldexp(std::floor(std::ldexp(window, -scale)), scale);
}

// Initial sequence numbers.
uint32_t FirstSent(const TcpConnection& connection) {
  return static_cast<uint32_t>(Mixed(connection.seed + 1));
}
uint32_t FirstReceived(const TcpConnection& connection) {
  return static_cast<uint32_t>(Mixed(connection.seed + 2));
}

// A peer that sent no option for a window scale is sent none, if it was the first to speak.
bool SentScale(const TcpConnection& connection) {
  return !connection.plain_peer || !connection.kind->config->inbound();
}

}  // namespace

windows::EstatsSynOptsRos SynOptsRos(const TcpConnection& connection) {
  const uint32_t mss = LocalMss(connection.end_points.local.v6);
  windows::EstatsSynOptsRos ros = {};
  ros.active_open = connection.kind->config->inbound() ? 0 : 1;
  ros.mss_rcvd = connection.plain_peer ? 0 : mss;
  ros.mss_sent = mss;
  return ros;
}

windows::EstatsDataRod DataRod(const TcpConnection& connection) {
  const TcpCollection& collection = *connection.collection;
  const TcpFlow& flow = collection.flow();
  const auto counted = [&](TcpCounter counter) { return collection.Counted(kDataGroup, counter); };
  windows::EstatsDataRod rod = {};
  rod.data_bytes_out = counted(kDataBytesOut);
  rod.data_segs_out = counted(kDataSegsOut);
  rod.data_bytes_in = counted(kDataBytesIn);
  rod.data_segs_in = counted(kDataSegsIn);
  rod.segs_out = counted(kSegsOut);
  rod.segs_in = counted(kSegsIn);
  rod.soft_errors = collection.Counted32(kDataGroup, kSoftErrors);
  rod.soft_error_reason = counted(kSoftErrors) > 0 ? flow.condition().soft_error_reason : 0;
  const uint32_t first = FirstSent(connection) + 1;
  rod.snd_una = first + static_cast<uint32_t>(flow.Counter(kThruBytesAcked));
  rod.snd_max = first + static_cast<uint32_t>(flow.Counter(kBytesSent));
  rod.snd_nxt = flow.condition().went_back ? rod.snd_una : rod.snd_max;
  rod.thru_bytes_acked = counted(kThruBytesAcked);
  rod.rcv_nxt =
      FirstReceived(connection) + 1 + static_cast<uint32_t>(flow.Counter(kThruBytesReceived));
  rod.thru_bytes_received = counted(kThruBytesReceived);
  return rod;
}

windows::EstatsSndCongRod SndCongRod(const TcpConnection& connection) {
  const TcpCollection& collection = *connection.collection;
  const TcpFlow& flow = collection.flow();
  const auto counted = [&](int counter, uint32_t unit = 1) {
    return collection.Counted32(kSndCongGroup, static_cast<TcpCounter>(counter), unit);
  };
  const auto bytes = [&](TcpLimit limit) {
    return collection.Counted(kSndCongGroup, static_cast<TcpCounter>(kSndLimBytes + limit));
  };
  windows::EstatsSndCongRod rod = {};
  rod.snd_lim_trans_rwin = counted(kSndLimTrans + kLimitRwin);
  rod.snd_lim_time_rwin = counted(kSndLimTime + kLimitRwin, kMicroInMilli);
  rod.snd_lim_bytes_rwin = bytes(kLimitRwin);
  rod.snd_lim_trans_cwnd = counted(kSndLimTrans + kLimitCwnd);
  rod.snd_lim_time_cwnd = counted(kSndLimTime + kLimitCwnd, kMicroInMilli);
  rod.snd_lim_bytes_cwnd = bytes(kLimitCwnd);
  rod.snd_lim_trans_snd = counted(kSndLimTrans + kLimitSnd);
  rod.snd_lim_time_snd = counted(kSndLimTime + kLimitSnd, kMicroInMilli);
  rod.snd_lim_bytes_snd = bytes(kLimitSnd);
  rod.slow_start = counted(kSlowStart);
  rod.cong_avoid = counted(kCongAvoid);
  rod.other_reductions = counted(kOtherReductions);
  rod.cur_cwnd = Whole(flow.Gauge(kCwnd));
  rod.max_ss_cwnd = High(collection.Range(kSsCwndRange));
  rod.max_ca_cwnd = High(collection.Range(kCaCwndRange));
  const double ssthresh = flow.condition().ssthresh;
  rod.cur_ssthresh = std::isfinite(ssthresh) ? Whole(ssthresh) : kEstatsNoValue;
  rod.max_ssthresh = High(collection.Range(kSsthreshRange));
  rod.min_ssthresh = Low(collection.Range(kSsthreshRange));
  return rod;
}

windows::EstatsPathRod PathRod(const TcpConnection& connection) {
  const TcpCollection& collection = *connection.collection;
  const TcpFlow& flow = collection.flow();
  const auto counted = [&](TcpCounter counter, uint32_t unit = 1) {
    return collection.Counted32(kPathGroup, counter, unit);
  };
  windows::EstatsPathRod rod = {};
  rod.fast_retran = counted(kFastRetran);
  rod.timeouts = counted(kTimeouts);
  rod.subsequent_timeouts = counted(kSubsequentTimeouts);
  rod.cur_timeout_count = flow.condition().timeouts;
  rod.abrupt_timeouts = counted(kAbruptTimeouts);
  rod.pkts_retrans = counted(kPktsRetrans);
  rod.bytes_retrans = counted(kBytesRetrans);
  rod.dup_acks_in = counted(kDupAcksIn);
  rod.sacks_rcvd = counted(kSacksRcvd);
  rod.sack_blocks_rcvd = counted(kSackBlocksRcvd);
  rod.cong_signals = counted(kCongSignals);
  rod.pre_cong_sum_cwnd = counted(kPreCongSumCwnd);
  rod.pre_cong_sum_rtt = counted(kPreCongSumRtt, kMicroInMilli);
  rod.post_cong_sum_rtt = counted(kPostCongSumRtt, kMicroInMilli);
  rod.post_cong_count_rtt = counted(kPostCongCountRtt);
  rod.ecn_signals = counted(kEcnSignals);
  rod.ece_rcvd = counted(kEceRcvd);
  rod.send_stall = counted(kSendStall);
  rod.retran_thresh = kDupAcksForFastRetransmit;
  rod.snd_dup_ack_episodes = counted(kSndDupAckEpisodes);
  rod.sum_bytes_reordered = counted(kSumBytesReordered);
  rod.non_recov_da = counted(kNonRecovDa);
  rod.non_recov_da_episodes = counted(kNonRecovDaEpisodes);
  rod.dsack_dups = counted(kDsackDups);
  rod.sum_rtt = counted(kSumRtt, kMicroInMilli);
  rod.count_rtt = counted(kCountRtt);
  rod.spurious_rto_detections = counted(kSpuriousRtoDetections);
  const bool sampled = collection.Counted(kPathGroup, kCountRtt) > 0;
  const TcpExtremes rtt = sampled ? collection.Range(kRttRange) : TcpExtremes();
  rod.sample_rtt = sampled ? Milli(flow.Gauge(kSampleRtt)) : kEstatsNoValue;
  rod.smoothed_rtt = Milli(flow.Gauge(kSmoothedRtt));
  rod.rtt_var = sampled ? Milli(flow.Gauge(kRttVar)) : kEstatsNoValue;
  rod.max_rtt = sampled ? Whole(std::ceil(rtt.high / kMicroInMilli)) : 0;
  rod.min_rtt = sampled ? Whole(rtt.low / kMicroInMilli) : kEstatsNoValue;
  const TcpExtremes rto = collection.Range(kRtoRange);
  rod.cur_rto = Milli(flow.Rto());
  rod.max_rto = Milli(rto.high);
  rod.min_rto = Milli(rto.low);
  rod.cur_mss = Whole(flow.condition().mss);
  rod.max_mss = High(collection.Range(kMssRange));
  rod.min_mss = Low(collection.Range(kMssRange));
  return rod;
}

windows::EstatsSendBuffRod SendBuffRod(const TcpConnection& connection) {
  const TcpCollection& collection = *connection.collection;
  windows::EstatsSendBuffRod rod = {};
  rod.cur_retx_queue = Whole(collection.flow().Gauge(kRetxQueue));
  rod.max_retx_queue = High(collection.Range(kRetxQueueRange));
  rod.cur_app_w_queue = Whole(collection.flow().Gauge(kAppWQueue));
  rod.max_app_w_queue = High(collection.Range(kAppWQueueRange));
  return rod;
}

windows::EstatsRecRod RecRod(const TcpConnection& connection) {
  const TcpCollection& collection = *connection.collection;
  const TcpFlow& flow = collection.flow();
  const uint8_t scale = connection.plain_peer ? 0 : ScaleFor(flow.settings().own_window);
  const bool advertised = collection.Counted(kRecGroup, kWindowsSent) > 0;
  const TcpExtremes windows = advertised ? collection.Range(kRwinSentRange) : TcpExtremes();
  windows::EstatsRecRod rod = {};
  rod.cur_rwin_sent = Whole(OnWire(flow.Gauge(kRwinSent), scale));
  rod.max_rwin_sent = advertised ? Whole(OnWire(windows.high, scale)) : 0;
  rod.min_rwin_sent = advertised ? Whole(OnWire(windows.low, scale)) : kEstatsNoValue;
  rod.lim_rwin = Whole(OnWire(flow.settings().own_window, scale));
  rod.dup_ack_episodes = collection.Counted32(kRecGroup, kDupAckEpisodes);
  rod.dup_acks_out = collection.Counted32(kRecGroup, kDupAcksOut);
  rod.ce_rcvd = collection.Counted32(kRecGroup, kCeRcvd);
  rod.cur_reasm_queue = Whole(flow.Gauge(kReasmQueue));
  rod.max_reasm_queue = High(collection.Range(kReasmQueueRange));
  rod.cur_app_r_queue = Whole(flow.Gauge(kAppRQueue));
  rod.max_app_r_queue = High(collection.Range(kAppRQueueRange));
  rod.win_scale_sent =
      SentScale(connection) ? ScaleFor(connection.kind->flow[0].own_window) : kEstatsNoWinScale;
  return rod;
}

windows::EstatsObsRecRod ObsRecRod(const TcpConnection& connection) {
  const TcpCollection& collection = *connection.collection;
  const TcpFlow& flow = collection.flow();
  const uint8_t scale = connection.plain_peer ? 0 : ScaleFor(flow.settings().peer_window);
  const bool seen = collection.Counted(kObsRecGroup, kWindowsRcvd) > 0;
  const TcpExtremes windows = seen ? collection.Range(kRwinRcvdRange) : TcpExtremes();
  windows::EstatsObsRecRod rod = {};
  rod.cur_rwin_rcvd = Whole(OnWire(flow.Gauge(kRwinRcvd), scale));
  rod.max_rwin_rcvd = seen ? Whole(OnWire(windows.high, scale)) : 0;
  rod.min_rwin_rcvd = seen ? Whole(OnWire(windows.low, scale)) : kEstatsNoValue;
  rod.win_scale_rcvd = connection.plain_peer ? kEstatsNoWinScale : scale;
  return rod;
}

void FillBandwidthRod(const TcpConnection& connection, windows::EstatsBandwidthRod& rod) {
  const TcpCollection& collection = *connection.collection;
  const TcpFlow& flow = collection.flow();
  const auto bits = [&](TcpGauge gauge, TcpGroup group, TcpCounter bytes) {
    return collection.Counted(group, bytes) > 0 ? static_cast<uint64_t>(flow.Gauge(gauge)) : 0;
  };
  if (collection.Collects(kOutboundGroup)) {
    rod.outbound_bandwidth = bits(kOutboundBandwidth, kOutboundGroup, kOutboundBytes);
    rod.outbound_instability = bits(kOutboundInstability, kOutboundGroup, kOutboundBytes);
    rod.outbound_bandwidth_peaked =
        flow.condition().outbound_peaked && rod.outbound_bandwidth > 0 ? 1 : 0;
  }
  if (collection.Collects(kInboundGroup)) {
    rod.inbound_bandwidth = bits(kInboundBandwidth, kInboundGroup, kInboundBytes);
    rod.inbound_instability = bits(kInboundInstability, kInboundGroup, kInboundBytes);
    rod.inbound_bandwidth_peaked =
        flow.condition().inbound_peaked && rod.inbound_bandwidth > 0 ? 1 : 0;
  }
}

windows::EstatsFineRttRod FineRttRod(const TcpConnection& connection) {
  const TcpCollection& collection = *connection.collection;
  const TcpFlow& flow = collection.flow();
  const bool sampled = collection.Counted(kFineRttGroup, kFineCountRtt) > 0;
  const TcpExtremes rtt = sampled ? collection.Range(kFineRttRange) : TcpExtremes();
  windows::EstatsFineRttRod rod = {};
  rod.rtt_var = sampled ? Whole(flow.Gauge(kRttVar)) : kEstatsNoValue;
  rod.max_rtt = High(rtt);
  rod.min_rtt = Low(rtt);
  rod.sum_rtt = Whole(flow.Gauge(kSmoothedRtt));
  return rod;
}

}  // namespace farstat::sources::simulated
