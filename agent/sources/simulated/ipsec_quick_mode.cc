#include "agent/sources/simulated/ipsec_quick_mode.h"

#include <algorithm>

namespace farstat::sources::simulated {
namespace {

constexpr absl::Duration kNever = absl::InfiniteDuration();
// SPIs up to 255 are reserved (RFC 4303).
constexpr uint32_t kFirstSpi = 256;
constexpr uint32_t kPacketsReceivedPerQuickMode = 2;

std::array<uint32_t, 2> DrawSpis(IpsecChance& chance) {
  const uint64_t bits = chance.Bits();
  return {std::max(static_cast<uint32_t>(bits), kFirstSpi),
          std::max(static_cast<uint32_t>(bits >> 32), kFirstSpi)};
}

// Both SAs of a pair come and go together.
void CountPair(const IpsecMoment& moment, bool added) {
  windows::IpsecAggregateSaStatistics& sas = moment.ledger.ipsec.aggregate_sa_statistics;
  const uint32_t count = 2 * moment.kind.sas_per_bundle();
  const uint32_t change = added ? count : -count;
  (added ? sas.total_sas_added : sas.total_sas_deleted) += count;
  sas.active_sas += change;
  if (moment.kind.scenario.offloaded()) sas.offloaded_sas += change;
  moment.ike().current_active_quick_modes += added ? 1u : -1u;
}

}  // namespace

IpsecQuickMode::IpsecQuickMode(const IpsecPeerClass& kind, IpsecChance& chance) {
  const double spread = std::clamp(kind.scenario.rate_spread(), 0.0, 1.0);
  const double factor = chance.Between(1 - spread, 1 + spread);
  // What is asked for is answered: both directions swing together.
  const double phase = chance.Share();
  inbound_ = IpsecRate(kind.scenario.inbound_bytes_per_s() * factor, kind.scenario.rate_swing(),
                       kind.rate_period, phase);
  outbound_ = IpsecRate(kind.scenario.outbound_bytes_per_s() * factor, kind.scenario.rate_swing(),
                        kind.rate_period, phase);
}

absl::Duration IpsecQuickMode::next_event() const {
  return std::min({attempt_ends_, replaced_ends_, idle_at_, renew_at_, expire_at_});
}

void IpsecQuickMode::HandleEvent(const IpsecMoment& moment) {
  if (attempt_ends_ <= moment.now) {
    EndAttempt(moment);
  } else if (replaced_ends_ <= moment.now) {
    DeleteReplaced(moment);
  } else if (idle_at_ <= moment.now) {
    Delete(moment);
  } else if (renew_at_ <= moment.now) {
    renew_at_ = kNever;
    if (traffic_) Request(moment);
  } else {
    Delete(moment);
    if (traffic_) Request(moment);
  }
}

void IpsecQuickMode::TrafficBegins(const IpsecMoment& moment) {
  traffic_ = true;
  if (up_) {
    BeginFlow(moment);
  } else {
    Request(moment);
  }
}

void IpsecQuickMode::TrafficPauses(const IpsecMoment& moment) {
  traffic_ = false;
  if (up_) EndFlow(moment);
}

void IpsecQuickMode::Request(const IpsecMoment& moment) {
  if (attempt_ != Attempt::kNone) return;
  attempt_ = Attempt::kWaiting;
  if (moment.peer_initiates) return;
  ++moment.ike().total_acquires;
}

void IpsecQuickMode::Negotiate(const IpsecMoment& moment, uint64_t main_mode_id, uint64_t next_id) {
  const IkeOutcome outcome = moment.kind.quick_mode.Draw(moment.chance);
  attempt_ = Attempt::kNegotiating;
  attempt_began_ = moment.now;
  attempt_ends_ = moment.now + outcome.takes;
  attempt_code_ = outcome.code;
  next_pair_ = {next_id, main_mode_id, static_cast<uint32_t>(next_id), DrawSpis(moment.chance),
                DrawSpis(moment.chance)};
  ++moment.ike().total_quick_modes_started;
}

void IpsecQuickMode::EndAttempt(const IpsecMoment& moment) {
  if (attempt_ == Attempt::kBackingOff) {
    attempt_ = traffic_ ? Attempt::kWaiting : Attempt::kNone;
    attempt_ends_ = kNever;
    if (traffic_ && !moment.peer_initiates) ++moment.ike().total_reinit_acquires;
    return;
  }
  moment.times().quick_mode.Note(moment.now, moment.now - attempt_began_);
  moment.ledger.ike.common_statistics.total_packets_received += kPacketsReceivedPerQuickMode;
  if (attempt_code_ != 0) {
    Fail(moment, attempt_code_);
    attempt_ = Attempt::kBackingOff;
    attempt_ends_ = moment.now + moment.kind.retry * moment.chance.Between(0.8, 1.2);
    return;
  }
  attempt_ = Attempt::kNone;
  attempt_ends_ = kNever;
  Succeed(moment);
}

void IpsecQuickMode::Fail(const IpsecMoment& moment, uint32_t code) {
  ++moment.ike().total_failed_quick_modes;
  moment.ledger.CountIkeError(moment.kind, code);
}

void IpsecQuickMode::Succeed(const IpsecMoment& moment) {
  ++moment.ike().total_successful_quick_modes;
  if (up_) {
    Replace(moment);
  } else if (!moment.kind.scenario.transport_mode()) {
    ++moment.ledger.ipsec.aggregate_sa_statistics.active_tunnels;
  }
  up_ = true;
  pair_ = next_pair_;
  CountPair(moment, /*added=*/true);
  SetLifetime(moment);
  if (traffic_) BeginFlow(moment);
}

void IpsecQuickMode::Replace(const IpsecMoment& moment) {
  ++moment.ledger.ipsec.aggregate_sa_statistics.successful_rekeys;
  if (flows()) EndFlow(moment);
  if (replaced_up_) DeleteReplaced(moment);
  replaced_up_ = true;
  replaced_pair_ = pair_;
  replaced_ends_ = moment.now + moment.kind.overlap;
}

void IpsecQuickMode::DeleteReplaced(const IpsecMoment& moment) {
  replaced_up_ = false;
  replaced_ends_ = kNever;
  CountPair(moment, /*added=*/false);
  // The whole part of the average comes always, the rest of it by chance.
  const double late = moment.kind.scenario.late_packets_per_rekey();
  const auto packets = static_cast<uint32_t>(late + moment.chance.Share());
  (moment.kind.authenticates_with_ah()
       ? moment.ledger.ipsec.ah_drop_packet_statistics.invalid_spis_on_inbound
       : moment.ledger.ipsec.esp_drop_packet_statistics.invalid_spis_on_inbound) += packets;
}

void IpsecQuickMode::Delete(const IpsecMoment& moment) {
  if (flows()) EndFlow(moment);
  up_ = false;
  renew_at_ = expire_at_ = idle_at_ = kNever;
  CountPair(moment, /*added=*/false);
  if (!moment.kind.scenario.transport_mode()) {
    --moment.ledger.ipsec.aggregate_sa_statistics.active_tunnels;
  }
}

void IpsecQuickMode::SetLifetime(const IpsecMoment& moment) {
  const absl::Duration lifetime = absl::Seconds(moment.kind.lifetime_seconds);
  // Both ends renew a little before the end, and not both at the same time.
  old_share_ = moment.chance.Between(0.85, 0.95);
  old_at_ = moment.now + lifetime * old_share_;
  dead_at_ = moment.now + lifetime;
  renew_at_ = kNever;
  expire_at_ = dead_at_;
  idle_at_ = moment.now + absl::Seconds(moment.kind.idle_timeout_seconds);
  inbound_carried_ = outbound_carried_ = 0;
}

void IpsecQuickMode::BeginFlow(const IpsecMoment& moment) {
  flow_began_ = moment.now;
  idle_at_ = kNever;
  renew_at_ = std::max(old_at_, moment.now);
  const double limit = moment.kind.lifetime_bytes;
  if (limit == 0) return;
  // Limits are those of each SA of the pair.
  const auto when = [&](double bytes) {
    const auto reached = [&](const IpsecRate& rate, uint64_t carried) {
      return rate.WhenReached(moment.now, std::max(bytes - static_cast<double>(carried), 0.0));
    };
    return std::min(reached(inbound_, inbound_carried_), reached(outbound_, outbound_carried_));
  };
  renew_at_ = std::min(renew_at_, when(limit * old_share_));
  expire_at_ = std::min(dead_at_, when(limit));
}

void IpsecQuickMode::EndFlow(const IpsecMoment& moment) {
  const uint64_t inbound = inbound_.Between(flow_began_, moment.now);
  const uint64_t outbound = outbound_.Between(flow_began_, moment.now);
  IpsecLedger::AddTraffic(moment.kind, inbound, outbound, moment.ledger.ipsec);
  inbound_carried_ += inbound;
  outbound_carried_ += outbound;
  flow_began_ = kNever;
  renew_at_ = kNever;
  expire_at_ = dead_at_;
  idle_at_ = moment.now + absl::Seconds(moment.kind.idle_timeout_seconds);
}

void IpsecQuickMode::Stop(const IpsecMoment& moment, uint32_t code) {
  traffic_ = false;
  if (attempt_ == Attempt::kNegotiating) Fail(moment, code);
  attempt_ = Attempt::kNone;
  attempt_ends_ = kNever;
  if (up_) Delete(moment);
  if (replaced_up_) DeleteReplaced(moment);
}

void IpsecQuickMode::AddLiveTraffic(const IpsecPeerClass& kind, absl::Duration now,
                                    windows::IpsecStatistics1& statistics) const {
  if (!flows()) return;
  IpsecLedger::AddTraffic(kind, inbound_.Between(flow_began_, now),
                          outbound_.Between(flow_began_, now), statistics);
}

}  // namespace farstat::sources::simulated
