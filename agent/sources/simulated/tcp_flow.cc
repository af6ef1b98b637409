#include "agent/sources/simulated/tcp_flow.h"

#include <algorithm>

namespace farstat::sources::simulated {
namespace {

constexpr double kMicro = 1e6;
// What Windows begins with.
constexpr double kInitialSegments = 10;
constexpr double kFirstWindow = 65535;
constexpr double kSmallestRto = 0.3 * kMicro;
constexpr double kLargestRto = 120 * kMicro;

}  // namespace

TcpFlow::TcpFlow(const TcpFlowSettings& settings, uint64_t seed, TcpTime begin)
    : settings_(settings),
      chance_(seed),
      born_(begin),
      base_rtt_(settings.rtt * chance_.Between(0.9, 1.2)),
      stuck_(chance_.Happens(settings.stuck_share)),
      peer_probes_(chance_.Happens(0.5)),
      begin_(begin),
      end_(begin),
      segments_to_loss_(chance_.Exponential(1 / std::max(settings.loss, 1e-12))),
      peer_limit_(std::min(settings.peer_window, kFirstWindow)),
      own_limit_(std::min(settings.own_window, kFirstWindow)) {
  condition_.mss = settings.announced_mss;
  next_ = condition_;
  next_cwnd_ = kInitialSegments * condition_.mss;
  to_[kCwnd] = next_cwnd_;
  to_[kSampleRtt] = to_[kSmoothedRtt] = base_rtt_ * kMicro;
  to_[kRttVar] = to_[kSampleRtt] / 2;
  to_[kRwinRcvd] = peer_limit_;
  to_[kRwinSent] = own_limit_;
  totals_[kSndLimTrans + kLimitSnd] = 1;
  BeginPhase();
}

void TcpFlow::AdvanceTo(TcpTime now) {
  while (end_ <= now) BeginPhase();
  const double fraction = static_cast<double>(now - begin_) / static_cast<double>(end_ - begin_);
  fraction_ = std::max(fraction, fraction_);
}

double TcpFlow::Rto() const {
  const double rto = std::max(Gauge(kSmoothedRtt) + 4 * Gauge(kRttVar), kSmallestRto);
  return std::min(std::ldexp(rto, static_cast<int>(std::min(condition_.timeouts, 8u))),
                  kLargestRto);
}

TcpExtremes TcpFlow::Range(TcpRange range) const {
  Ranges ranges = ranges_;
  Gauges now;
  for (int i = 0; i < kTcpGaugeCount; ++i) now[i] = Gauge(static_cast<TcpGauge>(i));
  TakeRanges(ranges, now);
  return ranges[range];
}

void TcpFlow::RestartRanges(int first, int end) {
  std::fill(ranges_.begin() + first, ranges_.begin() + end, TcpExtremes());
  for (int i = first; i < end; ++i) ranges_[i] = Range(static_cast<TcpRange>(i));
}

// Ends the phase: what was to come has come.
void TcpFlow::Commit() {
  fraction_ = 1;
  TakeRanges(ranges_, to_);
  for (int i = 0; i < kTcpCounterCount; ++i) totals_[i] += growth_[i];
  growth_ = {};
  from_ = to_;
  from_[kCwnd] = to_[kCwnd] = next_cwnd_;
  condition_ = next_;
  begin_ = end_;
  fraction_ = 0;
  TakeRanges(ranges_, from_);
}

void TcpFlow::TakeRanges(Ranges& ranges, const Gauges& gauges) const {
  ranges[condition_.slow_start ? kSsCwndRange : kCaCwndRange].Take(gauges[kCwnd]);
  if (std::isfinite(condition_.ssthresh)) ranges[kSsthreshRange].Take(condition_.ssthresh);
  ranges[kRttRange].Take(gauges[kSampleRtt]);
  ranges[kRtoRange].Take(Rto());
  ranges[kMssRange].Take(condition_.mss);
  ranges[kRetxQueueRange].Take(gauges[kRetxQueue]);
  ranges[kAppWQueueRange].Take(gauges[kAppWQueue]);
  ranges[kRwinSentRange].Take(gauges[kRwinSent]);
  ranges[kReasmQueueRange].Take(gauges[kReasmQueue]);
  ranges[kAppRQueueRange].Take(gauges[kAppRQueue]);
  ranges[kRwinRcvdRange].Take(gauges[kRwinRcvd]);
  ranges[kFineRttRange].Take(gauges[kSampleRtt]);
}

}  // namespace farstat::sources::simulated
