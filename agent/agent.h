// The agent: a host and the server that serves it.

#ifndef FARSTAT_AGENT_AGENT_H_
#define FARSTAT_AGENT_AGENT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/config.pb.h"
#include "agent/hosts/host.h"
#include "agent/rpc/server.h"
#include "agent/rpc/serving.h"

namespace farstat {

class Agent {
 public:
  // Will serve `host` as `settings` say.
  Agent(const agent::AgentSettings& settings, hosts::Host host);
  ~Agent();

  // Begins to serve. The error is for the person who started it. Called once.
  absl::Status Start();

  // Where it serves, with the ports that were taken.
  const std::vector<std::string>& addresses() const { return server_->addresses(); }

  // Ends orderly, within about `grace` and a second.
  void Stop(absl::Duration grace);

 private:
  // In the order in which they are needed: the server goes first, the families last.
  rpc::Families families_;
  rpc::Serving serving_;
  rpc::ServerOptions options_;
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace farstat

#endif  // FARSTAT_AGENT_AGENT_H_
