// The main mode with a peer: the IKE SA under whose protection quick modes are negotiated. With
// AuthIP an extended mode follows, which authenticates the user as well.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_MAIN_MODE_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_MAIN_MODE_H_

#include <cstdint>

#include "absl/time/time.h"
#include "agent/sources/simulated/ipsec_ledger.h"

namespace farstat::sources::simulated {

struct IkeSa {
  uint64_t id;
  uint64_t initiator_cookie;
  uint64_t responder_cookie;
};

class IkeMainMode {
 public:
  // `first_id` names its first SA, the next number the next one.
  explicit IkeMainMode(uint64_t first_id) : next_id_(first_id) {}

  // When something happens here by itself next.
  absl::Duration next_event() const;
  // Lets that happen. `wanted`: somebody needs a main mode, now or for what exists.
  void HandleEvent(const IpsecMoment& moment, bool wanted);

  // Quick modes can be negotiated.
  bool ready() const { return up_ && attempt_ != Attempt::kExtending; }
  // A quick mode waits for it.
  void Want(const IpsecMoment& moment);
  // Nothing is left that was negotiated under it.
  void Release(const IpsecMoment& moment);
  // All ends, because a service stops; a negotiation that goes on fails with `code`.
  void Stop(const IpsecMoment& moment, uint32_t code);

  bool negotiates() const {
    return attempt_ == Attempt::kNegotiating || attempt_ == Attempt::kExtending;
  }
  // A negotiation that the peer began and that has not got beyond its first messages.
  bool new_responder(absl::Duration now) const {
    return attempt_ == Attempt::kNegotiating && attempt_by_peer_ && now < initial_until_;
  }
  // Null: there is none.
  const IkeSa* sa() const { return up_ ? &sa_ : nullptr; }

 private:
  enum class Attempt { kNone, kNegotiating, kExtending, kBackingOff };

  void Begin(const IpsecMoment& moment);
  void EndMainMode(const IpsecMoment& moment);
  void BeginExtendedMode(const IpsecMoment& moment);
  void EndExtendedMode(const IpsecMoment& moment);
  void FailMainMode(const IpsecMoment& moment, uint32_t code);
  void FailExtendedMode(const IpsecMoment& moment, uint32_t code);
  void BackOff(const IpsecMoment& moment);
  void EndBackOff(const IpsecMoment& moment, bool wanted);
  void BringUp(const IpsecMoment& moment);
  void Delete(const IpsecMoment& moment);

  uint64_t next_id_;
  Attempt attempt_ = Attempt::kNone;
  bool attempt_by_peer_ = false;
  absl::Duration attempt_began_;
  absl::Duration initial_until_;
  absl::Duration attempt_ends_ = absl::InfiniteDuration();
  uint32_t attempt_code_ = 0;

  bool up_ = false;
  bool extended_ = false;
  IkeSa sa_ = {};
  absl::Duration renew_at_ = absl::InfiniteDuration();
  absl::Duration expire_at_ = absl::InfiniteDuration();
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_MAIN_MODE_H_
