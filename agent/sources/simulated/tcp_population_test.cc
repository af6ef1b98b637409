#include "agent/sources/simulated/tcp_population.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "agent/sources/windows/abi_tcp.h"
#include "google/protobuf/text_format.h"
#include "tests/support/manual_clock.h"

namespace farstat::sources::simulated {
namespace {

using windows::TcpState;

constexpr TcpTime kSecond = 1'000'000;

constexpr char kChurning[] = R"(
  processes { name: "a.exe" } processes { name: "b.exe" }
  listeners { process: "a.exe" port: 80 }
  connections {
    name: "out" count: 20 processes: "a.exe" processes: "b.exe" peers: "203.0.113.0/24"
    peers: "2001:db8:9::/64" ipv6_share: 0.25 port: 443 lifetime_s: 10 peer_closes_share: 0.5
    leak_share: 0.1 reset_share: 0.1 fail_share: 0.05
  }
  connections {
    name: "in" count: 10 processes: "a.exe" peers: "198.51.100.0/24" port: 80 inbound: true
    lifetime_s: 30 steady_lifetime: true
  }
)";

// A population with what it stands on.
struct Scene {
  explicit Scene(const std::string& tcp, uint64_t seed = 1)
      : scenario(Parse(tcp)), world(scenario, seed, clock), population(scenario.tcp(), world) {}

  static Scenario Parse(const std::string& tcp) {
    Scenario scenario;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(tcp, scenario.mutable_tcp()));
    return scenario;
  }

  std::map<uint32_t, int> States() const {
    std::map<uint32_t, int> states;
    for (const bool v6 : {false, true}) {
      for (const TcpConnection* connection : population.List(v6)) ++states[connection->state];
    }
    return states;
  }

  testing::ManualClock clock;
  Scenario scenario;
  World world;
  TcpPopulation population;
};

using Seen = std::tuple<uint16_t, uint16_t, uint32_t, uint64_t, uint32_t>;

std::vector<Seen> Look(const TcpPopulation& population) {
  std::vector<Seen> seen;
  for (const bool v6 : {false, true}) {
    for (const TcpConnection* connection : population.List(v6)) {
      seen.emplace_back(connection->end_points.local_port, connection->end_points.remote_port,
                        connection->state, connection->created, connection->pid());
    }
  }
  return seen;
}

TEST(TcpPopulation, HasWhatTheScenarioSays) {
  const Scene scene(kChurning);
  EXPECT_EQ(scene.States()[TcpState::kTcpStateEstablished], 30);
  EXPECT_EQ(scene.States()[TcpState::kTcpStateListen], 2);
}

TEST(TcpPopulation, KeepsTheNumberOfOpenConnections) {
  Scene scene(kChurning);
  std::set<uint32_t> states;
  int fewest = 30;
  for (TcpTime now = 0; now < 600 * kSecond; now += kSecond / 10) {
    scene.population.AdvanceTo(now);
    for (const auto& [state, count] : scene.States()) states.insert(state);
    fewest = std::min(fewest, scene.States()[TcpState::kTcpStateEstablished]);
    ASSERT_LE(scene.States()[TcpState::kTcpStateEstablished], 30);
  }
  EXPECT_GE(fewest, 15);
  for (const TcpState state :
       {TcpState::kTcpStateListen, TcpState::kTcpStateSynSent, TcpState::kTcpStateSynReceived,
        TcpState::kTcpStateEstablished, TcpState::kTcpStateFinWait1, TcpState::kTcpStateFinWait2,
        TcpState::kTcpStateTimeWait, TcpState::kTcpStateCloseWait, TcpState::kTcpStateLastAck}) {
    EXPECT_EQ(states.count(state), 1u) << state;
  }
}

TEST(TcpPopulation, DoesNotDependOnWhoLooked) {
  Scene often(kChurning);
  Scene once(kChurning);
  for (TcpTime now = 0; now <= 900 * kSecond; now += 37'000) {
    often.population.AdvanceTo(now);
    often.population.StackTotals(false);
  }
  often.population.AdvanceTo(900 * kSecond);
  once.population.AdvanceTo(900 * kSecond);
  EXPECT_EQ(Look(often.population), Look(once.population));
  EXPECT_EQ(often.population.StackTotals(false).in_segs,
            once.population.StackTotals(false).in_segs);
  EXPECT_NE(Look(Scene(kChurning, 2).population), Look(Scene(kChurning, 1).population));
}

TEST(TcpPopulation, CountsWhatTheStackCounts) {
  Scene scene(kChurning);
  TcpStackTotals before;
  for (int i = 1; i <= 60; ++i) {
    scene.population.AdvanceTo(i * 10 * kSecond);
    const TcpStackTotals totals = scene.population.StackTotals(false);
    EXPECT_GE(totals.in_segs, before.in_segs);
    EXPECT_GE(totals.out_segs, before.out_segs);
    EXPECT_GE(totals.active_opens, before.active_opens);
    before = totals;
  }
  EXPECT_GT(before.in_segs, 0u);
  EXPECT_GT(before.active_opens, 100u);
  EXPECT_GT(before.passive_opens, 100u);
  EXPECT_GT(before.attempt_fails, 0u);
  EXPECT_GT(before.estab_resets, 0u);
}

// A leak is a connection that the application forgot: it stays, and leaks do not grow without end.
TEST(TcpPopulation, LeaksStayAndAreBounded) {
  Scene scene(kChurning);
  scene.population.AdvanceTo(7200 * kSecond);
  const int leaked = scene.States()[TcpState::kTcpStateCloseWait];
  EXPECT_GE(leaked, 20);
  EXPECT_LE(leaked, 22);  // Some close properly just now.
}

TEST(TcpPopulation, NobodyOwnsTimeWait) {
  Scene scene(kChurning);
  scene.population.AdvanceTo(100 * kSecond);
  int waiting = 0;
  for (const TcpConnection* connection : scene.population.List(false)) {
    if (connection->state != TcpState::kTcpStateTimeWait) continue;
    ++waiting;
    EXPECT_EQ(connection->pid(), 0u);
  }
  EXPECT_GT(waiting, 0);
}

TEST(TcpPopulation, GoesOnAfterAReset) {
  Scene scene(kChurning);
  scene.population.AdvanceTo(kSecond);
  TcpConnection* victim = nullptr;
  for (TcpConnection* connection : scene.population.List(false)) {
    if (connection->state == TcpState::kTcpStateEstablished) victim = connection;
  }
  ASSERT_NE(victim, nullptr);
  const TcpEndPoints end_points = victim->end_points;
  scene.population.Reset(*victim);
  EXPECT_EQ(scene.population.Find(end_points), nullptr);
  scene.population.AdvanceTo(600 * kSecond);
  EXPECT_GE(scene.States()[TcpState::kTcpStateEstablished], 25);
}

// Pitfall 6.
TEST(TcpPopulation, EndPointsAreUsedAgain) {
  Scene scene(R"(
    processes { name: "a.exe" }
    connections { name: "proxy" count: 1 processes: "a.exe" peers: "203.0.113.7" port: 443
                  lifetime_s: 5 steady_lifetime: true reuse_share: 1 }
  )");
  const std::vector<Seen> first = Look(scene.population);
  ASSERT_EQ(first.size(), 1u);
  scene.population.AdvanceTo(6 * kSecond);
  const std::vector<Seen> second = Look(scene.population);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(std::get<0>(first[0]), std::get<0>(second[0]));
  EXPECT_LT(std::get<3>(first[0]), std::get<3>(second[0]));
}

TEST(TcpPopulation, GrowthDoesNotChangeWhatFollows) {
  Scene grown(kChurning);
  Scene plain(kChurning);
  grown.population.Grow(true, 7);
  EXPECT_EQ(grown.population.List(true).size(), plain.population.List(true).size() + 7);
  grown.population.AdvanceTo(60 * kSecond);
  plain.population.AdvanceTo(60 * kSecond);
  std::vector<Seen> with = Look(grown.population);
  std::vector<Seen> without = Look(plain.population);
  std::sort(with.begin(), with.end());
  std::sort(without.begin(), without.end());
  EXPECT_TRUE(std::includes(with.begin(), with.end(), without.begin(), without.end()));
}

TEST(TcpPopulation, AddressesComeFromTheNets) {
  const Scene scene(kChurning);
  for (const TcpConnection* connection : scene.population.List(false)) {
    if (connection->state == TcpState::kTcpStateListen) continue;
    const std::array<uint8_t, 16>& peer = connection->end_points.remote.bytes;
    EXPECT_TRUE((peer[0] == 203 && peer[2] == 113) || (peer[0] == 198 && peer[2] == 100));
    EXPECT_NE(peer[3], 0);
    EXPECT_NE(peer[3], 255);
  }
}

}  // namespace
}  // namespace farstat::sources::simulated
