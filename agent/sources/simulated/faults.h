// What goes wrong with the calls of a simulated host, whatever they do: functions that are absent,
// codes instead of results, calls that take long, calls that do not return. It stands between the
// table of calls and the models, which know nothing of it.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_FAULTS_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_FAULTS_H_

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "agent/sources/simulated/scenario.pb.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/api.h"
#include "common/mutex.h"

namespace farstat::sources::simulated {

// Adds a line for each name of a function that farstat does not call, and each number out of range.
void CheckFaults(const Scenario& scenario, std::vector<std::string>& problems);

class Faults {
 public:
  // Both must outlive it.
  Faults(const Scenario& scenario, const World& world);
  // Releases the calls that wait and returns when all that have faults have returned.
  ~Faults();

  // Takes absent functions out of the table and puts faults before the others. Call it when the
  // models have filled their entries; the table must not be moved afterwards.
  void Apply(windows::Api& api);

  // Calls that are delayed or hang go on at once, and from now on none is delayed or hangs: so that
  // the threads that make them can be ended.
  void Release();

 private:
  // A fault of the scenario as one function has it, with chance of its own.
  struct Rule {
    const Fault* fault;
    std::minstd_rand chance;
  };
  using Rules = std::vector<Rule>;
  class Call;

  Rules RulesFor(absl::string_view library, absl::string_view function) const;
  // Lets the faults of a function happen; the code that it returns instead of being called, if any.
  std::optional<uint32_t> Happen(Rules& rules);
  bool Strikes(Rule& rule) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Delay(const Fault& fault) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Hang(const Fault& fault) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  template <typename Entry>
  void Wrap(Entry& entry, Rules rules);

  const Scenario& scenario_;
  const World& world_;

  // Guards the rules' chance and what follows.
  Mutex mutex_;
  ConditionVariable changed_;
  bool released_ ABSL_GUARDED_BY(mutex_) = false;
  // Calls of functions with faults that have not returned.
  int calls_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_FAULTS_H_
