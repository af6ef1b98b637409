#include "agent/sources/simulated/world.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::simulated {
namespace {

using windows::Handle;
using windows::ServiceStatus;

constexpr std::array<const char*, 4> kServices = {
    windows::kRasService, windows::kFilterEngineService, windows::kIkeService,
    windows::kIpsecPolicyService};
constexpr uint32_t kNoSuchService = 1060;
constexpr uint32_t kWaitForever = 0xFFFFFFFF;
// How long a waiter sleeps before it looks at the models again.
constexpr absl::Duration kShortestPause = absl::Milliseconds(1);
constexpr absl::Duration kLongestPause = absl::Hours(1);
// FILETIME counts from 1601.
constexpr absl::Duration k1601To1970 = absl::Seconds(11'644'473'600);
// How long services have been running when the simulation begins.
constexpr absl::Duration kServiceAge = absl::Hours(7);

// Where `now` is in an outage's period: since its latest stop; negative: it has not come yet.
absl::Duration SinceStop(const ServiceOutage& outage, absl::Duration now) {
  const absl::Duration since = now - absl::Seconds(outage.after_s());
  if (since < absl::ZeroDuration() || outage.every_s() <= 0) return since;
  return since - absl::Floor(since, absl::Seconds(outage.every_s()));
}

absl::Duration LengthOf(const ServiceOutage& outage) {
  return outage.duration_s() > 0 ? absl::Seconds(outage.duration_s()) : absl::InfiniteDuration();
}

// FNV-1a: unlike a standard library's hash it is the same everywhere and in every run.
uint64_t StableHash(absl::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return hash;
}

bool IsService(absl::string_view name) {
  return std::find(kServices.begin(), kServices.end(), name) != kServices.end();
}

}  // namespace

void CheckServiceOutages(const Scenario& scenario, std::vector<std::string>& problems) {
  for (int i = 0; i < scenario.service_outages_size(); ++i) {
    const ServiceOutage& outage = scenario.service_outages(i);
    const std::string field = absl::StrCat("service_outages[", i, "].");
    if (!IsService(outage.service())) {
      problems.push_back(absl::StrCat(field, "service: \"", outage.service(), "\" is not one of ",
                                      absl::StrJoin(kServices, ", ")));
    }
    if (outage.after_s() < 0 || outage.duration_s() < 0 || outage.every_s() < 0) {
      problems.push_back(absl::StrCat(field, "*_s: a time is negative"));
    }
  }
}

World::World(const Scenario& scenario, uint64_t seed, const Clock& clock)
    : scenario_(scenario),
      seed_(seed),
      clock_(clock),
      start_(clock.Steady()),
      wall_start_(clock.Wall()) {}

absl::Duration World::Now() const { return absl::FromChrono(clock_.Steady() - start_); }

uint64_t World::FileTimeAt(absl::Duration time) const {
  const absl::Duration since_1601 = WallAt(time) - absl::UnixEpoch() + k1601To1970;
  return static_cast<uint64_t>(absl::ToInt64Nanoseconds(since_1601 / 100));
}

bool World::ServiceRuns(absl::string_view service, absl::Duration now) const {
  return std::none_of(scenario_.service_outages().begin(), scenario_.service_outages().end(),
                      [&](const ServiceOutage& outage) {
                        const absl::Duration since = SinceStop(outage, now);
                        return service == outage.service() && since >= absl::ZeroDuration() &&
                               since < LengthOf(outage);
                      });
}

absl::Duration World::ServiceStateSince(absl::string_view service, absl::Duration now) const {
  absl::Duration newest = -kServiceAge;
  for (const ServiceOutage& outage : scenario_.service_outages()) {
    const absl::Duration since_stop = SinceStop(outage, now);
    if (service != outage.service() || since_stop < absl::ZeroDuration()) continue;
    const absl::Duration since_start = since_stop - LengthOf(outage);
    newest =
        std::max(newest, now - (since_start < absl::ZeroDuration() ? since_stop : since_start));
  }
  return newest;
}

absl::Duration World::NextServiceChange(absl::string_view service, absl::Duration now) const {
  absl::Duration next = absl::InfiniteDuration();
  for (const ServiceOutage& outage : scenario_.service_outages()) {
    if (service != outage.service()) continue;
    const absl::Duration since_stop = SinceStop(outage, now);
    if (since_stop < absl::ZeroDuration()) {
      next = std::min(next, now - since_stop);
    } else if (since_stop < LengthOf(outage)) {
      next = std::min(next, now - since_stop + LengthOf(outage));
    } else if (outage.every_s() > 0) {
      next = std::min(next, now - since_stop + absl::Seconds(outage.every_s()));
    }
  }
  return next;
}

std::mt19937_64 World::Chance(absl::string_view purpose) const {
  return std::mt19937_64(seed_ * 0x9E3779B97F4A7C15u ^ StableHash(purpose));
}

Handle World::NewHandle() {
  MutexLock lock(events_mutex_);
  return next_handle_ += 0x10;
}

void World::Signal(Handle event) {
  MutexLock lock(events_mutex_);
  if (const auto it = events_.find(event); it != events_.end()) it->second.signalled = true;
  ++signals_;
  signalled_.notify_all();
}

void World::AdvanceWhileWaiting(std::function<absl::Duration(absl::Duration now)> advance) {
  MutexLock lock(mutex);
  advance_.push_back(std::move(advance));
}

absl::Duration World::AdvanceModels() {
  MutexLock lock(mutex);
  const absl::Duration now = Now();
  absl::Duration next = absl::InfiniteDuration();
  for (const auto& advance : advance_) next = std::min(next, advance(now));
  return next - now;
}

absl::optional<uint32_t> World::Take(const Handle* events, uint32_t count, uint32_t* signalled) {
  for (uint32_t i = 0; i < count; ++i) {
    const auto it = events_.find(events[i]);
    if (it == events_.end()) return windows::kErrorInvalidHandle;
    if (!it->second.signalled) continue;
    it->second.signalled = false;
    *signalled = i;
    return windows::kSuccess;
  }
  return absl::nullopt;
}

uint32_t World::Wait(const Handle* events, uint32_t count, uint32_t milliseconds,
                     uint32_t* signalled) {
  // By the system's clock: a thread really waits, also where a test moves the model's time.
  const absl::Time end = milliseconds == kWaitForever
                             ? absl::InfiniteFuture()
                             : absl::Now() + absl::Milliseconds(milliseconds);
  while (true) {
    uint64_t signals_before = 0;
    {
      MutexLock lock(events_mutex_);
      signals_before = signals_;
    }
    const absl::Duration next = AdvanceModels();
    MutexLock lock(events_mutex_);
    if (const absl::optional<uint32_t> code = Take(events, count, signalled)) return *code;
    const absl::Duration left = end - absl::Now();
    if (left <= absl::ZeroDuration()) return windows::kWaitTimeout;
    const absl::Duration pause = std::clamp(next, kShortestPause, kLongestPause);
    if (signals_ == signals_before) {
      signalled_.wait_for(events_mutex_, absl::ToChronoNanoseconds(std::min(left, pause)));
    }
  }
}

uint32_t World::QueryService(absl::string_view name, ServiceStatus* status) const {
  if (!IsService(name)) return kNoSuchService;
  const absl::Duration now = Now();
  *status = {windows::kServiceStopped, 0, 0};
  if (!ServiceRuns(name, now)) return windows::kSuccess;
  const uint64_t start = FileTimeAt(ServiceStateSince(name, now));
  *status = {windows::kServiceRunning, 1000 + static_cast<uint32_t>(start / 10'000'000 % 60'000),
             start};
  return windows::kSuccess;
}

void World::Fill(windows::Api& api) {
  api.create_event = [this](Handle* event) {
    *event = NewHandle();
    MutexLock lock(events_mutex_);
    events_[*event] = Event();
    return windows::kSuccess;
  };
  api.set_event = [this](Handle event) {
    Signal(event);
    return windows::kSuccess;
  };
  api.wait_for_events = [this](const Handle* events, uint32_t count, uint32_t milliseconds,
                               uint32_t* signalled) {
    return Wait(events, count, milliseconds, signalled);
  };
  api.close_event = [this](Handle event) {
    MutexLock lock(events_mutex_);
    return events_.erase(event) > 0 ? windows::kSuccess : windows::kErrorInvalidHandle;
  };
  api.service_status = [this](const char* name, ServiceStatus* status) {
    return QueryService(name, status);
  };
}

}  // namespace farstat::sources::simulated
