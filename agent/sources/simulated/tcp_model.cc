#include "agent/sources/simulated/tcp_model.h"

namespace farstat::sources::simulated {

TcpModel::TcpModel(const TcpScenario& scenario, World& world)
    : scenario_(scenario), world_(world) {}
TcpModel::~TcpModel() = default;

void TcpModel::Fill(windows::Api&) {}

}  // namespace farstat::sources::simulated
