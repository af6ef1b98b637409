// How the phases of a flow follow from each other.

#include <algorithm>
#include <cmath>

#include "agent/sources/simulated/tcp_flow.h"

namespace farstat::sources::simulated {
namespace {

constexpr double kMicro = 1e6;
// A phase is so long at least and, where somebody uses the connection, at most. Below the latter it
// may be a share of the connection's age.
constexpr double kShortestPhase = 0.1;
constexpr double kLongestPhase = 10;
constexpr double kPhaseOfAge = 0.05;
constexpr double kIdlePhase = 60;
// Where much changes at once, it may be shorter.
constexpr double kShortPhase = 0.002;
// Slow start: so many doublings in a phase.
constexpr double kDoublings = 2;
constexpr double kInitialSegments = 10;
// What a loss leaves of the window.
constexpr double kReduction = 0.5;
constexpr double kFewSegments = 4;
// How long connections work before their packet size is discovered, or their peer gets stuck.
constexpr double kDiscovery = 1;
constexpr double kStuckAfter = 5;
// The loss that a window of one segment per round trip would have (Mathis' formula).
constexpr double kMathis = 1.22;

constexpr uint32_t kBelowDataWindow = 1;
constexpr uint32_t kChecksum = 7;

uint64_t Round(double value) { return value <= 0 ? 0 : static_cast<uint64_t>(std::llround(value)); }

}  // namespace

void TcpFlow::BeginPhase() {
  Commit();
  const double age = static_cast<double>(begin_ - born_) / kMicro;
  if (age >= kDiscovery) condition_.mss = next_.mss = settings_.mss;
  if (stuck_ && age >= kStuckAfter) peer_limit_ = 0;
  if (timer_ > 0) {
    WaitForTimer();
    return;
  }
  Sending sending = PlanSending(PhaseLength());
  PlanWindow(sending);
  const uint64_t losses = PlanLosses(sending);
  const TcpTime length = std::max<TcpTime>(1, std::llround(sending.seconds * kMicro));
  sending.seconds = static_cast<double>(length) / kMicro;
  end_ = begin_ + length;
  activity_left_ -= sending.seconds;
  Send(sending);
  Receive(sending.seconds);
  if (losses > 0) Lose(sending, losses);
  if (growth_[kBytesSent] == 0 && growth_[kThruBytesReceived] == 0) BeIdle(sending.seconds);
  growth_[kWindowsSent] = growth_[kSegsOut];
  growth_[kWindowsRcvd] = growth_[kSegsIn];
}

// Also decides what the application does meanwhile. Bursts that are short beside a phase are not
// told apart: the phase has its share of them.
double TcpFlow::PhaseLength() {
  const double age = static_cast<double>(begin_ - born_) / kMicro;
  const bool used = settings_.out_rate > 0 || settings_.in_rate > 0 || settings_.out_unlimited ||
                    settings_.in_unlimited;
  pace_ = active_ = 1;
  if (!used) return kIdlePhase;
  const double length =
      std::clamp(age * kPhaseOfAge, kShortestPhase, kLongestPhase) * chance_.Between(0.75, 1.25);
  const double cycle = settings_.burst / settings_.busy_share;
  if (cycle < length) {
    active_ = settings_.busy_share;
    return length;
  }
  if (settings_.busy_share >= 1) return length;
  if (activity_left_ <= 0) {
    busy_ = !busy_;
    activity_left_ = chance_.Exponential(busy_ ? settings_.burst : cycle - settings_.burst) + 1e-3;
  }
  active_ = busy_ ? 1 : 0;
  pace_ = active_ / settings_.busy_share;
  return std::min(busy_ ? length : kIdlePhase, activity_left_);
}

// After a timeout, or between two of them: nothing new is sent, what was sent is sent again.
void TcpFlow::WaitForTimer() {
  const TcpTime length = std::llround(timer_ * kMicro);
  end_ = begin_ + length;
  Grow(static_cast<TcpCounter>(kSndLimTime + kLimitCwnd), static_cast<uint64_t>(length));
  EnterLimit(kLimitCwnd);
  Receive(timer_);
  Retransmit(1);
  if (chance_.Happens(0.25) && condition_.timeouts < 6) {
    Grow(kSubsequentTimeouts, 1);
    next_.timeouts = condition_.timeouts + 1;
    timer_ *= 2;
  } else {
    next_.timeouts = 0;
    next_.went_back = false;
    timer_ = 0;
    const uint64_t spurious = chance_.Whole(0.1);
    Grow(kSpuriousRtoDetections, spurious);
    Grow(kDsackDups, spurious);
  }
  growth_[kWindowsSent] = growth_[kSegsOut];
  growth_[kWindowsRcvd] = growth_[kSegsIn];
}

double TcpFlow::SegmentBytes() const {
  const double message = settings_.message_bytes;
  return message > 0 ? std::min(message, condition_.mss) : condition_.mss;
}

TcpFlow::Sending TcpFlow::PlanSending(double seconds) {
  Sending sending = {};
  sending.seconds = seconds;
  sending.cwnd = from_[kCwnd];
  const double mss = condition_.mss;
  sending.full = std::max((base_rtt_ + settings_.queue) * settings_.up, 2 * kFewSegments * mss);
  const double window = std::min(from_[kCwnd], from_[kRwinRcvd]);
  const double capacity = std::min(window / base_rtt_, settings_.up);
  const double queued = static_cast<double>(totals_[kBytesWritten] - totals_[kBytesSent]);
  if (settings_.out_unlimited) {
    sending.active_share = active_ > 0 ? active_ : 1;
    sending.demand = active_ > 0 ? std::numeric_limits<double>::infinity() : 0;
  } else {
    sending.active_share = 1;
    sending.demand = settings_.out_rate * pace_ * chance_.Between(0.6, 1.4);
  }
  // What waits is sent first, as fast as it goes.
  if (queued > 0 && sending.demand < capacity) {
    const double drained = queued / (capacity - sending.demand);
    sending.seconds = std::min(seconds, std::max(drained, kShortPhase));
  }
  const double wanted = sending.demand + queued / sending.seconds;
  const TcpLimit window_limit = from_[kRwinRcvd] < from_[kCwnd] ? kLimitRwin : kLimitCwnd;
  const bool limited = wanted > 0 && wanted >= capacity * 0.999;
  sending.limit = limited ? window_limit : kLimitSnd;
  sending.rate = std::min(wanted, capacity) * sending.active_share;
  return sending;
}

// How the congestion window grows, for as long as sending is limited by it.
void TcpFlow::PlanWindow(Sending& sending) const {
  const double cwnd = from_[kCwnd];
  const double mss = condition_.mss;
  if (sending.limit != kLimitCwnd) return;
  const double rtt = std::max(base_rtt_, cwnd / settings_.up);
  if (condition_.slow_start) {
    sending.seconds = std::min(sending.seconds, std::max(kDoublings * rtt, kShortPhase));
    const double grown = cwnd * std::exp2(std::min(sending.seconds / rtt, 30.0));
    sending.cwnd = std::min({grown, condition_.ssthresh, std::max(2 * peer_limit_, cwnd)});
  } else {
    // Where the queue is short, it overflows several times in a phase.
    const double to_overflow = std::max(sending.full - cwnd, mss / 8) / mss * rtt;
    const double saw_tooth = sending.full * kReduction / mss * rtt;
    sending.seconds = std::min(sending.seconds, std::max(to_overflow, sending.seconds / 4));
    sending.overflows = static_cast<uint64_t>(sending.seconds / saw_tooth);
    const double grown = cwnd + mss * sending.seconds / rtt;
    sending.cwnd = std::min(grown, std::max(2 * peer_limit_, cwnd));
  }
  if (sending.cwnd < sending.full) sending.overflows = 0;
  if (sending.cwnd >= sending.full) sending.overflows = std::max<uint64_t>(sending.overflows, 1);
  sending.cwnd = std::min(sending.cwnd, std::max(sending.full, cwnd));
  const double window = std::min((cwnd + sending.cwnd) / 2, from_[kRwinRcvd]);
  const double queued = static_cast<double>(totals_[kBytesWritten] - totals_[kBytesSent]);
  sending.rate =
      std::min({window / base_rtt_, settings_.up, sending.demand + queued / sending.seconds}) *
      sending.active_share;
}

// Cuts the phase so that the next loss is at its end, unless losses are so frequent that a phase
// has several of them. Returns how many.
uint64_t TcpFlow::PlanLosses(Sending& sending) {
  const double whole = sending.rate * sending.seconds / SegmentBytes();
  if (whole < segments_to_loss_) {
    segments_to_loss_ -= whole;
    return sending.overflows;
  }
  const double share = std::max(segments_to_loss_ / whole, 0.5);
  sending.cwnd = from_[kCwnd] + (sending.cwnd - from_[kCwnd]) * share;
  sending.seconds *= share;
  const double beyond = std::max(whole * share - segments_to_loss_, 0.0);
  segments_to_loss_ = chance_.Exponential(1 / settings_.loss);
  return 1 + chance_.Whole(beyond * settings_.loss);
}

void TcpFlow::Send(const Sending& sending) {
  const double queued = static_cast<double>(totals_[kBytesWritten] - totals_[kBytesSent]);
  const double in_flight = static_cast<double>(totals_[kBytesSent] - totals_[kThruBytesAcked]);
  const double bytes = std::floor(sending.rate * sending.seconds);
  const double left = queued + sending.demand * sending.seconds - bytes;
  const double new_queue = std::floor(
      std::clamp(left, std::max(queued - bytes, 0.0), std::max(settings_.send_buffer, queued)));
  const double window = std::min(sending.cwnd, from_[kRwinRcvd]);
  const double rtt = std::max(base_rtt_, window / settings_.up);
  const double new_in_flight =
      std::floor(std::min({sending.rate * rtt, window, in_flight + bytes}));
  Grow(kBytesSent, Round(bytes));
  Grow(kBytesWritten, Round(bytes + new_queue - queued));
  Grow(kThruBytesAcked, Round(in_flight + bytes - new_in_flight));
  to_[kAppWQueue] = new_queue;
  to_[kRetxQueue] = new_in_flight;
  to_[kCwnd] = next_cwnd_ = sending.cwnd;
  next_.slow_start = condition_.slow_start && sending.cwnd < condition_.ssthresh;
  CountSent(sending, bytes, in_flight + bytes - new_in_flight);
  CountLimits(sending, bytes);
  MeasureRtt(sending, bytes);
  EstimateBandwidth(kOutboundBandwidth, kOutboundInstability, sending.rate, sending.seconds);
  next_.outbound_peaked = sending.limit == kLimitCwnd && sending.rate >= 0.9 * settings_.up;
  if (bytes > 0 && peer_limit_ > 0) {
    peer_limit_ = std::min(settings_.peer_window, std::max(peer_limit_, 2 * new_in_flight));
  }
  to_[kRwinRcvd] = bytes > 0 ? std::floor(peer_limit_ * chance_.Between(0.9, 1)) : peer_limit_;
}

void TcpFlow::EnterLimit(TcpLimit limit) {
  if (limit != limit_) ++totals_[kSndLimTrans + limit];
  limit_ = limit;
}

void TcpFlow::CountLimits(const Sending& sending, double bytes) {
  const auto grow = [this](int first, TcpLimit limit, uint64_t by) {
    growth_[first + limit] += by;
  };
  EnterLimit(sending.active_share > 0 ? sending.limit : kLimitSnd);
  const auto length = static_cast<uint64_t>(end_ - begin_);
  const auto active =
      static_cast<uint64_t>(static_cast<double>(length) * std::min(sending.active_share, 1.0));
  grow(kSndLimTime, limit_, active);
  grow(kSndLimTime, kLimitSnd, length - active);
  grow(kSndLimBytes, limit_, Round(bytes));
  if (limit_ != kLimitSnd && active < length) {
    const uint64_t bursts = chance_.Whole(sending.seconds * settings_.busy_share / settings_.burst);
    grow(kSndLimTrans, limit_, bursts);
    grow(kSndLimTrans, kLimitSnd, bursts);
  }
}

void TcpFlow::CountSent(const Sending& sending, double bytes, double acked) {
  const double segment = SegmentBytes();
  const uint64_t segments = Round(std::ceil(bytes / segment));
  const uint64_t acks = Round(std::ceil(acked / segment / 2));
  Grow(kDataBytesOut, Round(bytes));
  Grow(kDataSegsOut, segments);
  Grow(kSegsOut, segments);
  Grow(kSegsIn, acks);
  Grow(kOutboundBytes, Round(bytes));
  if (sending.limit == kLimitCwnd && sending.cwnd > from_[kCwnd]) {
    Grow(condition_.slow_start ? kSlowStart : kCongAvoid, acks);
  }
  Reorder(static_cast<double>(segments));
  Grow(kSendStall, chance_.Whole(settings_.stalls_per_second * sending.seconds));
}

// Segments that overtake each other on the way to the peer: duplicate acknowledgements that end
// before anything is sent again.
void TcpFlow::Reorder(double segments) {
  const uint64_t episodes = chance_.Whole(segments * settings_.reordering);
  if (episodes == 0) return;
  const uint64_t acks = episodes + chance_.Whole(static_cast<double>(episodes) * 0.4);
  Grow(kNonRecovDaEpisodes, episodes);
  Grow(kNonRecovDa, acks);
  Grow(kSumBytesReordered, acks * Round(condition_.mss));
  Grow(kDupAcksIn, acks);
  Grow(kSacksRcvd, acks);
  Grow(kSackBlocksRcvd, acks);
  Grow(kSegsIn, acks);
}

void TcpFlow::Receive(double seconds) {
  const double queued = static_cast<double>(totals_[kThruBytesReceived] - totals_[kBytesRead]);
  const double mss = condition_.mss;
  const double reading = settings_.read_rate;
  const double window = reading > 0 ? own_limit_ : std::max(own_limit_ - queued, 0.0);
  double rate = std::min(window / base_rtt_, settings_.down);
  if (settings_.loss > 0 && !settings_.ecn) {
    rate = std::min(rate, kMathis * mss / (base_rtt_ * std::sqrt(settings_.loss)));
  }
  rate = settings_.in_unlimited
             ? rate * active_
             : std::min(rate, settings_.in_rate * pace_ * chance_.Between(0.6, 1.4));
  // Once its queue is full, the peer sends as fast as it is read.
  if (reading > 0) rate = std::min(rate, reading + (own_limit_ - queued) / seconds);
  const double bytes = std::floor(std::max(rate * seconds, 0.0));
  const double kept = reading > 0 ? std::max(queued + bytes - reading * seconds, 0.0)
                                  : std::min(bytes, chance_.Between(0, 2 * mss));
  const double new_queue = std::floor(std::min({kept, own_limit_, queued + bytes}));
  Grow(kThruBytesReceived, Round(bytes));
  Grow(kBytesRead, Round(queued + bytes - new_queue));
  to_[kAppRQueue] = new_queue;
  if (bytes > 0) {
    own_limit_ = std::min(settings_.own_window, std::max(own_limit_, 2 * rate * base_rtt_));
  }
  to_[kRwinSent] = std::max(own_limit_ - new_queue, 0.0);
  CountReceived(bytes, rate);
  EstimateBandwidth(kInboundBandwidth, kInboundInstability, rate, seconds);
  next_.inbound_peaked = bytes > 0 && rate >= 0.9 * settings_.down;
}

void TcpFlow::CountReceived(double bytes, double rate) {
  const double segment = SegmentBytes();
  const auto segments = std::ceil(bytes / segment);
  const uint64_t lost = chance_.Whole(segments * (settings_.ecn ? 0 : settings_.loss));
  const uint64_t marked = chance_.Whole(segments * (settings_.ecn ? settings_.loss : 0));
  const uint64_t late = lost + chance_.Whole(segments * settings_.reordering);
  // Of each episode some segments that follow the gap; of some losses a copy too many.
  const uint64_t dup_acks = late * std::max<uint64_t>(1, Round(rate * base_rtt_ / segment / 2));
  const uint64_t copies = chance_.Whole(static_cast<double>(lost) * 0.1);
  const uint64_t damaged = chance_.Whole(segments * settings_.damage);
  Grow(kDataBytesIn, Round(bytes) + copies * Round(segment));
  Grow(kDataSegsIn, Round(segments) + copies);
  Grow(kSegsIn, Round(segments) + copies + damaged);
  Grow(kSoftErrors, damaged);
  if (damaged > 0) next_.soft_error_reason = kChecksum;
  Grow(kSegsOut, Round(std::ceil(segments / 2)) + dup_acks);
  Grow(kDupAckEpisodes, late);
  Grow(kSndDupAckEpisodes, late);
  Grow(kDupAcksOut, dup_acks);
  Grow(kCeRcvd, marked);
  Grow(kInboundBytes, Round(bytes));
  to_[kReasmQueue] =
      late > 0 ? std::floor(std::clamp(rate * base_rtt_ / 2, segment, own_limit_)) : 0;
}

void TcpFlow::MeasureRtt(const Sending& sending, double bytes) {
  if (bytes <= 0) return;
  const double window = std::min(sending.cwnd, from_[kRwinRcvd]);
  const bool saturated = sending.limit == kLimitCwnd || sending.limit == kLimitRwin;
  const double queue = saturated ? std::max(window / settings_.up - base_rtt_, 0.0) : 0;
  const double jitter = std::min(chance_.Exponential(settings_.jitter), 5 * settings_.jitter);
  const double sample = (base_rtt_ + std::min(queue, settings_.queue) + jitter) * kMicro;
  const double segments = std::ceil(bytes / SegmentBytes());
  const double most = std::ceil(sending.seconds * kMicro / sample);
  const double count = std::clamp(std::min(segments, most), 1.0, 1e6);
  Grow(kCountRtt, Round(count));
  Grow(kFineCountRtt, Round(count));
  Grow(kSumRtt, Round(count * (from_[kSampleRtt] + sample) / 2));
  const double weight = 1 - std::pow(7.0 / 8, count);
  const double deviation = std::abs(sample - from_[kSmoothedRtt]);
  to_[kSampleRtt] = sample;
  to_[kSmoothedRtt] += weight * (sample - from_[kSmoothedRtt]);
  to_[kRttVar] += weight * (deviation - from_[kRttVar]);
  Grow(kPostCongCountRtt, signals_without_sample_);
  Grow(kPostCongSumRtt, signals_without_sample_ * Round(sample));
  signals_without_sample_ = 0;
}

// At the end of the phase, `losses` times.
void TcpFlow::Lose(const Sending& sending, uint64_t losses) {
  const double mss = condition_.mss;
  const double window = std::max(to_[kRetxQueue], mss);
  const uint64_t in_flight = Round(window / mss);
  const bool marked = settings_.ecn;
  const bool burst = !marked && (chance_.Happens(settings_.burst_share) ||
                                 static_cast<double>(in_flight) < kFewSegments);
  Grow(kCongSignals, losses);
  Grow(kPreCongSumCwnd, losses * Round(sending.cwnd));
  Grow(kPreCongSumRtt, losses * Round(to_[kSampleRtt]));
  signals_without_sample_ += losses;
  next_.ssthresh = std::max(sending.cwnd * kReduction, 2 * mss);
  next_cwnd_ = next_.ssthresh;
  next_.slow_start = false;
  if (marked) {
    Grow(kEcnSignals, losses);
    Grow(kEceRcvd, losses);
    return;
  }
  if (burst) {
    Grow(kTimeouts, 1);
    Grow(kAbruptTimeouts, 1);
    next_.timeouts = 1;
    next_.went_back = true;
    next_.slow_start = true;
    next_cwnd_ = mss;
    timer_ = Rto() / kMicro;
    return;
  }
  // Each segment that arrives behind the gap is acknowledged once more, with one block for each
  // gap.
  const uint64_t gaps = 1 + chance_.Whole(sending.overflows > 0 ? 1.5 : 0.2);
  const uint64_t dup_acks = losses * std::max<uint64_t>(3, in_flight - std::min(in_flight, gaps));
  Grow(kFastRetran, losses);
  Grow(kDupAcksIn, dup_acks);
  Grow(kSacksRcvd, dup_acks);
  Grow(kSackBlocksRcvd, dup_acks * std::min<uint64_t>(gaps, 3));
  Grow(kSegsIn, dup_acks);
  Grow(kDsackDups, chance_.Whole(static_cast<double>(losses) * 0.02));
  Retransmit(losses * gaps);
}

void TcpFlow::Retransmit(uint64_t segments) {
  const uint64_t sent = totals_[kBytesSent] + growth_[kBytesSent];
  const uint64_t bytes = std::min(segments * Round(condition_.mss), sent);
  Grow(kPktsRetrans, segments);
  Grow(kBytesRetrans, bytes);
  Grow(kDataBytesOut, bytes);
  Grow(kOutboundBytes, bytes);
  growth_[kSndLimBytes + limit_] += bytes;
  Grow(kDataSegsOut, segments);
  Grow(kSegsOut, segments);
}

// Nothing flows: keep-alives, or probes of a window that is closed. After a while the congestion
// window is not trusted any more.
void TcpFlow::BeIdle(double seconds) {
  const bool probing = to_[kAppWQueue] > 0;
  const uint64_t probes = chance_.Whole(seconds / (probing ? 10 : settings_.keepalive));
  Grow(kSegsOut, probes);
  Grow(kSegsIn, probes);
  if (peer_probes_ && !probing && probes > 0) {
    Grow(kSoftErrors, probes);
    next_.soft_error_reason = kBelowDataWindow;
  }
  const double initial = kInitialSegments * condition_.mss;
  if (seconds * kMicro > Rto() && from_[kCwnd] > initial) {
    Grow(kOtherReductions, 1);
    next_cwnd_ = initial;
    next_.slow_start = true;
  }
}

void TcpFlow::EstimateBandwidth(TcpGauge bandwidth, TcpGauge instability, double rate,
                                double seconds) {
  if (rate <= 0) return;
  const double bits = rate * 8;
  const double weight = 1 - std::exp(-seconds / 2);
  const double change = std::abs(bits - from_[bandwidth]);
  to_[bandwidth] += weight * (bits - from_[bandwidth]);
  to_[instability] += weight * (change - from_[instability]);
}

}  // namespace farstat::sources::simulated
