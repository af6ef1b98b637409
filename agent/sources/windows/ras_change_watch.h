// Notices at once that RAS connections were made or ended (RasConnectionNotificationW), so that
// nobody has to wait for the next tick to see it.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_RAS_CHANGE_WATCH_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_RAS_CHANGE_WATCH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>

#include "absl/types/optional.h"
#include "agent/sources/windows/api.h"

namespace farstat::sources::windows {

class RasChangeWatch {
 public:
  // `on_change` is called on the watch's own thread; a burst of changes gives a call at its
  // beginning and at most ten per second. Where Windows cannot notify there is no watch. `api` must
  // outlive it.
  RasChangeWatch(const Api& api, std::function<void()> on_change);
  // Ends it; waits for a call of `on_change` that runs.
  ~RasChangeWatch();
  RasChangeWatch(const RasChangeWatch&) = delete;
  RasChangeWatch& operator=(const RasChangeWatch&) = delete;

  // Whether there is a watch.
  bool watching() const { return thread_.joinable(); }

 private:
  static constexpr size_t kFlags = 6;

  bool CreateEvents();
  // Registers where that is needed, and not with a service that does not run: the attempt could
  // start it. True: it has registered now, and what changed before was not noticed.
  bool KeepRegistered();
  // True: Windows will signal at least one of the events.
  bool Register();
  void Watch();
  // Waits for `stop_` alone or for any event; true: go on.
  bool Pause() const;

  const Api& api_;
  const std::function<void()> on_change_;
  // The event that ends the watch.
  Handle stop_ = 0;
  // One for each kind of change, because Windows does not tell kinds apart that share one. They are
  // never closed: nothing takes a registration back.
  std::array<Handle, kFlags> changes_ = {};
  // When the process began of the service that knows the events, 0 where that is not known. Absent:
  // none knows them.
  absl::optional<uint64_t> registered_with_;
  std::thread thread_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_RAS_CHANGE_WATCH_H_
