#include "agent/sources/windows/ras_change_watch.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::windows {
namespace {

constexpr uint32_t kNotifications[] = {kRasNotifyConnection,     kRasNotifyDisconnection,
                                       kRasNotifyBandwidthAdded, kRasNotifyBandwidthRemoved,
                                       kRasNotifyDormant,        kRasNotifyReconnection};
// At least so long between two calls of on_change.
constexpr uint32_t kPauseMs = 100;
// How often it is looked whether the service was started again: its registrations are then gone.
constexpr uint32_t kLookAtServiceMs = 30'000;

}  // namespace

RasChangeWatch::RasChangeWatch(const Api& api, std::function<void()> on_change)
    : api_(api), on_change_(std::move(on_change)) {
  static_assert(std::size(kNotifications) == kFlags);
  if (!api_.ras_connection_notification || !api_.create_event || !api_.set_event ||
      !api_.wait_for_events || !CreateEvents()) {
    return;
  }
  // Not registered is no reason to give up if the service may start later.
  if (!Register() && !api_.service_status) return;
  thread_ = std::thread([this] { Watch(); });
}

RasChangeWatch::~RasChangeWatch() {
  if (thread_.joinable()) {
    api_.set_event(stop_);
    thread_.join();
  }
  if (stop_ != 0 && api_.close_event) api_.close_event(stop_);
}

bool RasChangeWatch::CreateEvents() {
  if (api_.create_event(&stop_) != kSuccess) {
    stop_ = 0;
    return false;
  }
  return std::all_of(changes_.begin(), changes_.end(),
                     [this](Handle& event) { return api_.create_event(&event) == kSuccess; });
}

bool RasChangeWatch::Register() {
  registered_with_ = ServiceStart();
  bool any = false;
  for (size_t i = 0; i < kFlags; ++i) {
    // Kinds that this Windows does not know are refused; the others are enough.
    const uint32_t code =
        api_.ras_connection_notification(kInvalidHandle, changes_[i], kNotifications[i]);
    any = any || code == kSuccess;
  }
  return any;
}

void RasChangeWatch::Watch() {
  std::array<Handle, 1 + kFlags> events = {stop_};
  std::copy(changes_.begin(), changes_.end(), events.begin() + 1);
  while (true) {
    uint32_t signalled = 0;
    const uint32_t code =
        api_.wait_for_events(events.data(), events.size(), kLookAtServiceMs, &signalled);
    // A wait that fails would fail again at once.
    if ((code != kSuccess && code != kWaitTimeout) || (code == kSuccess && signalled == 0)) return;
    if (code == kWaitTimeout) {
      const uint64_t start = ServiceStart();
      if (start == 0 || start == registered_with_) continue;
      Register();
    }
    on_change_();
    if (!Pause()) return;
  }
}

bool RasChangeWatch::Pause() const {
  uint32_t signalled = 0;
  return api_.wait_for_events(&stop_, 1, kPauseMs, &signalled) == kWaitTimeout;
}

uint64_t RasChangeWatch::ServiceStart() const {
  ServiceStatus service = {};
  if (!api_.service_status || api_.service_status(kRasService, &service) != kSuccess) return 0;
  return service.process_start;
}

}  // namespace farstat::sources::windows
