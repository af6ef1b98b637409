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
  return std::min(rto * static_cast<double>(1u << std::min(condition_.timeouts, 8u)), kLargestRto);
}

TcpExtremes TcpFlow::Range(TcpRange range) const {
  TcpExtremes extremes = ranges_[range];
  TakeNow(range, extremes);
  return extremes;
}

void TcpFlow::RestartRanges(int first, int end) {
  std::fill(ranges_.begin() + first, ranges_.begin() + end, TcpExtremes());
  for (int i = first; i < end; ++i) TakeNow(static_cast<TcpRange>(i), ranges_[i]);
}

// Ends the phase: what was to come has come.
void TcpFlow::Commit() {
  fraction_ = 1;
  TakeRanges();
  for (int i = 0; i < kTcpCounterCount; ++i) totals_[i] += growth_[i];
  growth_ = {};
  from_ = to_;
  from_[kCwnd] = to_[kCwnd] = next_cwnd_;
  condition_ = next_;
  begin_ = end_;
  fraction_ = 0;
  TakeRanges();
}

// Within a phase every value goes straight from its beginning to its end, so these two and the
// present one are all that the extremes have to know.
void TcpFlow::TakeRanges() {
  for (int i = 0; i < kTcpRangeCount; ++i) TakeNow(static_cast<TcpRange>(i), ranges_[i]);
}

void TcpFlow::TakeNow(TcpRange range, TcpExtremes& extremes) const {
  switch (range) {
    case kSsCwndRange:
      if (condition_.slow_start) extremes.Take(Gauge(kCwnd));
      return;
    case kCaCwndRange:
      if (!condition_.slow_start) extremes.Take(Gauge(kCwnd));
      return;
    case kSsthreshRange:
      if (std::isfinite(condition_.ssthresh)) extremes.Take(condition_.ssthresh);
      return;
    case kRttRange:
    case kFineRttRange:
      return extremes.Take(Gauge(kSampleRtt));
    case kRtoRange:
      return extremes.Take(Rto());
    case kMssRange:
      return extremes.Take(condition_.mss);
    case kRetxQueueRange:
      return extremes.Take(Gauge(kRetxQueue));
    case kAppWQueueRange:
      return extremes.Take(Gauge(kAppWQueue));
    case kRwinSentRange:
      return extremes.Take(Gauge(kRwinSent));
    case kReasmQueueRange:
      return extremes.Take(Gauge(kReasmQueue));
    case kAppRQueueRange:
      return extremes.Take(Gauge(kAppRQueue));
    case kRwinRcvdRange:
      return extremes.Take(Gauge(kRwinRcvd));
    case kTcpRangeCount:
      return;
  }
}

}  // namespace farstat::sources::simulated
