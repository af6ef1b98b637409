#include "agent/sources/simulated/host.h"

#include <utility>

namespace farstat::sources::simulated {

Host::Host(Scenario scenario, uint64_t seed, const Clock& clock)
    : scenario_(std::move(scenario)),
      world_(scenario_, seed, clock),
      ras_(scenario_.ras(), world_),
      tcp_(scenario_.tcp(), world_),
      filter_engine_(scenario_.filter_engine(), world_) {
  world_.Fill(api_);
  ras_.Fill(api_);
  tcp_.Fill(api_);
  filter_engine_.Fill(api_);
}

}  // namespace farstat::sources::simulated
