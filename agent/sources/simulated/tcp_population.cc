#include "agent/sources/simulated/tcp_population.h"

#include <algorithm>
#include <utility>

#include "agent/sources/windows/abi_tcp.h"

namespace farstat::sources::simulated {
namespace {

using windows::TcpState;

constexpr TcpTime kSecond = 1'000'000;
// How long connections without an end have been there when the simulation begins, at most; and for
// how long of that data has flowed.
constexpr double kOldestS = 7 * 3600;
constexpr TcpTime kFlowBefore = 60 * kSecond;
// Waits of closing and failing connections.
constexpr double kTimeWaitS = 120;
constexpr double kCloseWaitS = 0.2;
constexpr double kFinWait2S = 0.5;
constexpr double kFailS = 21;
constexpr double kPauseS = 0.05;
constexpr double kNoPortPauseS = 1;
constexpr int kPortTries = 100;
constexpr uint32_t kFirstDynamicPort = 49152;

TcpTime Micro(double seconds) { return static_cast<TcpTime>(seconds * 1e6); }

// Later than never is never.
TcpTime After(TcpTime time, double seconds) {
  return seconds >= 1e12 ? kTcpNever : time + Micro(seconds);
}

TcpAddress AddressOr(const std::string& text, const char* fallback) {
  const absl::optional<TcpNet> net = ParseTcpNet(text.empty() ? fallback : text);
  return net ? net->address : TcpAddress();
}

}  // namespace

uint32_t TcpConnection::pid() const {
  return process == nullptr || state == TcpState::kTcpStateTimeWait ? 0 : process->pid;
}

TcpPopulation::TcpPopulation(const TcpScenario& scenario, const World& world)
    : world_(world), processes_(scenario, TcpChance(world.Chance("tcp processes")())) {
  for (const std::string& text : scenario.local_addresses()) {
    const TcpAddress address = AddressOr(text, "");
    local_[address.v6 ? 1 : 0].push_back(address);
  }
  if (local_[0].empty()) local_[0].push_back(AddressOr("", "192.168.1.20"));
  if (local_[1].empty()) local_[1].push_back(AddressOr("", "2001:db8:1::20"));
  for (const TcpListener& listener : scenario.listeners()) Listen(listener);
  TcpChance chance(world.Chance("tcp connections")());
  for (const TcpConnectionClass& config : scenario.connections()) {
    classes_.push_back(
        std::make_unique<TcpClass>(MakeTcpClass(scenario, config, processes_, chance.Bits())));
    Opening opening;
    opening.initially = true;
    for (uint32_t i = 0; i < config.count(); ++i) Open(*classes_.back(), opening);
  }
}

void TcpPopulation::Listen(const TcpListener& listener) {
  if (!listener.address().empty()) {
    AddListener(listener, AddressOr(listener.address(), ""));
    return;
  }
  AddListener(listener, AddressOr("", "0.0.0.0"));
  AddListener(listener, AddressOr("", "::"));
}

void TcpPopulation::AddListener(const TcpListener& listener, const TcpAddress& address) {
  auto socket = std::make_unique<TcpConnection>();
  socket->seed = Mixed(listener.port() + 1);
  socket->end_points.local = address;
  socket->end_points.remote.v6 = address.v6;
  socket->end_points.local_port = static_cast<uint16_t>(listener.port());
  socket->process = processes_.Find(listener.process());
  socket->created = world_.FileTimeAt(absl::Microseconds(-Micro(kOldestS)));
  socket->stages = {{TcpState::kTcpStateListen, kTcpNever}};
  EnterStage(Add(std::move(socket)));
}

void TcpPopulation::Open(TcpClass& kind, const Opening& opening) {
  // What grows in between has numbers of its own, so that it does not change what follows.
  constexpr uint64_t kGrown = uint64_t{1} << 40;
  const uint64_t number = opening.followed ? kind.opened++ : kGrown + kind.grown++;
  TcpChance chance(Mixed(kind.seed + number * 0x9E3779B97F4A7C15u));
  auto made = std::make_unique<TcpConnection>();
  made->seed = chance.Bits();
  made->kind = &kind;
  const bool v6 = chance.Happens(kind.config->ipv6_share());
  if (opening.end_points) {
    made->end_points = *opening.end_points;
  } else if (!DrawEndPoints(kind, opening.v6.value_or(v6), chance, made->end_points)) {
    if (opening.followed) OpenLater(kind, kNoPortPauseS);
    return;
  }
  if (!kind.processes.empty()) made->process = kind.processes[chance.Index(kind.processes.size())];
  made->plain_peer = chance.Happens(kind.config->plain_peer_share());
  made->followed = opening.followed;
  made->reused = chance.Happens(kind.config->reuse_share());
  DrawFate(*made, kind, opening.initially, chance);
  if (TcpConnection* const before = Find(made->end_points)) Remove(*before);
  EnterStage(Add(std::move(made)));
}

// False: no address of that IP version, or all ports that were tried are in use.
bool TcpPopulation::DrawEndPoints(const TcpClass& kind, bool v6, TcpChance& chance,
                                  TcpEndPoints& end_points) const {
  const std::vector<TcpNet>& peers = kind.peers[v6 ? 1 : 0];
  const std::vector<TcpAddress>& local = local_[v6 ? 1 : 0];
  if (peers.empty()) return false;
  const auto port = static_cast<uint16_t>(kind.config->port());
  for (int i = 0; i < kPortTries; ++i) {
    const auto drawn =
        static_cast<uint16_t>(kFirstDynamicPort + chance.Index(size_t{65536} - kFirstDynamicPort));
    end_points.local = local[chance.Index(local.size())];
    end_points.remote = peers[chance.Index(peers.size())].Draw(chance);
    end_points.local_port = kind.config->inbound() ? port : drawn;
    end_points.remote_port = kind.config->inbound() ? drawn : port;
    if (Find(end_points) == nullptr) return true;
  }
  return false;
}

void TcpPopulation::DrawFate(TcpConnection& connection, TcpClass& kind, bool initially,
                             TcpChance& chance) {
  const TcpConnectionClass& config = *kind.config;
  const bool v6 = connection.end_points.local.v6;
  const double mean = config.lifetime_s();
  double age = 0;
  double left = mean <= 0 ? 1e15 : config.steady_lifetime() ? mean : chance.Exponential(mean);
  if (initially) {
    age = mean <= 0                  ? chance.Between(0, kOldestS)
          : config.steady_lifetime() ? chance.Between(0, mean)
                                     : chance.Exponential(mean);
    if (config.steady_lifetime()) left = mean - age;
  }
  const TcpTime created = now_ - Micro(age);
  connection.created = world_.FileTimeAt(absl::Microseconds(created));
  if (!initially && !config.inbound() && chance.Happens(config.fail_share())) {
    connection.established = connection.closed = kTcpNever;
    connection.stages = {{TcpState::kTcpStateSynSent, After(now_, kFailS)}};
    return;
  }
  const double rtt = kind.flow[v6 ? 1 : 0].rtt;
  connection.established = initially ? std::max(created, now_ - kFlowBefore) : After(now_, rtt);
  connection.closed = After(initially ? now_ : connection.established, left);
  if (!initially) {
    const TcpState opening =
        config.inbound() ? TcpState::kTcpStateSynReceived : TcpState::kTcpStateSynSent;
    connection.stages.push_back({opening, connection.established});
  }
  connection.stages.push_back({TcpState::kTcpStateEstablished, connection.closed});
  if (connection.closed != kTcpNever) DrawEnd(connection, kind, chance);
}

// The stages from when the first end closes. None: a reset.
void TcpPopulation::DrawEnd(TcpConnection& connection, TcpClass& kind, TcpChance& chance) {
  const TcpConnectionClass& config = *kind.config;
  const double rtt = kind.flow[connection.end_points.local.v6 ? 1 : 0].rtt;
  TcpTime time = connection.closed;
  const auto stay = [&](TcpState state, double seconds) {
    time = After(time, seconds);
    connection.stages.push_back({state, time});
  };
  if (chance.Happens(config.reset_share())) return;
  if (!chance.Happens(config.peer_closes_share())) {
    stay(TcpState::kTcpStateFinWait1, rtt);
    stay(TcpState::kTcpStateFinWait2, chance.Exponential(kFinWait2S));
    stay(TcpState::kTcpStateTimeWait, kTimeWaitS);
    return;
  }
  if (chance.Happens(config.leak_share()) && kind.leaks < config.count()) {
    ++kind.leaks;
    connection.stages.push_back({TcpState::kTcpStateCloseWait, kTcpNever});
    return;
  }
  stay(TcpState::kTcpStateCloseWait, chance.Exponential(kCloseWaitS));
  stay(TcpState::kTcpStateLastAck, rtt);
}

TcpConnection& TcpPopulation::Add(std::unique_ptr<TcpConnection> connection) {
  TcpConnection& added = *connection;
  std::vector<TcpConnection*>& list = list_[added.end_points.local.v6 ? 1 : 0];
  added.place = list.size();
  list.push_back(&added);
  if (added.kind != nullptr) by_end_points_[added.end_points] = &added;
  all_[&added] = std::move(connection);
  return added;
}

void TcpPopulation::Remove(TcpConnection& connection) {
  std::vector<TcpConnection*>& list = list_[connection.end_points.local.v6 ? 1 : 0];
  list[connection.place] = list.back();
  list[connection.place]->place = connection.place;
  list.pop_back();
  by_end_points_.erase(connection.end_points);
  all_.erase(&connection);
}

void TcpPopulation::EnterStage(TcpConnection& connection) {
  const TcpConnection::Stage& stage = connection.stages[connection.stage];
  connection.state = stage.state;
  if (connection.kind != nullptr && stage.state == TcpState::kTcpStateEstablished) {
    Traffic& traffic = TrafficOf(connection);
    traffic.Change(now_, connection.kind->rates[connection.end_points.local.v6 ? 1 : 0], 1);
    ++(connection.kind->config->inbound() ? traffic.totals.passive_opens
                                          : traffic.totals.active_opens);
  }
  if (stage.end == kTcpNever) return;
  events_.push({stage.end, next_order_++, &connection, nullptr, connection.seed, connection.stage});
}

void TcpPopulation::EndStage(TcpConnection& connection) {
  const bool last = connection.stage + 1 == connection.stages.size();
  TcpStackTotals& totals = TrafficOf(connection).totals;
  if (connection.state == TcpState::kTcpStateEstablished) {
    TrafficOf(connection)
        .Change(now_, connection.kind->rates[connection.end_points.local.v6 ? 1 : 0], -1);
    if (last) {
      ++totals.estab_resets;
      totals.out_rsts += connection.seed % 2;
    }
    Follow(connection);
  } else if (connection.state == TcpState::kTcpStateSynSent && last) {
    ++totals.attempt_fails;
    Follow(connection);
  }
  if (last) {
    Remove(connection);
    return;
  }
  ++connection.stage;
  EnterStage(connection);
}

// The next of the class, if there is to be one.
void TcpPopulation::Follow(const TcpConnection& connection) {
  if (!connection.followed) return;
  if (connection.reused) {
    reused_[next_order_] = connection.end_points;
    OpenLater(*connection.kind, 0);
    return;
  }
  TcpChance chance(~connection.seed);
  OpenLater(*connection.kind, chance.Exponential(kPauseS));
}

void TcpPopulation::OpenLater(TcpClass& kind, double seconds) {
  events_.push({After(now_, seconds), next_order_++, nullptr, &kind, 0, 0});
}

void TcpPopulation::Handle(const Event& event) {
  if (event.connection == nullptr) {
    Opening opening;
    if (const auto it = reused_.find(event.order); it != reused_.end()) {
      opening.end_points = it->second;
      reused_.erase(it);
    }
    Open(*event.kind, opening);
    return;
  }
  const auto it = all_.find(event.connection);
  const bool there = it != all_.end() && it->second->seed == event.seed;
  if (!there || it->second->stage != event.stage) return;
  EndStage(*it->second);
}

void TcpPopulation::AdvanceTo(TcpTime now) {
  while (!events_.empty() && events_.top().time <= now) {
    const Event event = events_.top();
    events_.pop();
    now_ = event.time;
    Handle(event);
  }
  now_ = std::max(now_, now);
}

TcpConnection* TcpPopulation::Find(const TcpEndPoints& end_points) const {
  const auto it = by_end_points_.find(end_points);
  return it == by_end_points_.end() ? nullptr : it->second;
}

void TcpPopulation::Grow(bool v6, uint32_t count) {
  Opening opening;
  opening.followed = false;
  opening.v6 = v6;
  for (const std::unique_ptr<TcpClass>& kind : classes_) {
    if (kind->peers[v6 ? 1 : 0].empty()) continue;
    for (uint32_t i = 0; i < count; ++i) Open(*kind, opening);
    return;
  }
}

void TcpPopulation::Reset(TcpConnection& connection) {
  connection.stages.resize(connection.stage + 1);
  EndStage(connection);
}

std::array<double, 4> TcpPopulation::Traffic::SegmentsAt(TcpTime now) const {
  const double seconds = static_cast<double>(now - since) / 1e6;
  return {segments[0] + rates.in * seconds, segments[1] + rates.out * seconds,
          segments[2] + rates.retransmitted * seconds, segments[3] + rates.damaged * seconds};
}

void TcpPopulation::Traffic::Change(TcpTime now, const TcpSegmentRates& by, double sign) {
  segments = SegmentsAt(now);
  since = now;
  rates.in += sign * by.in;
  rates.out += sign * by.out;
  rates.retransmitted += sign * by.retransmitted;
  rates.damaged += sign * by.damaged;
}

TcpStackTotals TcpPopulation::StackTotals(bool v6) const {
  const Traffic& traffic = traffic_[v6 ? 1 : 0];
  const std::array<double, 4> segments = traffic.SegmentsAt(now_);
  const auto whole = [](double value) { return static_cast<uint64_t>(std::max(value, 0.0)); };
  TcpStackTotals totals = traffic.totals;
  totals.in_segs = whole(segments[0]);
  totals.out_segs = whole(segments[1]);
  totals.retrans_segs = whole(segments[2]);
  totals.in_errs = whole(segments[3]);
  return totals;
}

}  // namespace farstat::sources::simulated
