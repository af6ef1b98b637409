// A simulated Windows host: a little model of one that stands behind the same table of calls as a
// real one. Everything that it does follows from its scenario, its seed and its clock.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_HOST_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_HOST_H_

#include <cstdint>

#include "absl/status/status.h"
#include "agent/sources/simulated/faults.h"
#include "agent/sources/simulated/filter_engine_model.h"
#include "agent/sources/simulated/ras_model.h"
#include "agent/sources/simulated/scenario.pb.h"
#include "agent/sources/simulated/tcp_model.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/api.h"
#include "common/clock.h"

namespace farstat::sources::simulated {

// OK, or a line for each thing in the scenario that cannot be meant.
absl::Status CheckScenario(const Scenario& scenario);

class Host {
 public:
  Host(Scenario scenario, uint64_t seed, const Clock& clock);

  const Scenario& scenario() const { return scenario_; }
  // The table of calls. The host must outlive its users.
  const windows::Api& api() const { return api_; }

  // For tests: what the host's callers hold of it.
  const FilterEngineModel& filter_engine() const { return filter_engine_; }

  // Calls that the scenario delays or lets hang go on, and from now on none is delayed or hangs.
  // Before the end of those who use the table: their threads may be in such a call.
  void ReleaseCalls() { faults_.Release(); }

 private:
  const Scenario scenario_;
  World world_;
  RasModel ras_;
  TcpModel tcp_;
  FilterEngineModel filter_engine_;
  windows::Api api_;
  // Last: at its end no call is on its way any more.
  Faults faults_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_HOST_H_
