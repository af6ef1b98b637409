#include "agent/sources/simulated/ipsec_main_mode.h"

#include <algorithm>

namespace farstat::sources::simulated {
namespace {

constexpr absl::Duration kNever = absl::InfiniteDuration();
constexpr uint32_t kTimedOut = 13805;
constexpr uint32_t kPacketsReceivedPerExtendedMode = 2;
// The share of a negotiation by which its first messages are over.
constexpr double kInitialShare = 0.25;

// Packets that a main mode received: half of its messages, none from a peer that never answered.
uint32_t PacketsReceived(const IpsecPeerClass& kind, uint32_t code, bool by_peer) {
  if (code == kTimedOut) return by_peer ? 1 : 0;
  return kind.key_module == windows::kIkeKeyModuleIkev2 ? 2 : 3;
}

}  // namespace

absl::Duration IkeMainMode::next_event() const {
  return std::min({attempt_ends_, renew_at_, expire_at_});
}

void IkeMainMode::HandleEvent(const IpsecMoment& moment, bool wanted) {
  if (attempt_ends_ <= moment.now) {
    switch (attempt_) {
      case Attempt::kNegotiating:
        return EndMainMode(moment);
      case Attempt::kExtending:
        return EndExtendedMode(moment);
      default:
        return EndBackOff(moment, wanted);
    }
  }
  if (renew_at_ <= moment.now) {
    renew_at_ = kNever;
    if (wanted && attempt_ == Attempt::kNone) Begin(moment);
    return;
  }
  Delete(moment);
}

void IkeMainMode::Want(const IpsecMoment& moment) {
  if (attempt_ == Attempt::kNone) Begin(moment);
}

void IkeMainMode::Release(const IpsecMoment& moment) {
  // IKEv2 deletes an IKE SA with the last of its children; the older ones keep it for its lifetime.
  const bool keeps = moment.kind.key_module != windows::kIkeKeyModuleIkev2;
  if (up_ && attempt_ == Attempt::kNone && !keeps) Delete(moment);
}

void IkeMainMode::Begin(const IpsecMoment& moment) {
  const IkeOutcome outcome = moment.kind.main_mode.Draw(moment.chance);
  attempt_ = Attempt::kNegotiating;
  attempt_by_peer_ = moment.peer_initiates;
  attempt_began_ = moment.now;
  attempt_ends_ = moment.now + outcome.takes;
  attempt_code_ = outcome.code;
  // A peer that falls silent does so in its first messages.
  initial_until_ =
      outcome.code == kTimedOut ? attempt_ends_ : moment.now + outcome.takes * kInitialShare;
  ++moment.ike().total_main_modes_started;
  if (attempt_by_peer_) ++moment.ike().total_responder_main_modes;
}

void IkeMainMode::EndMainMode(const IpsecMoment& moment) {
  moment.times().main_mode.Note(moment.now, moment.now - attempt_began_);
  moment.ledger.ike.common_statistics.total_packets_received +=
      PacketsReceived(moment.kind, attempt_code_, attempt_by_peer_);
  if (attempt_code_ != 0) {
    FailMainMode(moment, attempt_code_);
    BackOff(moment);
    return;
  }
  ++moment.ike().total_successful_main_modes;
  BringUp(moment);
  if (moment.kind.authip()) {
    BeginExtendedMode(moment);
  } else {
    attempt_ = Attempt::kNone;
    attempt_ends_ = kNever;
  }
}

void IkeMainMode::BringUp(const IpsecMoment& moment) {
  if (up_) Delete(moment);
  const absl::Duration lifetime = absl::Seconds(moment.kind.main_mode_lifetime_seconds);
  up_ = true;
  sa_ = {next_id_++, moment.chance.Bits(), moment.chance.Bits()};
  renew_at_ = moment.now + lifetime * moment.chance.Between(0.9, 0.95);
  expire_at_ = moment.now + lifetime;
  ++moment.ike().current_active_main_modes;
  if (moment.kind.authip() && moment.chance.Happens(moment.kind.scenario.impersonation_share())) {
    ++moment.ike().total_impersonation_main_modes;
  }
}

void IkeMainMode::BeginExtendedMode(const IpsecMoment& moment) {
  const IkeOutcome outcome = moment.kind.extended_mode.Draw(moment.chance);
  attempt_ = Attempt::kExtending;
  attempt_began_ = moment.now;
  attempt_ends_ = moment.now + outcome.takes;
  attempt_code_ = outcome.code;
  ++moment.ike().total_extended_modes_started;
}

void IkeMainMode::EndExtendedMode(const IpsecMoment& moment) {
  moment.times().extended_mode.Note(moment.now, moment.now - attempt_began_);
  moment.ledger.ike.common_statistics.total_packets_received += kPacketsReceivedPerExtendedMode;
  if (attempt_code_ != 0) {
    FailExtendedMode(moment, attempt_code_);
    BackOff(moment);
    if (up_) Delete(moment);
    return;
  }
  attempt_ = Attempt::kNone;
  attempt_ends_ = kNever;
  ++moment.ike().total_successful_extended_modes;
  if (up_) {
    extended_ = true;
    ++moment.ike().current_active_extended_modes;
  }
  if (moment.chance.Happens(moment.kind.scenario.impersonation_share())) {
    ++moment.ike().total_impersonation_extended_modes;
  }
}

void IkeMainMode::FailMainMode(const IpsecMoment& moment, uint32_t code) {
  ++moment.ike().total_failed_main_modes;
  moment.ledger.CountIkeError(moment.kind, code);
}

void IkeMainMode::FailExtendedMode(const IpsecMoment& moment, uint32_t code) {
  ++moment.ike().total_failed_extended_modes;
  moment.ledger.CountIkeError(moment.kind, code);
}

void IkeMainMode::BackOff(const IpsecMoment& moment) {
  attempt_ = Attempt::kBackingOff;
  attempt_ends_ = moment.now + moment.kind.retry * moment.chance.Between(0.8, 1.2);
}

void IkeMainMode::EndBackOff(const IpsecMoment& moment, bool wanted) {
  attempt_ = Attempt::kNone;
  attempt_ends_ = kNever;
  if (!wanted) return;
  if (!moment.peer_initiates) ++moment.ike().total_reinit_acquires;
  Begin(moment);
}

void IkeMainMode::Delete(const IpsecMoment& moment) {
  up_ = false;
  renew_at_ = expire_at_ = kNever;
  --moment.ike().current_active_main_modes;
  if (extended_) --moment.ike().current_active_extended_modes;
  extended_ = false;
}

void IkeMainMode::Stop(const IpsecMoment& moment, uint32_t code) {
  if (attempt_ == Attempt::kNegotiating) FailMainMode(moment, code);
  if (attempt_ == Attempt::kExtending) FailExtendedMode(moment, code);
  attempt_ = Attempt::kNone;
  attempt_ends_ = kNever;
  if (up_) Delete(moment);
}

}  // namespace farstat::sources::simulated
