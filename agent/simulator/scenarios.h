// The scenarios that hosts can be simulated by: shipped ones by name, others from files.

#ifndef FARSTAT_AGENT_SIMULATOR_SCENARIOS_H_
#define FARSTAT_AGENT_SIMULATOR_SCENARIOS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/sources/simulated/scenario.pb.h"

namespace farstat::simulator {

inline constexpr char kDefaultScenario[] = "healthy_office";

// A scenario of deploy/scenarios/.
struct ShippedScenario {
  std::string name;
  // In protobuf's text format.
  std::string text;
};
const std::vector<ShippedScenario>& ShippedScenarios();

// The scenario of that name, or that the file has. The error has a line for each problem, with file
// and line where it is one of the text.
absl::StatusOr<sources::simulated::Scenario> LoadScenario(const std::string& name_or_file);

}  // namespace farstat::simulator

#endif  // FARSTAT_AGENT_SIMULATOR_SCENARIOS_H_
