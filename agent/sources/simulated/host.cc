#include "agent/sources/simulated/host.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/sources/simulated/tcp_class.h"

namespace farstat::sources::simulated {

absl::Status CheckScenario(const Scenario& scenario) {
  std::vector<std::string> problems;
  CheckServiceOutages(scenario, problems);
  CheckFaults(scenario, problems);
  if (const absl::Status ras = CheckRasScenario(scenario.ras()); !ras.ok()) {
    problems.push_back(absl::StrCat("ras: ", ras.message()));
  }
  if (const absl::Status tcp = CheckTcpScenario(scenario.tcp()); !tcp.ok()) {
    problems.push_back(absl::StrCat("tcp: ", tcp.message()));
  }
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

Host::Host(Scenario scenario, uint64_t seed, const Clock& clock)
    : scenario_(std::move(scenario)),
      world_(scenario_, seed, clock),
      ras_(scenario_.ras(), world_),
      tcp_(scenario_.tcp(), world_),
      filter_engine_(scenario_.filter_engine(), world_),
      faults_(scenario_, world_) {
  world_.Fill(api_);
  ras_.Fill(api_);
  tcp_.Fill(api_);
  filter_engine_.Fill(api_);
  faults_.Apply(api_);
}

}  // namespace farstat::sources::simulated
