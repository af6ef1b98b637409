// Passes on what the simulated Windows signals: it knows its own events, the agent waits for events
// of the real one.

#include <windows.h>

#include <cstring>
#include <thread>
#include <vector>

#include "agent/sources/windows/win32_status.h"
#include "common/mutex.h"
#include "tests/windows/dlls/simulation.h"

namespace farstat::testing {
namespace {

using sources::windows::Api;
using sources::windows::Handle;
using sources::windows::kSuccess;

// Nothing takes a registration back, so these wait until the process ends.
class Waiters {
 public:
  void Add(Handle simulated, HANDLE event) {
    MutexLock lock(mutex_);
    threads_.emplace_back([simulated, event] {
      uint32_t signalled = 0;
      while (SimulatedWindows().wait_for_events(&simulated, 1, INFINITE, &signalled) == kSuccess) {
        SetEvent(event);
      }
    });
  }

 private:
  Mutex mutex_;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

uint32_t NotifyOfRasChanges(Handle connection, Handle event, uint32_t flags) {
  static Waiters& waiters = *new Waiters;
  const Api& api = SimulatedWindows();
  Handle simulated = 0;
  if (const uint32_t code = api.create_event(&simulated); code != kSuccess) return code;
  if (const uint32_t code = api.ras_connection_notification(connection, simulated, flags);
      code != kSuccess) {
    api.close_event(simulated);
    return code;
  }
  HANDLE native = nullptr;
  static_assert(sizeof(native) == sizeof(event));
  std::memcpy(&native, &event, sizeof(native));
  waiters.Add(simulated, native);
  return kSuccess;
}

}  // namespace farstat::testing
