// The agent: the composition root. Sources -> feeds -> services -> server; nothing else knows all
// of them.

#ifndef FARSTAT_AGENT_AGENT_H_
#define FARSTAT_AGENT_AGENT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/config.pb.h"
#include "agent/rpc/server.h"
#include "agent/rpc/serving.h"

namespace farstat {

class Agent {
 public:
  // Serves the host as `settings` say. The error is for the person who started it.
  static absl::StatusOr<std::unique_ptr<Agent>> Start(const agent::AgentSettings& settings);
  ~Agent();

  const std::vector<std::string>& addresses() const { return server_->addresses(); }

  // Ends orderly, within about `grace` and a second.
  void Stop(absl::Duration grace);

 private:
  explicit Agent(const rpc::Limits& limits);

  // In the order in which they are needed: the server goes first, the families last.
  rpc::Families families_;
  rpc::Serving serving_;
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace farstat

#endif  // FARSTAT_AGENT_AGENT_H_
