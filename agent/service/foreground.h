// The agent at a terminal: the verb `run`.

#ifndef FARSTAT_AGENT_SERVICE_FOREGROUND_H_
#define FARSTAT_AGENT_SERVICE_FOREGROUND_H_

#include <string>

#include "agent/service/supervisor.h"
#include "agent/stop_signal.h"

namespace farstat::service {

// Ends with a signal. PrepareStopSignals has been called.
class Foreground : public Supervisor {
 public:
  void Serving(absl::string_view /*where*/) override {}
  std::string WaitForStop() override { return WaitForStopSignal(); }
  void Stopping() override {}
};

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_FOREGROUND_H_
