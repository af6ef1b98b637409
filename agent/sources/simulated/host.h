// A simulated Windows host: a little model of one that stands behind the same table of calls as a
// real one. Everything that it does follows from its scenario, its seed and its clock.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_HOST_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_HOST_H_

#include <cstdint>

#include "agent/sources/simulated/filter_engine_model.h"
#include "agent/sources/simulated/ras_model.h"
#include "agent/sources/simulated/scenario.pb.h"
#include "agent/sources/simulated/tcp_model.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/api.h"
#include "common/clock.h"

namespace farstat::sources::simulated {

class Host {
 public:
  Host(Scenario scenario, uint64_t seed, const Clock& clock);

  const Scenario& scenario() const { return scenario_; }
  // The table of calls. The host must outlive it.
  const windows::Api& api() const { return api_; }

 private:
  const Scenario scenario_;
  World world_;
  RasModel ras_;
  TcpModel tcp_;
  FilterEngineModel filter_engine_;
  windows::Api api_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_HOST_H_
