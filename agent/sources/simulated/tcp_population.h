// The sockets of a simulated host: which there are at a time, and in which state.
//
// Every class keeps its number of open connections; each of them has its fate (how long it stays
// open, who closes it) from when it is opened. What happens is handled in the order of time, when
// somebody asks; when that is makes no difference.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_TCP_POPULATION_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_TCP_POPULATION_H_

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/optional.h"
#include "agent/sources/simulated/tcp_address.h"
#include "agent/sources/simulated/tcp_chance.h"
#include "agent/sources/simulated/tcp_class.h"
#include "agent/sources/simulated/tcp_collection.h"
#include "agent/sources/simulated/tcp_processes.h"
#include "agent/sources/simulated/tcp_scenario.pb.h"
#include "agent/sources/simulated/world.h"

namespace farstat::sources::simulated {

inline constexpr TcpTime kTcpNever = std::numeric_limits<TcpTime>::max();

// A socket in LISTEN or a connection.
struct TcpConnection {
  // Different for every connection of the host.
  uint64_t seed;
  TcpEndPoints end_points;
  TcpClass* kind;                  // Null: it listens.
  const TcpProcessEntry* process;  // Null: nobody's.
  uint64_t created;                // FILETIME of the bind.
  uint32_t state;                  // MIB_TCP_STATE
  bool plain_peer;
  // When data can flow.
  TcpTime established;
  TcpTime closed;
  // The states that it goes through, and until when each lasts.
  struct Stage {
    uint32_t state;
    TcpTime end;
  };
  std::vector<Stage> stages;
  size_t stage = 0;
  // Whether another is opened when it closes, and whether that has its end points.
  bool followed;
  bool reused;
  // Where it is in the list of its IP version.
  size_t place;
  // Made when somebody looks at its EStats for the first time.
  std::unique_ptr<TcpCollection> collection;

  // Process id as Windows shows it: nobody's in TIME_WAIT.
  uint32_t pid() const;
};

// Totals of the stack, for one IP version.
struct TcpStackTotals {
  uint64_t active_opens = 0;
  uint64_t passive_opens = 0;
  uint64_t attempt_fails = 0;
  uint64_t estab_resets = 0;
  uint64_t out_rsts = 0;
  uint64_t in_segs = 0;
  uint64_t out_segs = 0;
  uint64_t retrans_segs = 0;
  uint64_t in_errs = 0;
};

class TcpPopulation {
 public:
  TcpPopulation(const TcpScenario& scenario, const World& world);

  void AdvanceTo(TcpTime now);

  // In no order; valid until time goes on.
  const std::vector<TcpConnection*>& List(bool v6) const { return list_[v6 ? 1 : 0]; }
  // Null: there is none. Listening sockets are not found.
  TcpConnection* Find(const TcpEndPoints& end_points) const;
  const TcpProcesses& processes() const { return processes_; }
  TcpStackTotals StackTotals(bool v6) const;

  // Opens connections of the first class that has this IP version; nothing follows them.
  void Grow(bool v6, uint32_t count);
  // Resets a connection. Another is opened in its place as usual.
  void Reset(TcpConnection& connection);

 private:
  // Something that happens at a time: a stage of a connection ends, or one is opened.
  struct Event {
    TcpTime time;
    uint64_t order;  // Among those of the same time.
    // Null: one of this class is opened.
    TcpConnection* connection;
    TcpClass* kind;
    // By these it is seen that the connection is not there any more, or in another stage.
    uint64_t seed;
    size_t stage;

    bool operator>(const Event& other) const {
      return time != other.time ? time > other.time : order > other.order;
    }
  };
  // Segments are counted by what the connections are expected to send, so that nobody has to follow
  // flows that are not looked at.
  struct Traffic {
    TcpStackTotals totals;
    TcpSegmentRates rates;
    std::array<double, 4> segments = {};
    TcpTime since = 0;

    std::array<double, 4> SegmentsAt(TcpTime now) const;
    void Change(TcpTime now, const TcpSegmentRates& by, double sign);
  };

  // How a connection comes about.
  struct Opening {
    // It was there before the simulation began.
    bool initially = false;
    // Another is opened when it closes.
    bool followed = true;
    // These end points; otherwise they are drawn, of this IP version if it is given.
    absl::optional<TcpEndPoints> end_points;
    absl::optional<bool> v6;
  };

  void Listen(const TcpListener& listener);
  void AddListener(const TcpListener& listener, const TcpAddress& address);
  void Open(TcpClass& kind, const Opening& opening);
  bool DrawEndPoints(const TcpClass& kind, bool v6, TcpChance& chance,
                     TcpEndPoints& end_points) const;
  void DrawFate(TcpConnection& connection, TcpClass& kind, bool initially, TcpChance& chance);
  void DrawEnd(TcpConnection& connection, TcpClass& kind, TcpChance& chance);
  TcpConnection& Add(std::unique_ptr<TcpConnection> connection);
  void Remove(TcpConnection& connection);
  void EndStage(TcpConnection& connection);
  void EnterStage(TcpConnection& connection);
  void Follow(const TcpConnection& connection);
  void OpenLater(TcpClass& kind, double seconds);
  void Handle(const Event& event);
  Traffic& TrafficOf(const TcpConnection& connection) {
    return traffic_[connection.end_points.local.v6 ? 1 : 0];
  }

  const World& world_;
  TcpProcesses processes_;
  std::array<std::vector<TcpAddress>, 2> local_;
  std::vector<std::unique_ptr<TcpClass>> classes_;
  TcpTime now_ = 0;
  uint64_t next_order_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  // The end points of those that are opened with given ones, by the event's order.
  absl::flat_hash_map<uint64_t, TcpEndPoints> reused_;
  // Sockets in LISTEN are only in the lists.
  absl::flat_hash_map<TcpEndPoints, TcpConnection*, TcpEndPointsHash> by_end_points_;
  absl::flat_hash_map<const TcpConnection*, std::unique_ptr<TcpConnection>> all_;
  std::array<std::vector<TcpConnection*>, 2> list_;
  std::array<Traffic, 2> traffic_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_TCP_POPULATION_H_
