// The life of one simulated connection: what has been sent, lost, acknowledged and read by when.
//
// A fluid model. Time is cut into phases: a few round trips of slow start, the time up to the next
// loss, a burst of the application, a pause. Within a phase everything runs in a straight line.
// Phases follow from the seed and from each other alone, so the state at a time is the same whoever
// looked when, and how often. They become longer with the age of a connection: catching up an hour
// is some hundred phases.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_TCP_FLOW_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_TCP_FLOW_H_

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "agent/sources/simulated/tcp_chance.h"

namespace farstat::sources::simulated {

// Microseconds since the simulation began.
using TcpTime = int64_t;

// What a flow is made of: seconds, bytes, and bytes per second.
struct TcpFlowSettings {
  double rtt = 0.02;
  double jitter = 0;
  double up = 12.5e6;
  double down = 12.5e6;
  double queue = 0.05;
  double loss = 0;
  double burst_share = 0;
  double reordering = 0;
  double damage = 0;
  double stalls_per_second = 0;
  bool ecn = false;
  // The largest segments before the path's packet size has been discovered, and then.
  double announced_mss = 1460;
  double mss = 1460;

  double out_rate = 0;
  double in_rate = 0;
  bool out_unlimited = false;
  bool in_unlimited = false;
  double busy_share = 1;
  double burst = 2;
  double message_bytes = 0;  // 0: full segments
  double read_rate = 0;      // 0: the application keeps up

  double peer_window = 1 << 20;
  double own_window = 1 << 20;
  double send_buffer = 1 << 18;
  double keepalive = 60;
  double stuck_share = 0;
};

// What is counted, in 64 bits and from the beginning of the flow, ordered by the EStats group that
// shows it. Times of limits are in µs here, sums of round trips in µs.
enum TcpCounter : int {
  kDataBytesOut,
  kDataSegsOut,
  kDataBytesIn,
  kDataSegsIn,
  kSegsOut,
  kSegsIn,
  kSoftErrors,
  kThruBytesAcked,
  kThruBytesReceived,
  kDataEnd,

  // In the order of TcpLimit.
  kSndLimTrans = kDataEnd,
  kSndLimTime = kSndLimTrans + 3,
  kSndLimBytes = kSndLimTime + 3,
  kSlowStart = kSndLimBytes + 3,
  kCongAvoid,
  kOtherReductions,
  kSndCongEnd,

  kFastRetran = kSndCongEnd,
  kTimeouts,
  kSubsequentTimeouts,
  kAbruptTimeouts,
  kPktsRetrans,
  kBytesRetrans,
  kDupAcksIn,
  kSacksRcvd,
  kSackBlocksRcvd,
  kCongSignals,
  kPreCongSumCwnd,
  kPreCongSumRtt,
  kPostCongSumRtt,
  kPostCongCountRtt,
  kEcnSignals,
  kEceRcvd,
  kSendStall,
  kSndDupAckEpisodes,
  kSumBytesReordered,
  kNonRecovDa,
  kNonRecovDaEpisodes,
  kDsackDups,
  kSumRtt,
  kCountRtt,
  kSpuriousRtoDetections,
  kPathEnd,

  kDupAckEpisodes = kPathEnd,
  kDupAcksOut,
  kCeRcvd,
  kWindowsSent,  // Segments out: each advertises a window.
  kRecEnd,

  kWindowsRcvd = kRecEnd,  // Segments in.
  kObsRecEnd,

  kFineCountRtt = kObsRecEnd,
  kFineRttEnd,

  kOutboundBytes = kFineRttEnd,  // What the estimate of the bandwidth has to go by.
  kOutboundEnd,
  kInboundBytes = kOutboundEnd,
  kInboundEnd,

  // No group shows these.
  kBytesWritten = kInboundEnd,
  kBytesSent,  // For the first time.
  kBytesRead,
  kTcpCounterCount,
};

// What keeps a connection from sending more.
enum TcpLimit : int { kLimitRwin, kLimitCwnd, kLimitSnd };

// What has a value at any time: bytes, µs, bits per second.
enum TcpGauge : int {
  kCwnd,
  kSampleRtt,
  kSmoothedRtt,
  kRttVar,
  kRetxQueue,
  kAppWQueue,
  kRwinSent,
  kReasmQueue,
  kAppRQueue,
  kRwinRcvd,
  kOutboundBandwidth,
  kInboundBandwidth,
  kOutboundInstability,
  kInboundInstability,
  kTcpGaugeCount,
};

// What has been smallest and largest since somebody began to look, ordered by group.
enum TcpRange : int {
  kSsCwndRange,
  kCaCwndRange,
  kSsthreshRange,
  kSndCongRangeEnd,

  kRttRange = kSndCongRangeEnd,
  kRtoRange,
  kMssRange,
  kPathRangeEnd,

  kRetxQueueRange = kPathRangeEnd,
  kAppWQueueRange,
  kSendBuffRangeEnd,

  kRwinSentRange = kSendBuffRangeEnd,
  kReasmQueueRange,
  kAppRQueueRange,
  kRecRangeEnd,

  kRwinRcvdRange = kRecRangeEnd,
  kObsRecRangeEnd,

  kFineRttRange = kObsRecRangeEnd,
  kTcpRangeCount,
};

// Of doubles; empty: low is above high.
struct TcpExtremes {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  bool empty() const { return low > high; }
  void Take(double value) {
    low = value < low ? value : low;
    high = value > high ? value : high;
  }
};

// What does not change within a phase.
struct TcpCondition {
  double ssthresh = std::numeric_limits<double>::infinity();
  double mss = 0;
  uint32_t timeouts = 0;  // Expiries of the retransmission timer without progress so far.
  bool slow_start = true;
  // After a timeout: sending begins again at the oldest byte that was not acknowledged.
  bool went_back = false;
  bool outbound_peaked = false;
  bool inbound_peaked = false;
  uint32_t soft_error_reason = 0;  // TCP_SOFT_ERROR
};

class TcpFlow {
 public:
  TcpFlow(const TcpFlowSettings& settings, uint64_t seed, TcpTime begin);

  // Goes on to a time. All that follows is the state then. A time before the latest is ignored.
  void AdvanceTo(TcpTime now);

  uint64_t Counter(TcpCounter counter) const {
    return totals_[counter] +
           static_cast<uint64_t>(static_cast<double>(growth_[counter]) * fraction_);
  }
  double Gauge(TcpGauge gauge) const {
    return from_[gauge] + (to_[gauge] - from_[gauge]) * fraction_;
  }
  const TcpCondition& condition() const { return condition_; }
  const TcpFlowSettings& settings() const { return settings_; }
  // Retransmission timer, µs.
  double Rto() const;

  TcpExtremes Range(TcpRange range) const;
  // Begins to look anew, for the ranges from `first` to before `end`.
  void RestartRanges(int first, int end);

 private:
  using Gauges = std::array<double, kTcpGaugeCount>;
  using Counters = std::array<uint64_t, kTcpCounterCount>;
  using Ranges = std::array<TcpExtremes, kTcpRangeCount>;

  // What is going to be sent in a phase.
  struct Sending {
    double seconds;
    double rate;          // bytes per second
    double demand;        // what the application writes, bytes per second
    double active_share;  // of the time
    TcpLimit limit;       // in that share; the rest of the time it is the sender
    double cwnd;          // at the end
    double full;          // the window that fills the queue of the path
    uint64_t overflows;   // how often it does so, the last time at the end
  };

  // In tcp_flow.cc.
  void Commit();
  void TakeRanges();
  void TakeNow(TcpRange range, TcpExtremes& extremes) const;
  // In tcp_flow_phase.cc.
  void BeginPhase();
  double PhaseLength();
  void WaitForTimer();
  Sending PlanSending(double seconds);
  void PlanWindow(Sending& sending) const;
  uint64_t PlanLosses(Sending& sending);
  void Send(const Sending& sending);
  void EnterLimit(TcpLimit limit);
  void CountLimits(const Sending& sending, double bytes);
  void CountSent(const Sending& sending, double bytes, double acked);
  void Receive(double seconds);
  void CountReceived(double bytes, double rate);
  double SegmentBytes() const;
  void MeasureRtt(const Sending& sending, double bytes);
  void Lose(const Sending& sending, uint64_t losses);
  void Retransmit(uint64_t segments);
  void Reorder(double segments);
  void BeIdle(double seconds);
  void EstimateBandwidth(TcpGauge bandwidth, TcpGauge instability, double rate, double seconds);
  void Grow(TcpCounter counter, uint64_t by) { growth_[counter] += by; }

  const TcpFlowSettings settings_;
  TcpChance chance_;
  const TcpTime born_;
  // What this connection's path and luck are.
  double base_rtt_;
  bool stuck_;
  bool peer_probes_;

  // The phase, and how far into it the time has come.
  TcpTime begin_;
  TcpTime end_;
  double fraction_ = 0;
  Counters totals_ = {};
  Counters growth_ = {};
  Gauges from_ = {};
  Gauges to_ = {};
  TcpCondition condition_;
  Ranges ranges_;

  // What the next phase begins with.
  TcpCondition next_;
  double next_cwnd_;
  double timer_ = 0;  // Seconds to wait for the retransmission timer.
  double segments_to_loss_;
  uint64_t signals_without_sample_ = 0;
  TcpLimit limit_ = kLimitSnd;
  // What the application does: for how long yet, what share of the phase, and at how many times its
  // mean pace.
  bool busy_ = false;
  double activity_left_ = 0;
  double active_ = 1;
  double pace_ = 1;
  double peer_limit_;
  double own_limit_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_TCP_FLOW_H_
