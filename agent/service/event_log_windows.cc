// Events, with their numbers, as entries of the event log.

#include "agent/service/event_log_windows.h"

#include <windows.h>

#include <memory>
#include <string>

#include "agent/service/event_texts.h"
#include "agent/service/host_paths.h"
#include "common/utf16.h"

namespace farstat::service {
namespace {

static_assert(MSG_STARTING == static_cast<DWORD>(Event::kStarting) &&
                  MSG_SERVING == static_cast<DWORD>(Event::kServing) &&
                  MSG_STOPPING == static_cast<DWORD>(Event::kStopping) &&
                  MSG_STOPPED == static_cast<DWORD>(Event::kStopped) &&
                  MSG_ATTENTION == static_cast<DWORD>(Event::kAttention) &&
                  MSG_SETTINGS_REFUSED == static_cast<DWORD>(Event::kSettingsRefused) &&
                  MSG_CANNOT_SERVE == static_cast<DWORD>(Event::kCannotServe) &&
                  MSG_ALREADY_RUNNING == static_cast<DWORD>(Event::kAlreadyRunning) &&
                  MSG_STUCK == static_cast<DWORD>(Event::kStuck) &&
                  MSG_ERROR == static_cast<DWORD>(Event::kError),
              "event_texts.mc and events.h have the same numbers");

WORD TypeOf(Event event) {
  switch (SeverityOf(event)) {
    case Severity::kInformation:
      return EVENTLOG_INFORMATION_TYPE;
    case Severity::kWarning:
      return EVENTLOG_WARNING_TYPE;
    default:
      return EVENTLOG_ERROR_TYPE;
  }
}

}  // namespace

EventSink WindowsEventLog() {
  const std::shared_ptr<void> source(RegisterEventSourceW(nullptr, Utf16(kServiceName).c_str()),
                                     [](HANDLE handle) {
                                       if (handle != nullptr) DeregisterEventSource(handle);
                                     });
  return [source](Event event, absl::string_view text) {
    // Longer ones are refused as a whole.
    constexpr size_t kLongest = 31'000;
    const std::wstring wide = Utf16(text).substr(0, kLongest);
    const wchar_t* strings[] = {wide.c_str()};
    ReportEventW(source.get(), TypeOf(event), /*wCategory=*/0, static_cast<DWORD>(event), nullptr,
                 1, 0, strings, nullptr);
  };
}

}  // namespace farstat::service
