// The RAS of a simulated host: connections that dial, pass traffic and drop, behind the entries of
// the table of calls.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_RAS_MODEL_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_RAS_MODEL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "agent/sources/simulated/ras_line.h"
#include "agent/sources/simulated/ras_scenario.pb.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/api.h"

namespace farstat::sources::simulated {

// OK, or a line for each thing in the scenario that cannot be meant.
absl::Status CheckRasScenario(const RasScenario& scenario);

class RasModel {
 public:
  // Both must outlive it. `scenario` has been checked.
  RasModel(const RasScenario& scenario, World& world);
  ~RasModel();

  // Fills the family's entries of the table of calls. The model must outlive them.
  void Fill(windows::Api& api);

  // For tests: what the connection with this handle has carried since it was made, or its link
  // since it came up, in 64 bits and regardless of clearings. Absent: there is none now.
  absl::optional<RasTraffic> TrafficOf(windows::Handle connection, uint32_t link);

 private:
  // A connection, or one of its links, that a handle stands for.
  struct Target {
    RasLine* line;
    uint32_t index;
    int link;  // 0: the connection.
    absl::Duration now;
  };
  // From where counters count: they were cleared.
  struct Cleared {
    uint64_t link_number;
    RasTraffic traffic;
    absl::Duration at;
  };
  struct Registration {
    windows::Handle connection;
    windows::Handle event;
    uint32_t flags;
  };
  // When to look at which line; the earliest first.
  using Due = std::pair<absl::Duration, uint32_t>;

  windows::Handle HandleOf(uint32_t index, int link) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  // What a handle stands for now; absent: nothing any more.
  absl::optional<Target> Find(windows::Handle handle, absl::Duration now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);

  // Does what has happened until now, and tells when something will happen next.
  absl::Duration Advance(absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  void FollowService(absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  void AdvanceLine(uint32_t index, absl::Duration at) ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  void Plan(uint32_t index, absl::Duration now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  void SignalChange(const RasLine::Condition& before, const RasLine::Condition& after,
                    windows::Handle connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);

  // Every call begins with one of these. They bring the model to the time of the call and return
  // what it is about, or nothing and what the call returns.
  bool Reach(absl::Duration& now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  absl::optional<Target> Reach(windows::Handle handle, uint32_t& code)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);

  uint32_t List(windows::RasConnection* rows, uint32_t* bytes, uint32_t* count, absl::Duration now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  windows::RasStats StatsOf(const Target& target) ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  void Clear(const Target& target) ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  void ClearOne(const Target& target) ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  // A link that is up or being dialled.
  absl::optional<Target> ReachLink(windows::Handle connection, uint32_t link, uint32_t& code)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);

  void FillLists(windows::Api& api);
  void FillCounters(windows::Api& api);
  void FillProjections(windows::Api& api);
  void FillNotifications(windows::Api& api);

  const RasScenario& scenario_;
  World& world_;

  std::vector<std::unique_ptr<RasLine>> lines_ ABSL_GUARDED_BY(world_.mutex);
  // What was last signalled of each line.
  std::vector<RasLine::Condition> conditions_ ABSL_GUARDED_BY(world_.mutex);
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_ ABSL_GUARDED_BY(world_.mutex);
  bool running_ ABSL_GUARDED_BY(world_.mutex);
  // Since when the service runs, or does not.
  absl::Duration service_since_ ABSL_GUARDED_BY(world_.mutex);
  // By handle.
  std::map<windows::Handle, Cleared> cleared_ ABSL_GUARDED_BY(world_.mutex);
  std::vector<Registration> registrations_ ABSL_GUARDED_BY(world_.mutex);
  // Connections that are not listed yet: RasListGrowth.
  uint32_t missing_ ABSL_GUARDED_BY(world_.mutex);
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_RAS_MODEL_H_
