#include "agent/sources/simulated/ras_model.h"

namespace farstat::sources::simulated {

RasModel::RasModel(const RasScenario& scenario, World& world)
    : scenario_(scenario), world_(world) {}
RasModel::~RasModel() = default;

void RasModel::Fill(windows::Api&) {}

}  // namespace farstat::sources::simulated
