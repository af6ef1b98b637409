// Notices at once that RAS connections were made or ended (RasConnectionNotificationW), so that
// nobody has to wait for the next tick to see it.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_RAS_CHANGE_WATCH_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_RAS_CHANGE_WATCH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>

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
  // True: Windows will signal at least one of the events.
  bool Register();
  void Watch();
  // What the service's process is; 0: it does not run, or that is not known.
  uint64_t ServiceStart() const;
  // Waits for `stop_` alone or for any event; true: go on.
  bool Pause() const;

  const Api& api_;
  const std::function<void()> on_change_;
  // The event that ends the watch.
  Handle stop_ = 0;
  // One for each kind of change, because Windows does not tell kinds apart that share one. They are
  // never closed: nothing takes a registration back.
  std::array<Handle, kFlags> changes_ = {};
  uint64_t registered_with_ = 0;
  std::thread thread_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_RAS_CHANGE_WATCH_H_
