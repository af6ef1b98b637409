// All peers of a host and the services behind them, and the statistics that follow.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_POPULATION_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_POPULATION_H_

#include <cstdint>
#include <deque>
#include <vector>

#include "absl/time/time.h"
#include "agent/sources/simulated/filter_engine_scenario.pb.h"
#include "agent/sources/simulated/ipsec_ledger.h"
#include "agent/sources/simulated/ipsec_peer.h"
#include "agent/sources/simulated/ipsec_peer_class.h"
#include "agent/sources/simulated/ipsec_rate.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/abi_ike.h"
#include "agent/sources/windows/abi_ipsec.h"

namespace farstat::sources::simulated {

class IpsecPopulation {
 public:
  // Both must outlive it.
  IpsecPopulation(const FilterEngineScenario& scenario, const World& world);

  // Lets everything happen until `time`; never back.
  void AdvanceTo(absl::Duration time);

  const std::vector<IpsecPeer>& peers() const { return peers_; }
  // As of the time to which it was advanced.
  windows::IpsecStatistics1 IpsecStatistics() const;
  windows::IkeStatistics1 IkeStatistics() const;

 private:
  void AddPeers(const IpsecPeerClass& kind, uint64_t seed);
  void StartCounters();
  void AdvancePeersTo(absl::Duration time);
  // What a service does at `time`, when one of them may have stopped or started.
  void FollowServices(absl::Duration time);
  void StopPeers(absl::Duration time, uint32_t code);

  uint32_t CountAt(double per_second, absl::Duration since) const;
  void AddDrops(windows::IpsecStatistics1& statistics) const;
  void AddDisturbances(windows::IkeCommonStatistics& common) const;

  const FilterEngineScenario& scenario_;
  const World& world_;
  std::deque<IpsecPeerClass> classes_;
  std::vector<IpsecPeer> peers_;
  IpsecLedger ledger_;

  absl::Duration time_ = kIpsecBeginning;
  bool filter_engine_runs_ = true;
  bool ike_runs_ = true;
  // Since when what goes on at a rate is counted.
  absl::Duration filter_engine_since_ = absl::ZeroDuration();
  absl::Duration ike_since_ = absl::ZeroDuration();
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_POPULATION_H_
