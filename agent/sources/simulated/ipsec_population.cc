#include "agent/sources/simulated/ipsec_population.h"

#include <algorithm>

#include "agent/sources/windows/api.h"

namespace farstat::sources::simulated {
namespace {

// ERROR_IPSEC_IKE_SA_REAPED and ERROR_IPSEC_IKE_SHUTTING_DOWN: how negotiations end when the filter
// engine stops, and when IKE does.
constexpr uint32_t kSaReaped = 13808;
constexpr uint32_t kShuttingDown = 13891;
// Negotiations that IKE works on at the same time; others queue up.
constexpr uint32_t kIkeWorkers = 8;
// What goes on at a rate swings by half, in ten minutes.
constexpr double kSwing = 0.5;
constexpr absl::Duration kPeriod = absl::Minutes(10);

// When a service stopped or started in the span after `begin` until `end`, and maybe some times
// more.
std::vector<absl::Duration> ServiceChanges(const World& world, absl::Duration begin,
                                           absl::Duration end) {
  std::vector<absl::Duration> changes;
  for (const char* service : {windows::kFilterEngineService, windows::kIkeService}) {
    absl::Duration time = world.ServiceStateSince(service, end);
    while (time > begin) {
      changes.push_back(time);
      time = world.ServiceStateSince(service, time - absl::Nanoseconds(1));
    }
  }
  std::sort(changes.begin(), changes.end());
  return changes;
}

}  // namespace

IpsecPopulation::IpsecPopulation(const FilterEngineScenario& scenario, const World& world)
    : scenario_(scenario), world_(world) {
  const uint64_t seed = world.Chance("filter engine")();
  for (const IpsecPeers& peers : scenario.peers()) {
    classes_.emplace_back(peers, static_cast<uint32_t>(classes_.size()));
    AddPeers(classes_.back(), seed);
  }
  StartCounters();
}

void IpsecPopulation::AddPeers(const IpsecPeerClass& kind, uint64_t seed) {
  for (uint32_t number = 0; number < kind.scenario.count(); ++number) {
    peers_.emplace_back(kind, number, static_cast<uint32_t>(peers_.size()), seed);
  }
}

void IpsecPopulation::StartCounters() {
  const uint32_t start = scenario_.counters_start();
  ledger_.StartIpsec(start);
  ledger_.StartIke(start);
  // Only errors that occur here have occurred before.
  for (const IpsecPeerClass& kind : classes_) {
    for (const auto* failures :
         {&kind.scenario.main_mode_failures(), &kind.scenario.quick_mode_failures(),
          &kind.scenario.extended_mode_failures()}) {
      for (const IkeFailure& failure : *failures) {
        uint32_t* frequency = ledger_.ErrorFrequencyOf(kind, failure.code());
        if (frequency != nullptr) *frequency = start;
      }
    }
  }
}

void IpsecPopulation::AdvanceTo(absl::Duration time) {
  if (time <= time_) return;
  for (const absl::Duration change : ServiceChanges(world_, time_, time)) {
    AdvancePeersTo(change);
    FollowServices(change);
  }
  AdvancePeersTo(time);
  time_ = time;
}

void IpsecPopulation::AdvancePeersTo(absl::Duration time) {
  for (IpsecPeer& peer : peers_) peer.AdvanceTo(time, ledger_);
}

void IpsecPopulation::FollowServices(absl::Duration time) {
  const bool ran = filter_engine_runs_ && ike_runs_;
  const bool filter_engine_ran = filter_engine_runs_;
  const bool ike_ran = ike_runs_;
  filter_engine_runs_ = world_.ServiceRuns(windows::kFilterEngineService, time);
  ike_runs_ = world_.ServiceRuns(windows::kIkeService, time);
  const bool run = filter_engine_runs_ && ike_runs_;

  if (ran && !run) StopPeers(time, ike_runs_ ? kSaReaped : kShuttingDown);
  if (filter_engine_runs_ && !filter_engine_ran) {
    ledger_.StartIpsec(0);
    filter_engine_since_ = time;
  }
  if (ike_runs_ && !ike_ran) {
    ledger_.StartIke(0);
    ike_since_ = time;
  }
  if (run && !ran) {
    for (IpsecPeer& peer : peers_) peer.Resume(time);
  }
}

void IpsecPopulation::StopPeers(absl::Duration time, uint32_t code) {
  for (IpsecPeer& peer : peers_) peer.Stop(time, code, ledger_);
}

uint32_t IpsecPopulation::CountAt(double per_second, absl::Duration since) const {
  return static_cast<uint32_t>(IpsecRate(per_second, kSwing, kPeriod, 0).Between(since, time_));
}

void IpsecPopulation::AddDrops(windows::IpsecStatistics1& statistics) const {
  const auto count = [&](double per_second) { return CountAt(per_second, filter_engine_since_); };
  const IpsecDrops& drops = scenario_.drops();
  windows::IpsecEspDropStatistics& esp = statistics.esp_drop_packet_statistics;
  esp.invalid_spis_on_inbound += count(drops.esp_invalid_spi_per_s());
  esp.decryption_failures_on_inbound += count(drops.esp_decryption_failure_per_s());
  esp.authentication_failures_on_inbound += count(drops.esp_authentication_failure_per_s());
  esp.replay_check_failures_on_inbound += count(drops.esp_replay_per_s());
  esp.sa_not_initialized_on_inbound += count(drops.esp_sa_not_initialized_per_s());
  windows::IpsecAhDropStatistics& ah = statistics.ah_drop_packet_statistics;
  ah.invalid_spis_on_inbound += count(drops.ah_invalid_spi_per_s());
  ah.authentication_failures_on_inbound += count(drops.ah_authentication_failure_per_s());
  ah.replay_check_failures_on_inbound += count(drops.ah_replay_per_s());
  ah.sa_not_initialized_on_inbound += count(drops.ah_sa_not_initialized_per_s());

  windows::IpsecAggregateDropStatistics1& all = statistics.aggregate_drop_packet_statistics;
  all.invalid_spis_on_inbound = esp.invalid_spis_on_inbound + ah.invalid_spis_on_inbound;
  all.decryption_failures_on_inbound = esp.decryption_failures_on_inbound;
  all.authentication_failures_on_inbound =
      esp.authentication_failures_on_inbound + ah.authentication_failures_on_inbound;
  all.udp_esp_validation_failures_on_inbound += count(drops.udp_esp_validation_failure_per_s());
  all.replay_check_failures_on_inbound =
      esp.replay_check_failures_on_inbound + ah.replay_check_failures_on_inbound;
  all.invalid_clear_text_inbound += count(drops.clear_text_per_s());
  all.sa_not_initialized_on_inbound =
      esp.sa_not_initialized_on_inbound + ah.sa_not_initialized_on_inbound;
  all.receive_over_incorrect_sa_inbound += count(drops.incorrect_sa_per_s());
  all.secure_receives_not_matching_filters += count(drops.no_matching_filter_per_s());
  all.total_drop_packets_inbound =
      all.invalid_spis_on_inbound + all.decryption_failures_on_inbound +
      all.authentication_failures_on_inbound + all.udp_esp_validation_failures_on_inbound +
      all.replay_check_failures_on_inbound + all.invalid_clear_text_inbound +
      all.sa_not_initialized_on_inbound + all.receive_over_incorrect_sa_inbound +
      all.secure_receives_not_matching_filters;
}

windows::IpsecStatistics1 IpsecPopulation::IpsecStatistics() const {
  windows::IpsecStatistics1 statistics = ledger_.ipsec;
  AddDrops(statistics);
  for (const IpsecPeer& peer : peers_) {
    for (const IpsecQuickMode& quick_mode : peer.quick_modes()) {
      quick_mode.AddLiveTraffic(peer.kind(), time_, statistics);
      if (quick_mode.negotiates()) ++statistics.aggregate_sa_statistics.pending_sa_negotiations;
    }
  }
  return statistics;
}

void IpsecPopulation::AddDisturbances(windows::IkeCommonStatistics& common) const {
  const auto count = [&](double per_second) { return CountAt(per_second, ike_since_); };
  const IkeDisturbances& disturbances = scenario_.ike_disturbances();
  const uint32_t invalid = count(disturbances.invalid_packets_per_s());
  common.total_packets_received += invalid;
  common.total_invalid_packets_received += invalid;
  common.v4_statistics.total_socket_receive_failures +=
      count(disturbances.ipv4_receive_failures_per_s());
  common.v4_statistics.total_socket_send_failures += count(disturbances.ipv4_send_failures_per_s());
  common.v6_statistics.total_socket_receive_failures +=
      count(disturbances.ipv6_receive_failures_per_s());
  common.v6_statistics.total_socket_send_failures += count(disturbances.ipv6_send_failures_per_s());
}

windows::IkeStatistics1 IpsecPopulation::IkeStatistics() const {
  IpsecLedger ledger = ledger_;
  AddDisturbances(ledger.ike.common_statistics);
  uint32_t negotiations = 0;
  for (const IpsecPeer& peer : peers_) {
    if (peer.main_mode().new_responder(time_)) {
      ++ledger.IkeOf(peer.kind()).current_new_responder_main_modes;
    }
    if (peer.main_mode().negotiates()) ++negotiations;
  }
  ledger.ike.common_statistics.current_queued_workitems =
      negotiations > kIkeWorkers ? negotiations - kIkeWorkers : 0;

  windows::IkeKeyModuleStatistics* const modules[] = {
      &ledger.ike.ike_statistics, &ledger.ike.authip_statistics, &ledger.ike.ike_v2_statistics};
  for (size_t i = 0; i < ledger.times.size(); ++i) {
    modules[i]->main_mode_negotiation_time = ledger.times[i].main_mode.milliseconds();
    modules[i]->quick_mode_negotiation_time = ledger.times[i].quick_mode.milliseconds();
    modules[i]->extended_mode_negotiation_time = ledger.times[i].extended_mode.milliseconds();
  }
  return ledger.ike;
}

}  // namespace farstat::sources::simulated
