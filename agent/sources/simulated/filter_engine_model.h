// The filter engine of a simulated host: security associations that negotiate, rekey and fail, and
// the sessions by which programs ask about them.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_FILTER_ENGINE_MODEL_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_FILTER_ENGINE_MODEL_H_

#include <cstdint>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/sources/simulated/filter_engine_memory.h"
#include "agent/sources/simulated/filter_engine_scenario.pb.h"
#include "agent/sources/simulated/filter_engine_session.h"
#include "agent/sources/simulated/ipsec_population.h"
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

  // For tests: what callers hold now, and what they have done wrong.

  // Sessions that were opened and not closed, dead ones included.
  int LiveEngines() const;
  // Enumerations that were not destroyed, in sessions that live.
  int LiveEnumHandles() const;
  // Arrays that were not freed.
  int LiveArrays() const;
  // Handles closed or destroyed and memory freed that were never given out, or twice; enumerations
  // that were left open when their session was closed.
  int Violations() const;

 private:
  uint32_t Open(const char16_t* server, uint32_t authentication,
                const windows::FwpmSession* options, windows::Handle* engine)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  uint32_t Close(windows::Handle engine) ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  void FillSessions(windows::Api& api);
  void FillStatistics(windows::Api& api);
  void FillEnumerations(windows::Api& api);

  absl::Duration RunningSince(absl::string_view service) const;
  bool Lives(const FilterEngineSession& session) const;
  // Every call that asks something begins with one of these: it brings the model up to date and
  // finds the session, or says what the call returns instead.
  uint32_t Enter(windows::Handle engine, FilterEngineSession** session)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  uint32_t EnterIke(windows::Handle engine, FilterEngineSession** session)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  uint32_t DestroyEnumeration(windows::Handle engine, windows::Handle enum_handle)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);

  const FilterEngineScenario& scenario_;
  World& world_;
  IpsecPopulation population_ ABSL_GUARDED_BY(world_.mutex);
  std::map<windows::Handle, FilterEngineSession> sessions_ ABSL_GUARDED_BY(world_.mutex);
  FilterEngineMemory memory_ ABSL_GUARDED_BY(world_.mutex);
  int violations_ ABSL_GUARDED_BY(world_.mutex) = 0;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_FILTER_ENGINE_MODEL_H_
