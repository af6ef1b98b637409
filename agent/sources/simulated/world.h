// What the families of one simulated host share: its time, its services, its events, its chance.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_WORLD_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "agent/sources/simulated/scenario.pb.h"
#include "agent/sources/windows/abi.h"
#include "agent/sources/windows/api.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace farstat::sources::simulated {

// Adds a line for each service that no family asks about, and each time out of range.
void CheckServiceOutages(const Scenario& scenario, std::vector<std::string>& problems);

class World {
 public:
  // `scenario` and `clock` must outlive it.
  World(const Scenario& scenario, uint64_t seed, const Clock& clock);

  // Guards the state of every family's model: each entry of the table of calls holds it while it
  // works (never while it waits).
  Mutex mutex;

  // Since the simulation began. Models are advanced to it when they are called.
  absl::Duration Now() const;
  // The wall clock at a time of the simulation, as people and FILETIMEs see it.
  absl::Time WallAt(absl::Duration time) const { return wall_start_ + time; }
  // As a FILETIME: 100 ns since 1601.
  uint64_t FileTimeAt(absl::Duration time) const;

  bool administrator() const { return !scenario_.not_administrator(); }

  // Whether the service runs, by the scenario's outages; since when it has been in that state
  // (negative: since before the simulation began).
  bool ServiceRuns(absl::string_view service, absl::Duration now) const;
  absl::Duration ServiceStateSince(absl::string_view service, absl::Duration now) const;
  // When it stops or starts next; infinite: never.
  absl::Duration NextServiceChange(absl::string_view service, absl::Duration now) const;

  // Chance of its own for every purpose, so that one model's draws do not disturb another's.
  std::mt19937_64 Chance(absl::string_view purpose) const;

  // A handle that was not given out before.
  windows::Handle NewHandle();
  // Signals an event that was made by Api::create_event. Takes no lock of the world.
  void Signal(windows::Handle event);
  // Models that signal events must do so in time, also if nobody calls them. So whoever waits for
  // events calls `advance(now)`, holding `mutex`: it does what has happened until now and tells
  // when to call it again (infinite: when some event is signalled). Called before the first wait.
  void AdvanceWhileWaiting(std::function<absl::Duration(absl::Duration now)> advance);

  // Fills create_event, set_event, wait_for_events, close_event and service_status.
  void Fill(windows::Api& api);

 private:
  struct Event {
    bool signalled = false;
  };

  // Does what has happened until now. Returns how long the next thing is away.
  absl::Duration AdvanceModels();
  // Looks whether one of the events is signalled; absent: none is.
  absl::optional<uint32_t> Take(const windows::Handle* events, uint32_t count, uint32_t* signalled)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(events_mutex_);
  uint32_t Wait(const windows::Handle* events, uint32_t count, uint32_t milliseconds,
                uint32_t* signalled);
  uint32_t QueryService(absl::string_view name, windows::ServiceStatus* status) const;

  const Scenario& scenario_;
  const uint64_t seed_;
  const Clock& clock_;
  const SteadyTime start_;
  const absl::Time wall_start_;

  std::vector<std::function<absl::Duration(absl::Duration now)>> advance_ ABSL_GUARDED_BY(mutex);

  // Guards the events and handles. Locked after `mutex`, if both are.
  Mutex events_mutex_;
  ConditionVariable signalled_;
  std::map<windows::Handle, Event> events_ ABSL_GUARDED_BY(events_mutex_);
  // Grows with each signal, so that a waiter who was busy elsewhere does not miss one.
  uint64_t signals_ ABSL_GUARDED_BY(events_mutex_) = 0;
  windows::Handle next_handle_ ABSL_GUARDED_BY(events_mutex_) = 0x1000;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_WORLD_H_
