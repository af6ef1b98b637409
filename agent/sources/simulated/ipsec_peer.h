// One peer: its traffic comes and goes, and a main mode and pairs of SAs follow.
//
// What happens is a sequence of events, each of which sets the times of the next ones and makes its
// draws from the peer's own chance. So it is the same however often and when a peer is advanced.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_PEER_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_PEER_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "agent/sources/simulated/ipsec_ledger.h"
#include "agent/sources/simulated/ipsec_main_mode.h"
#include "agent/sources/simulated/ipsec_quick_mode.h"

namespace farstat::sources::simulated {

class IpsecPeer {
 public:
  // `kind` must outlive it. `number` counts the peers of the class, `serial` those of the host.
  IpsecPeer(const IpsecPeerClass& kind, uint32_t number, uint32_t serial, uint64_t seed);

  // Lets everything happen until `time`, which included.
  void AdvanceTo(absl::Duration time, IpsecLedger& ledger) {
    while (next_event_ <= time) HandleEvent(ledger);
  }
  // A service that it needs stops at `time`; a negotiation that goes on fails with `code`.
  void Stop(absl::Duration time, uint32_t code, IpsecLedger& ledger);
  // The services run again.
  void Resume(absl::Duration time);

  const IpsecPeerClass& kind() const { return *kind_; }
  uint32_t number() const { return number_; }
  // Of the peer's end of UDP-encapsulated ESP.
  uint16_t nat_port() const { return nat_port_; }
  const IkeMainMode& main_mode() const { return main_mode_; }
  const std::vector<IpsecQuickMode>& quick_modes() const { return quick_modes_; }

 private:
  void HandleEvent(IpsecLedger& ledger);
  void ToggleTraffic(const IpsecMoment& moment);
  void SetTraffic(const IpsecMoment& moment);
  void HandleNegotiationEvent(const IpsecMoment& moment);
  void ServeQuickModes(const IpsecMoment& moment);
  void FindNextEvent();

  const IpsecPeerClass* kind_;
  uint32_t number_;
  IpsecChance chance_;
  uint64_t next_pair_id_;
  uint16_t nat_port_;
  IkeMainMode main_mode_;
  std::vector<IpsecQuickMode> quick_modes_;

  bool traffic_ = false;
  bool peer_initiates_ = false;
  bool stopped_ = false;
  absl::Duration traffic_changes_at_;
  absl::Duration resume_at_ = absl::InfiniteDuration();
  absl::Duration next_event_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_PEER_H_
