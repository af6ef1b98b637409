// The RAS of a simulated host: connections that dial, pass traffic and drop.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_RAS_MODEL_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_RAS_MODEL_H_

#include "agent/sources/simulated/ras_scenario.pb.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/api.h"

namespace farstat::sources::simulated {

class RasModel {
 public:
  // Both must outlive it.
  RasModel(const RasScenario& scenario, World& world);
  ~RasModel();

  // Fills the family's entries of the table of calls. The model must outlive them.
  void Fill(windows::Api& api);

 private:
  const RasScenario& scenario_;
  World& world_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_RAS_MODEL_H_
