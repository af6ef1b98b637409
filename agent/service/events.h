// What an administrator of the host must see without looking for it: changes of the agent's state.
// On Windows they go to the event log, with these numbers; in the log they are everywhere.

#ifndef FARSTAT_AGENT_SERVICE_EVENTS_H_
#define FARSTAT_AGENT_SERVICE_EVENTS_H_

#include <cstdint>
#include <functional>

#include "absl/strings/string_view.h"

namespace farstat::service {

// Numbers are what monitoring looks for: they never change. event_texts.mc has the same ones.
enum class Event : uint16_t {
  kStarting = 1,
  kServing = 2,
  kStopping = 3,
  kStopped = 4,
  // It serves, and something should be looked at.
  kAttention = 10,
  // It does not start: settings, files they name, addresses.
  kSettingsRefused = 20,
  kCannotServe = 21,
  kAlreadyRunning = 22,
  kStuck = 23,
  // It serves, and something has gone wrong.
  kError = 30,
};

enum class Severity { kInformation, kWarning, kError };

constexpr Severity SeverityOf(Event event) {
  if (event < Event::kAttention) return Severity::kInformation;
  return event < Event::kSettingsRefused ? Severity::kWarning : Severity::kError;
}

// Takes an event and its text; from any thread. Null: there is nobody to tell.
using EventSink = std::function<void(Event event, absl::string_view text)>;

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_EVENTS_H_
