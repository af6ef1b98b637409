// One connection of the scenario over time: when it is dialled, connected and dropped, which of its
// links are up, and what it has carried. All of that follows from the seed and the time: who looks
// at it, and how often, changes nothing.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_RAS_LINE_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_RAS_LINE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "agent/sources/simulated/ras_scenario.pb.h"

namespace farstat::sources::simulated {

// The members of RAS_STATS that count, in their order, except the time, as they would be if they
// had 64 bits and nobody cleared them.
using RasTraffic = std::array<uint64_t, 10>;

class RasLine {
 public:
  static constexpr int kMaxLinks = 16;

  // From dialling until it is gone from the list.
  struct Session {
    uint64_t number = 0;
    absl::Duration dialled_at;
    absl::Duration connected_at;
    absl::Duration dropped_at;
    absl::Duration gone_at;
  };
  enum class LinkState { kDown, kDialling, kUp };
  struct Link {
    LinkState state;
    // When it was dialled or came up, and a number that is another one each time.
    absl::Duration since;
    uint64_t number;
  };
  // What programs can be notified of.
  struct Condition {
    bool listed = false;
    uint64_t session = 0;
    uint32_t links_up = 0;
    uint32_t sub_state = 0;  // windows::RasConnectionSubState
  };

  // `number` of `config.count()`, counted from 1. `config` must outlive it.
  RasLine(const RasConnections& config, int number, uint64_t seed);

  const RasConnections& config() const { return config_; }
  RasKind kind() const;
  int number() const { return number_; }
  int links() const { return links_; }
  std::string entry_name() const;
  // A number that depends on nothing but the line and the purpose.
  uint64_t Draw(uint64_t purpose) const;

  // The simulation begins, or the service was started at this time.
  void BeginSimulation();
  void ServiceStarted(absl::Duration at);
  // Goes on to the session of this time. Times never go back.
  void AdvanceTo(absl::Duration now);

  const Session& session() const { return session_; }
  bool Listed(absl::Duration now) const;
  Condition ConditionAt(absl::Duration now) const;
  // When its condition, or its next session, may change; after `now`.
  absl::Duration NextChange(absl::Duration now) const;

  // Links are counted from 1.
  Link LinkAt(int link, absl::Duration now) const;
  uint32_t SubStateAt(absl::Duration now) const;

  // Since the session was connected, or since the link came up.
  RasTraffic TrafficAt(absl::Duration now) const;
  RasTraffic LinkTrafficAt(int link, absl::Duration now) const;

  double link_speed_bps() const;

 private:
  // When a link is up: again and again, in a time that begins when the session is connected.
  struct Cycle {
    double up_s = 0;  // 0: always.
    double down_s = 0;
    double dial_s = 0;
    double phase_s = 0;

    double period() const { return up_s + down_s; }
    // How long it has been up until then, of a time that begins with a cycle.
    double UpTime(double time) const;
  };

  double Random(uint64_t purpose) const;
  absl::Duration About(double seconds, uint64_t purpose) const;
  void Connect(absl::Duration at);
  Cycle CycleOf(int link) const;
  // Seconds since the session was connected.
  double SecondsIn(absl::Duration now) const;
  // Without those in which the network was lost.
  double AwakeSeconds(absl::Duration now) const;
  RasTraffic Carried(int link, double up_seconds) const;
  double Bytes(double rate, uint64_t purpose, double up_seconds) const;

  const RasConnections& config_;
  const int number_;
  const uint64_t seed_;
  const int links_;
  Session session_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_RAS_LINE_H_
