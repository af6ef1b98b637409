#include "tests/windows/dlls/simulation.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/simulator/scenarios.h"
#include "common/clock.h"

namespace farstat::testing {
namespace {

using sources::windows::Api;

constexpr uint64_t kSeed = 1;

// Stands at the beginning of the simulation while that is made, then shows the present.
class SimulationClock final : public Clock {
 public:
  explicit SimulationClock(absl::Time begin) : begin_(begin) {}

  void Run() { runs_ = true; }
  absl::Time Wall() const override { return runs_ ? SystemClock().Wall() : begin_; }
  SteadyTime Steady() const override {
    return SteadyTime(absl::ToChronoNanoseconds(Wall() - absl::UnixEpoch()));
  }

 private:
  const absl::Time begin_;
  std::atomic<bool> runs_{false};
};

[[noreturn]] void Refuse(absl::string_view why) {
  std::fprintf(stderr, "replaced DLLs: %s\n", std::string(why).c_str());
  std::fflush(stderr);
  std::_Exit(1);
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

sources::simulated::Scenario ScenarioOfTest() {
  const std::string name = Variable("FARSTAT_TEST_SCENARIO");
  if (name.empty()) Refuse("FARSTAT_TEST_SCENARIO is not set");
  auto scenario = simulator::LoadScenario(name);
  if (!scenario.ok()) Refuse(scenario.status().message());
  return *std::move(scenario);
}

absl::Time BeginOfTest() {
  const std::string since = Variable("FARSTAT_TEST_SINCE");
  int64_t seconds = 0;
  if (since.empty()) return SystemClock().Wall();
  if (!absl::SimpleAtoi(since, &seconds)) {
    Refuse(absl::StrCat("FARSTAT_TEST_SINCE=", since, " is no number of seconds"));
  }
  return absl::FromUnixSeconds(seconds);
}

// Whoever finds an exported function calls it, so there must be all of them.
void RequireEveryFunction(const Api& api) {
  VisitEntries(api, [](absl::string_view, absl::string_view function, const auto& entry) {
    if (entry) return;
    Refuse(absl::StrCat(function, ": absent_functions does not take it out of a DLL; ",
                        "use one that does not export it"));
  });
}

const sources::simulated::Host& MakeHost() {
  // Until the process ends: its threads may be in a call at any time.
  static SimulationClock& clock = *new SimulationClock(BeginOfTest());
  static const auto& host = *new sources::simulated::Host(ScenarioOfTest(), kSeed, clock);
  clock.Run();
  RequireEveryFunction(host.api());
  return host;
}

}  // namespace

const sources::simulated::Host& SimulatedHost() {
  static const sources::simulated::Host& host = MakeHost();
  return host;
}

}  // namespace farstat::testing
