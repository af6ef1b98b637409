#include "agent/sources/windows/ras_change_watch.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/sources/windows/ras_calls.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::windows {
namespace {

constexpr uint32_t kNotifications[] = {kRasNotifyConnection,     kRasNotifyDisconnection,
                                       kRasNotifyBandwidthAdded, kRasNotifyBandwidthRemoved,
                                       kRasNotifyDormant,        kRasNotifyReconnection};
// At least so long between two calls of on_change.
constexpr uint32_t kPauseMs = 100;
// How often it is looked whether the service runs and was started again: its registrations are then
// gone.
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
  if (!KeepRegistered() && !api_.service_status) return;
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

bool RasChangeWatch::KeepRegistered() {
  ServiceStatus service = {};
  const bool known = api_.service_status && api_.service_status(kRasService, &service) == kSuccess;
  if (known && service.state != kServiceRunning) {
    // Its process may live on, and be the same when it runs again.
    registered_with_.reset();
    return false;
  }
  const uint64_t start = known ? service.process_start : 0;
  if (registered_with_ && (start == 0 || start == *registered_with_)) return false;
  if (!Register()) return false;
  registered_with_ = start;
  return true;
}

bool RasChangeWatch::Register() {
  bool any = false;
  for (size_t i = 0; i < kFlags; ++i) {
    // Kinds that this Windows does not know are refused; the others are enough.
    const uint32_t code = CallRas(api_, api_.ras_connection_notification, kInvalidHandle,
                                  changes_[i], kNotifications[i]);
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
    if (code == kWaitTimeout && !KeepRegistered()) continue;
    on_change_();
    if (!Pause()) return;
  }
}

bool RasChangeWatch::Pause() const {
  uint32_t signalled = 0;
  return api_.wait_for_events(&stop_, 1, kPauseMs, &signalled) == kWaitTimeout;
}

}  // namespace farstat::sources::windows
