// How a service ends. systemd sees these as the process's exit code, Windows' service control
// manager as the service-specific one. The verb `run` ends with 0 or 1.

#ifndef FARSTAT_AGENT_SERVICE_EXIT_CODE_H_
#define FARSTAT_AGENT_SERVICE_EXIT_CODE_H_

namespace farstat::service {

enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,
  // Settings, or the files that they name.
  kSettings = 2,
  // An address could not be listened on.
  kAddress = 3,
  kAlreadyRunning = 4,
  // It did not start or end in the time it had, and was ended.
  kStuck = 5,
};

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_EXIT_CODE_H_
