// What the services of the filter engine have counted, and what is needed to count.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_LEDGER_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_LEDGER_H_

#include <array>
#include <cstdint>

#include "absl/time/time.h"
#include "agent/sources/simulated/ipsec_chance.h"
#include "agent/sources/simulated/ipsec_peer_class.h"
#include "agent/sources/windows/abi_ike.h"
#include "agent/sources/windows/abi_ipsec.h"

namespace farstat::sources::simulated {

// How long the latest negotiation took, whoever of the peers finished it.
class LatestNegotiation {
 public:
  void Note(absl::Duration end, absl::Duration took);
  uint32_t milliseconds() const { return milliseconds_; }

 private:
  absl::Duration end_ = -absl::InfiniteDuration();
  uint32_t milliseconds_ = 0;
};

struct IkeNegotiationTimes {
  LatestNegotiation main_mode;
  LatestNegotiation quick_mode;
  LatestNegotiation extended_mode;
};

// Counters have the width that they have in Windows, and wrap as they do there. What can be worked
// out when somebody reads (the traffic of live SAs, what goes on at a rate, sums) is not in it.
struct IpsecLedger {
  // Counters of a service that was started with the machine. Gauges are 0.
  void StartIpsec(uint32_t counters_start);
  void StartIke(uint32_t counters_start);

  windows::IkeKeyModuleStatistics& KeyModuleOf(const IpsecPeerClass& kind);
  windows::IkeIpVersionStatistics& IkeOf(const IpsecPeerClass& kind);
  // Null: there is no slot for the code.
  uint32_t* ErrorFrequencyOf(const IpsecPeerClass& kind, uint32_t code);
  void CountIkeError(const IpsecPeerClass& kind, uint32_t code);
  // What a pair of SAs of the class has carried.
  static void AddTraffic(const IpsecPeerClass& kind, uint64_t inbound_bytes,
                         uint64_t outbound_bytes, windows::IpsecStatistics1& statistics);

  windows::IpsecStatistics1 ipsec = {};
  windows::IkeStatistics1 ike = {};
  // By IkeKeyModuleType.
  std::array<IkeNegotiationTimes, 3> times;
};

// One moment in the life of a peer, as everything that happens in it needs it.
struct IpsecMoment {
  const absl::Duration now;
  const IpsecPeerClass& kind;
  IpsecChance& chance;
  IpsecLedger& ledger;
  const bool peer_initiates;

  windows::IkeIpVersionStatistics& ike() const { return ledger.IkeOf(kind); }
  IkeNegotiationTimes& times() const { return ledger.times[kind.key_module]; }
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_LEDGER_H_
