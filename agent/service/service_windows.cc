#include <windows.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "agent/service/event_log_windows.h"
#include "agent/service/host_paths.h"
#include "agent/service/serve.h"
#include "agent/service/service.h"
#include "agent/service/service_life.h"
#include "common/utf16.h"

namespace farstat::service {
namespace {

static_assert(static_cast<DWORD>(ScmState::kStopped) == SERVICE_STOPPED &&
              static_cast<DWORD>(ScmState::kStartPending) == SERVICE_START_PENDING &&
              static_cast<DWORD>(ScmState::kStopPending) == SERVICE_STOP_PENDING &&
              static_cast<DWORD>(ScmState::kRunning) == SERVICE_RUNNING);
static_assert(kControlStop == SERVICE_CONTROL_STOP &&
              kControlInterrogate == SERVICE_CONTROL_INTERROGATE &&
              kControlPreshutdown == SERVICE_CONTROL_PRESHUTDOWN &&
              kAcceptStop == SERVICE_ACCEPT_STOP &&
              kAcceptPreshutdown == SERVICE_ACCEPT_PRESHUTDOWN);
static_assert(kErrorServiceSpecific == ERROR_SERVICE_SPECIFIC_ERROR && kNoError == NO_ERROR &&
              kErrorCallNotImplemented == ERROR_CALL_NOT_IMPLEMENTED);

// What Windows calls takes no argument of ours; there is one service in the process.
struct ServiceProcess {
  std::wstring name = Utf16(kServiceName);
  EventSink events = WindowsEventLog();
  SERVICE_STATUS_HANDLE handle = nullptr;
  std::unique_ptr<ServiceLife> life;
  ExitCode exit_code = ExitCode::kFailed;
};

ServiceProcess& TheService() {
  static auto* const service = new ServiceProcess();
  return *service;
}

void TellScm(const ScmReport& report) {
  SERVICE_STATUS status = {};
  status.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
  status.dwCurrentState = static_cast<DWORD>(report.state);
  status.dwControlsAccepted = report.accepts;
  status.dwWin32ExitCode = report.win32_exit_code;
  status.dwServiceSpecificExitCode = report.specific_exit_code;
  status.dwCheckPoint = report.checkpoint;
  status.dwWaitHint = static_cast<DWORD>(absl::ToInt64Milliseconds(report.wait_hint));
  SetServiceStatus(TheService().handle, &status);
}

// The state has been reported; a process that hangs must not keep its port.
void EndStuckProcess(absl::string_view phase) {
  TheService().events(Event::kStuck, absl::StrCat("farstat-agent did not ", phase,
                                                  " in the time it had, and is ended"));
  TerminateProcess(GetCurrentProcess(), static_cast<UINT>(ExitCode::kStuck));
}

DWORD WINAPI OnControl(DWORD control, DWORD /*event_type*/, void* /*event_data*/,
                       void* /*context*/) {
  // The SCM may ask before there is a life to ask.
  if (control == SERVICE_CONTROL_INTERROGATE) return NO_ERROR;
  return TheService().life->OnControl(control);
}

// A console program hears of users who log off, and would end. The SCM says when the service is to.
BOOL WINAPI StayOn(DWORD event) {
  return event == CTRL_LOGOFF_EVENT || event == CTRL_SHUTDOWN_EVENT ? TRUE : FALSE;
}

void WINAPI ServiceMain(DWORD /*count*/, wchar_t** /*arguments*/) {
  ServiceProcess& service = TheService();
  service.handle = RegisterServiceCtrlHandlerExW(service.name.c_str(), &OnControl, nullptr);
  if (service.handle == nullptr) return;
  service.life = std::make_unique<ServiceLife>(&TellScm, &EndStuckProcess, ServiceLife::Options());
  const HostPaths paths = ThisHostsPaths();
  ServeOptions options;
  options.flags.config_file = paths.settings_file;
  options.settings_are_optional = true;
  options.state_directory = paths.state_directory;
  options.log_target = LogTarget::kFiles;
  options.log_directory = paths.log_directory;
  options.events = service.events;
  service.exit_code = Serve(options, *service.life).code;
  service.life->Stopped(service.exit_code);
}

}  // namespace

bool TakesSettingsFile() { return false; }

int RunAsService(const std::string& /*settings_file*/, absl::Status& error) {
  SetConsoleCtrlHandler(&StayOn, TRUE);
  const SERVICE_TABLE_ENTRYW table[] = {{TheService().name.data(), &ServiceMain},
                                        {nullptr, nullptr}};
  if (StartServiceCtrlDispatcherW(table) == 0) {
    const DWORD code = GetLastError();
    error = absl::FailedPreconditionError(
        code == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT
            ? "the verb service is for Windows' service control manager: net start farstat-agent. "
              "farstat-agent run serves in the foreground"
            : absl::StrCat("Windows' service control manager refuses the service: error ", code));
    return static_cast<int>(ExitCode::kFailed);
  }
  return static_cast<int>(TheService().exit_code);
}

}  // namespace farstat::service
