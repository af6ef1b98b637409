// The filter engine of a simulated host: security associations that negotiate, rekey and fail.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_FILTER_ENGINE_MODEL_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_FILTER_ENGINE_MODEL_H_

#include "agent/sources/simulated/filter_engine_scenario.pb.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/api.h"

namespace farstat::sources::simulated {

class FilterEngineModel {
 public:
  // Both must outlive it.
  FilterEngineModel(const FilterEngineScenario& scenario, World& world);
  ~FilterEngineModel();

  // Fills the family's entries of the table of calls. The model must outlive them.
  void Fill(windows::Api& api);

 private:
  const FilterEngineScenario& scenario_;
  World& world_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_FILTER_ENGINE_MODEL_H_
