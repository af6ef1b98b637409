// The life of a Windows service as its control manager (SCM) is told it: states, checkpoints while
// it starts and ends, exit codes. Portable: what reports to the SCM is handed in.

#ifndef FARSTAT_AGENT_SERVICE_SERVICE_LIFE_H_
#define FARSTAT_AGENT_SERVICE_SERVICE_LIFE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "agent/service/exit_code.h"
#include "agent/service/supervisor.h"
#include "common/mutex.h"

namespace farstat::service {

// Windows' numbers; service_windows.cc checks them against its headers.
enum class ScmState : uint32_t {
  kStopped = 1,
  kStartPending = 2,
  kStopPending = 3,
  kRunning = 4,
};
inline constexpr uint32_t kControlStop = 1;
inline constexpr uint32_t kControlInterrogate = 4;
inline constexpr uint32_t kControlPreshutdown = 15;
inline constexpr uint32_t kAcceptStop = 0x1;
inline constexpr uint32_t kAcceptPreshutdown = 0x100;
inline constexpr uint32_t kNoError = 0;
inline constexpr uint32_t kErrorCallNotImplemented = 120;
inline constexpr uint32_t kErrorServiceSpecific = 1066;

// What SetServiceStatus is told.
struct ScmReport {
  ScmState state = ScmState::kStopped;
  // Controls that the service takes.
  uint32_t accepts = 0;
  uint32_t win32_exit_code = kNoError;
  uint32_t specific_exit_code = 0;
  // Grows while the service starts or ends; 0 otherwise.
  uint32_t checkpoint = 0;
  // When the SCM should see the next checkpoint at the latest.
  absl::Duration wait_hint;
};

class ServiceLife : public Supervisor {
 public:
  struct Options {
    // Between checkpoints. The SCM gives up on a service that shows none for its wait hint.
    absl::Duration beat = absl::Seconds(1);
    // A start or an end that takes longer is taken for stuck.
    absl::Duration start_limit = absl::Seconds(60);
    absl::Duration stop_limit = absl::Seconds(20);
  };

  // The service is starting. `report` is called by one thread at a time. `on_stuck` is told whether
  // it was while starting ("start") or ending ("stop"); STOPPED has been reported then, and the
  // process is to end.
  ServiceLife(std::function<void(const ScmReport&)> report,
              std::function<void(absl::string_view phase)> on_stuck, const Options& options);
  ~ServiceLife() override;

  // A control from the SCM, on its thread. Does not wait. Returns what the handler is to return.
  uint32_t OnControl(uint32_t control);

  void Serving(absl::string_view where) override;
  std::string WaitForStop() override;
  void Stopping() override;
  // The last report: when it returns, the SCM may end the process.
  void Stopped(ExitCode code);

 private:
  void Enter(ScmState state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Report(ExitCode code = ExitCode::kOk) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Duration Limit() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Beat();

  const std::function<void(const ScmReport&)> report_;
  const std::function<void(absl::string_view)> on_stuck_;
  const Options options_;

  // Guards the state below, and makes reports follow one another.
  Mutex mutex_;
  ConditionVariable changed_;
  ScmState state_ ABSL_GUARDED_BY(mutex_) = ScmState::kStartPending;
  uint32_t checkpoint_ ABSL_GUARDED_BY(mutex_) = 0;
  std::chrono::steady_clock::time_point entered_ ABSL_GUARDED_BY(mutex_);
  std::string stop_wanted_ ABSL_GUARDED_BY(mutex_);
  // Shows checkpoints.
  std::thread beat_;
};

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_SERVICE_LIFE_H_
