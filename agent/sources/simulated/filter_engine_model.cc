#include "agent/sources/simulated/filter_engine_model.h"

namespace farstat::sources::simulated {

FilterEngineModel::FilterEngineModel(const FilterEngineScenario& scenario, World& world)
    : scenario_(scenario), world_(world) {}
FilterEngineModel::~FilterEngineModel() = default;

void FilterEngineModel::Fill(windows::Api&) {}

}  // namespace farstat::sources::simulated
