#include "agent/sources/windows/tcp_stack.h"

#include <algorithm>
#include <string>

#include "agent/sources/windows/tcp_row.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::windows {
namespace {

using Stack = v1::TcpStack;

// The whole host: segments on all adapters, and those among them that are out of the ordinary.
constexpr UnitsPerSecond kHostSegmentsPerSecond = 100e6;
constexpr UnitsPerSecond kHostEventsPerSecond = 10e6;

// In time, although collections come late now and then.
absl::Duration InTime(UnitsPerSecond fastest) { return WrapTime(fastest) * 0.9; }

// All ones: as many as there is memory for.
constexpr uint32_t kNoLimit = 0xFFFFFFFF;

TcpStats2 Widen(const TcpStats& stats) {
  TcpStats2 wide = {};
  wide.rto_algorithm = stats.rto_algorithm;
  wide.rto_min = stats.rto_min;
  wide.rto_max = stats.rto_max;
  wide.max_conn = stats.max_conn;
  wide.active_opens = stats.active_opens;
  wide.passive_opens = stats.passive_opens;
  wide.attempt_fails = stats.attempt_fails;
  wide.estab_resets = stats.estab_resets;
  wide.curr_estab = stats.curr_estab;
  wide.retrans_segs = stats.retrans_segs;
  wide.in_errs = stats.in_errs;
  wide.out_rsts = stats.out_rsts;
  wide.num_conns = stats.num_conns;
  return wide;
}

}  // namespace

absl::Status TcpStackTotals::Read(CounterReading& reading, uint64_t& calls) {
  absl::Status status = ReadProtocol(kAddressFamilyInet, ipv4_, reading, calls);
  status.Update(ReadProtocol(kAddressFamilyInet6, ipv6_, reading, calls));
  if (status.ok() && !ipv4_.read && !ipv6_.read) {
    status = Win32Status("GetTcpStatisticsEx", kErrorNotSupported);
  }
  // A sum that lacks one of the protocols would be wrong.
  if (!status.ok()) ipv4_.read = ipv6_.read = false;
  return status;
}

// By the newer function where this Windows has it.
absl::StatusOr<TcpStackTotals::Answer> TcpStackTotals::Call(uint32_t family,
                                                            uint64_t& calls) const {
  Answer answer = {};
  if (api_.get_tcp_statistics_ex2) {
    ++calls;
    const uint32_t code = api_.get_tcp_statistics_ex2(&answer.stats, family);
    if (code == kSuccess) return answer;
    if (code != kErrorNotSupported) return Win32Status("GetTcpStatisticsEx2", code);
  }
  if (!api_.get_tcp_statistics_ex) return AbsentEntry("GetTcpStatisticsEx");
  TcpStats stats = {};
  ++calls;
  const uint32_t code = api_.get_tcp_statistics_ex(&stats, family);
  if (code != kSuccess) return Win32Status("GetTcpStatisticsEx", code);
  answer.stats = Widen(stats);
  answer.narrow = true;
  answer.narrow_in = stats.in_segs;
  answer.narrow_out = stats.out_segs;
  return answer;
}

absl::Status TcpStackTotals::ReadProtocol(uint32_t family, Protocol& protocol,
                                          CounterReading& reading, uint64_t& calls) {
  const absl::StatusOr<Answer> answer = Call(family, calls);
  protocol.read = answer.ok();
  // This Windows does not have the protocol.
  if (Win32CodeOf(answer.status()) == kErrorNotSupported) return absl::OkStatus();
  if (!answer.ok()) return answer.status();
  const TcpStats2& stats = protocol.stats = answer->stats;
  WidenedCounters<kCounters>::Rates fastest;
  fastest.fill(kHostEventsPerSecond);
  fastest[kSegmentsIn] = fastest[kSegmentsOut] = answer->narrow ? kHostSegmentsPerSecond : 0;
  // They begin with the host and end with it.
  constexpr uint64_t kIncarnation = 0;
  protocol.counters.Read(
      {stats.active_opens, stats.passive_opens, stats.attempt_fails, stats.estab_resets,
       stats.retrans_segs, stats.in_errs, stats.out_rsts, answer->narrow_in, answer->narrow_out},
      {kIncarnation, reading.steady, reading.wall}, fastest);
  reading.revisit_within =
      std::min(reading.revisit_within,
               InTime(answer->narrow ? kHostSegmentsPerSecond : kHostEventsPerSecond));
  return absl::OkStatus();
}

// A protocol that this Windows does not have has counted nothing.
uint64_t TcpStackTotals::Total(Counter counter) const {
  return ipv4_.counters.total(counter) + ipv6_.counters.total(counter);
}

void TcpStackTotals::Write(const TcpStateCounts& states, RowWriter& row) const {
  row.Clear();
  if (ipv4_.read || ipv6_.read) WriteStats(row);
  for (size_t state = 0; state < states.size(); ++state) {
    if (states[state] == 0) continue;
    const RowWriter::Open entry = row.BeginMessage(Stack::kStatesFieldNumber);
    row.Uint(v1::TcpStateCount::kStateFieldNumber, state);
    row.Uint(v1::TcpStateCount::kCountFieldNumber, states[state]);
    row.EndMessage(entry);
  }
  if (!ipv4_.read && !ipv6_.read) return;
  AccumulationHistory history;
  for (const Protocol* protocol : {&ipv4_, &ipv6_}) {
    if (protocol->read) history.Merge(protocol->counters.history());
  }
  WriteTcpAccumulation(Stack::kAccumulationFieldNumber, history, row);
}

void TcpStackTotals::WriteStats(RowWriter& row) const {
  // The two protocols have the same timers and limits.
  const TcpStats2& common = ipv4_.read ? ipv4_.stats : ipv6_.stats;
  row.Uint(Stack::kRtoAlgorithmFieldNumber, common.rto_algorithm);
  row.Uint(Stack::kRtoMinMsFieldNumber, common.rto_min);
  row.Uint(Stack::kRtoMaxMsFieldNumber, common.rto_max);
  if (common.max_conn != kNoLimit) row.Uint(Stack::kMaxConnectionsFieldNumber, common.max_conn);
  WriteCounters(row);
}

void TcpStackTotals::WriteCounters(RowWriter& row) const {
  const auto sum = [this](auto TcpStats2::*member) {
    return (ipv4_.read ? uint64_t{ipv4_.stats.*member} : 0) +
           (ipv6_.read ? uint64_t{ipv6_.stats.*member} : 0);
  };
  row.Uint(Stack::kActiveOpensFieldNumber, Total(kActiveOpens));
  row.Uint(Stack::kPassiveOpensFieldNumber, Total(kPassiveOpens));
  row.Uint(Stack::kAttemptFailsFieldNumber, Total(kAttemptFails));
  row.Uint(Stack::kEstablishedResetsFieldNumber, Total(kEstablishedResets));
  row.Uint(Stack::kCurrentEstablishedFieldNumber, sum(&TcpStats2::curr_estab));
  row.Uint(Stack::kSegmentsInFieldNumber, sum(&TcpStats2::in_segs) + Total(kSegmentsIn));
  row.Uint(Stack::kSegmentsOutFieldNumber, sum(&TcpStats2::out_segs) + Total(kSegmentsOut));
  row.Uint(Stack::kSegmentsRetransmittedFieldNumber, Total(kRetransmitted));
  row.Uint(Stack::kInErrorsFieldNumber, Total(kInErrors));
  row.Uint(Stack::kOutResetsFieldNumber, Total(kOutResets));
  row.Uint(Stack::kCurrentConnectionsFieldNumber, sum(&TcpStats2::num_conns));
}

}  // namespace farstat::sources::windows
