// One pair of SAs with a peer: it is negotiated by quick mode when there is traffic, carries it, is
// replaced before its lifetime ends, and deleted when nothing needs it.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_QUICK_MODE_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_QUICK_MODE_H_

#include <array>
#include <cstdint>

#include "absl/time/time.h"
#include "agent/sources/simulated/ipsec_ledger.h"
#include "agent/sources/simulated/ipsec_rate.h"

namespace farstat::sources::simulated {

// What is negotiated at once: a bundle of SAs for each direction.
struct IpsecSaPair {
  uint64_t context_id;
  uint64_t main_mode_id;
  uint32_t quick_mode_id;
  // The second ones are used where each direction has two SAs.
  std::array<uint32_t, 2> inbound_spis;
  std::array<uint32_t, 2> outbound_spis;
};

class IpsecQuickMode {
 public:
  IpsecQuickMode(const IpsecPeerClass& kind, IpsecChance& chance);

  // When something happens here by itself next.
  absl::Duration next_event() const;
  // Lets that happen.
  void HandleEvent(const IpsecMoment& moment);

  void TrafficBegins(const IpsecMoment& moment);
  void TrafficPauses(const IpsecMoment& moment);
  // A negotiation is due, and a main mode is needed for it.
  bool waits() const { return attempt_ == Attempt::kWaiting; }
  // There is one. `next_id` names the pairs of a peer.
  void Negotiate(const IpsecMoment& moment, uint64_t main_mode_id, uint64_t next_id);
  // All ends, because a service stops; a negotiation that goes on fails with `code`.
  void Stop(const IpsecMoment& moment, uint32_t code);

  bool negotiates() const {
    return attempt_ == Attempt::kWaiting || attempt_ == Attempt::kNegotiating;
  }
  // No traffic, no SAs, and none to come.
  bool rests() const { return !traffic_ && !up_ && !replaced_up_ && attempt_ == Attempt::kNone; }
  // Null: there is none. The replaced one still exists beside its successor for a while.
  const IpsecSaPair* pair() const { return up_ ? &pair_ : nullptr; }
  const IpsecSaPair* replaced_pair() const { return replaced_up_ ? &replaced_pair_ : nullptr; }
  // Adds what is being carried and is not in the ledger yet.
  void AddLiveTraffic(const IpsecPeerClass& kind, absl::Duration now,
                      windows::IpsecStatistics1& statistics) const;

 private:
  enum class Attempt { kNone, kWaiting, kNegotiating, kBackingOff };

  void Request(const IpsecMoment& moment);
  void EndAttempt(const IpsecMoment& moment);
  void Fail(const IpsecMoment& moment, uint32_t code);
  void Succeed(const IpsecMoment& moment);
  void Replace(const IpsecMoment& moment);
  void Delete(const IpsecMoment& moment);
  void DeleteReplaced(const IpsecMoment& moment);
  void SetLifetime(const IpsecMoment& moment);
  // Only SAs with traffic are renewed, and their volume may end the lifetime before the time does.
  void BeginFlow(const IpsecMoment& moment);
  void EndFlow(const IpsecMoment& moment);
  bool flows() const { return flow_began_ != absl::InfiniteDuration(); }

  IpsecRate inbound_;
  IpsecRate outbound_;
  bool traffic_ = false;

  Attempt attempt_ = Attempt::kNone;
  absl::Duration attempt_began_;
  absl::Duration attempt_ends_ = absl::InfiniteDuration();
  uint32_t attempt_code_ = 0;
  IpsecSaPair next_pair_ = {};

  bool up_ = false;
  IpsecSaPair pair_ = {};
  // By time alone; then what comes first of time and volume.
  absl::Duration old_at_;
  absl::Duration dead_at_;
  absl::Duration renew_at_ = absl::InfiniteDuration();
  absl::Duration expire_at_ = absl::InfiniteDuration();
  absl::Duration idle_at_ = absl::InfiniteDuration();
  double old_share_ = 1;  // How much of the lifetime may pass before it is renewed.
  absl::Duration flow_began_ = absl::InfiniteDuration();
  uint64_t inbound_carried_ = 0;  // Before the flow that goes on.
  uint64_t outbound_carried_ = 0;

  bool replaced_up_ = false;
  IpsecSaPair replaced_pair_ = {};
  absl::Duration replaced_ends_ = absl::InfiniteDuration();
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_QUICK_MODE_H_
