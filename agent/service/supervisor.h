// Who has started the agent and may end it: a person at a terminal, systemd, or Windows' service
// control manager.

#ifndef FARSTAT_AGENT_SERVICE_SUPERVISOR_H_
#define FARSTAT_AGENT_SERVICE_SUPERVISOR_H_

#include <string>

#include "absl/strings/string_view.h"

namespace farstat::service {

class Supervisor {
 public:
  virtual ~Supervisor() = default;

  // The agent serves now, and says where.
  virtual void Serving(absl::string_view where) = 0;
  // Waits until the agent is to end; says who wants it.
  virtual std::string WaitForStop() = 0;
  // The agent has begun to end.
  virtual void Stopping() = 0;
};

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_SUPERVISOR_H_
