// EStats of one simulated connection: which groups are collected, since when, and the flow that
// they show.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_TCP_COLLECTION_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_TCP_COLLECTION_H_

#include <array>
#include <cstdint>

#include "agent/sources/simulated/tcp_flow.h"

namespace farstat::sources::simulated {

// What is switched separately: the types of EStats that have a switch, and of the bandwidth each
// direction. A number is that of TCP_ESTATS_TYPE where there is one.
enum TcpGroup : int {
  kDataGroup = 1,
  kSndCongGroup = 2,
  kPathGroup = 3,
  kSendBuffGroup = 4,
  kRecGroup = 5,
  kObsRecGroup = 6,
  kOutboundGroup = 7,
  kFineRttGroup = 8,
  kInboundGroup = 9,
  kTcpGroupEnd,
};

class TcpCollection {
 public:
  TcpCollection(const TcpFlowSettings& settings, uint64_t seed, TcpTime begin)
      : flow_(settings, seed, begin) {}

  TcpFlow& flow() { return flow_; }
  const TcpFlow& flow() const { return flow_; }

  bool Collects(TcpGroup group) const { return collected_[group]; }
  // Begins at 0, or where it ended when it was switched off if `resets` is false and it was on
  // before.
  void SwitchOn(TcpGroup group, bool resets);
  void SwitchOff(TcpGroup group);
  // Makes up a past: 32-bit counters of the group have counted so much already.
  void CountBefore(TcpGroup group, uint32_t counts) { counted_before_[group] = counts; }

  // What was counted while the group was collected. `group` is the counter's.
  uint64_t Counted(TcpGroup group, TcpCounter counter) const;
  // As a 32-bit member shows it, in units of `unit`.
  uint32_t Counted32(TcpGroup group, TcpCounter counter, uint32_t unit = 1) const {
    return static_cast<uint32_t>(Counted(group, counter) / unit) + counted_before_[group];
  }
  TcpExtremes Range(TcpRange range) const { return flow_.Range(range); }

 private:
  TcpFlow flow_;
  std::array<bool, kTcpGroupEnd> collected_ = {};
  std::array<bool, kTcpGroupEnd> was_collected_ = {};
  std::array<uint32_t, kTcpGroupEnd> counted_before_ = {};
  // What each counter is shown without; while its group is off, what it would show.
  std::array<uint64_t, kTcpCounterCount> baseline_ = {};
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_TCP_COLLECTION_H_
