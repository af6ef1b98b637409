#include "agent/sources/simulated/ipsec_peer.h"

#include <algorithm>

namespace farstat::sources::simulated {
namespace {

constexpr absl::Duration kNever = absl::InfiniteDuration();

// Ids of what belongs to a peer: its serial number above what it counts itself.
uint64_t FirstId(uint32_t serial) { return (uint64_t{serial} + 1) << 32 | 1; }

}  // namespace

IpsecPeer::IpsecPeer(const IpsecPeerClass& kind, uint32_t number, uint32_t serial, uint64_t seed)
    : kind_(&kind),
      number_(number),
      chance_(seed ^ FirstId(serial)),
      next_pair_id_(FirstId(serial)),
      nat_port_(static_cast<uint16_t>(chance_.Between(1024, 65536))),
      main_mode_(FirstId(serial)),
      traffic_changes_at_(kind.first_contact + kind.first_contact_spread * chance_.Share()),
      next_event_(traffic_changes_at_) {
  quick_modes_.reserve(kind.sa_pairs);
  for (uint32_t i = 0; i < kind.sa_pairs; ++i) quick_modes_.emplace_back(kind, chance_);
}

void IpsecPeer::HandleEvent(IpsecLedger& ledger) {
  const absl::Duration now = next_event_;
  if (traffic_changes_at_ <= now) {
    traffic_ = !traffic_;
    if (traffic_) peer_initiates_ = chance_.Happens(kind_->scenario.responder_share());
  }
  const IpsecMoment moment = {now, *kind_, chance_, ledger, peer_initiates_};
  if (traffic_changes_at_ <= now) {
    ToggleTraffic(moment);
  } else if (resume_at_ <= now) {
    SetTraffic(moment);
  } else {
    HandleNegotiationEvent(moment);
  }
  ServeQuickModes(moment);
  FindNextEvent();
}

void IpsecPeer::ToggleTraffic(const IpsecMoment& moment) {
  const absl::Duration mean = traffic_ ? kind_->session : kind_->pause;
  traffic_changes_at_ =
      kind_->session > absl::ZeroDuration() ? moment.now + chance_.Around(mean) : kNever;
  if (!stopped_) SetTraffic(moment);
}

void IpsecPeer::SetTraffic(const IpsecMoment& moment) {
  resume_at_ = kNever;
  for (IpsecQuickMode& quick_mode : quick_modes_) {
    if (traffic_) {
      quick_mode.TrafficBegins(moment);
    } else {
      quick_mode.TrafficPauses(moment);
    }
  }
}

void IpsecPeer::HandleNegotiationEvent(const IpsecMoment& moment) {
  if (main_mode_.next_event() <= moment.now) {
    main_mode_.HandleEvent(moment, /*wanted=*/traffic_);
    return;
  }
  std::find_if(quick_modes_.begin(), quick_modes_.end(), [&](const IpsecQuickMode& quick_mode) {
    return quick_mode.next_event() <= moment.now;
  })->HandleEvent(moment);
}

void IpsecPeer::ServeQuickModes(const IpsecMoment& moment) {
  for (IpsecQuickMode& quick_mode : quick_modes_) {
    if (!quick_mode.waits()) continue;
    if (main_mode_.ready()) {
      quick_mode.Negotiate(moment, main_mode_.sa()->id, next_pair_id_++);
    } else {
      main_mode_.Want(moment);
    }
  }
  if (std::all_of(quick_modes_.begin(), quick_modes_.end(),
                  [](const IpsecQuickMode& quick_mode) { return quick_mode.rests(); })) {
    main_mode_.Release(moment);
  }
}

void IpsecPeer::FindNextEvent() {
  next_event_ = std::min({traffic_changes_at_, resume_at_, main_mode_.next_event()});
  for (const IpsecQuickMode& quick_mode : quick_modes_) {
    next_event_ = std::min(next_event_, quick_mode.next_event());
  }
}

void IpsecPeer::Stop(absl::Duration time, uint32_t code, IpsecLedger& ledger) {
  const IpsecMoment moment = {time, *kind_, chance_, ledger, peer_initiates_};
  stopped_ = true;
  resume_at_ = kNever;
  main_mode_.Stop(moment, code);
  for (IpsecQuickMode& quick_mode : quick_modes_) quick_mode.Stop(moment, code);
  FindNextEvent();
}

void IpsecPeer::Resume(absl::Duration time) {
  stopped_ = false;
  // Not all at once.
  if (traffic_) resume_at_ = time + kind_->retry * chance_.Share();
  FindNextEvent();
}

}  // namespace farstat::sources::simulated
