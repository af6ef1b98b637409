// Simulated Windows hosts in this process, each with an agent of its own that serves it.

#ifndef FARSTAT_AGENT_SIMULATOR_FLEET_H_
#define FARSTAT_AGENT_SIMULATOR_FLEET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/agent.h"
#include "agent/config.pb.h"
#include "agent/sources/simulated/host.h"
#include "agent/sources/simulated/scenario.pb.h"

namespace farstat::simulator {

struct FleetOptions {
  int hosts = 1;
  // The first host's address; the others take the ports after it. Port 0: each takes a free one.
  std::string listen;
  // How each is served, but for its address. Hosts have folders of their own in the state
  // directory.
  agent::AgentSettings settings;
  sources::simulated::Scenario scenario;
  // The first host's; the others take the numbers after it. The same seed gives the same hosts.
  uint64_t seed = 1;
};

class Fleet {
 public:
  // A host that is served.
  class Member {
   public:
    Member(std::string name, sources::simulated::Scenario scenario, uint64_t seed,
           const agent::AgentSettings& settings);
    // Calls that hang in the simulated Windows return, which keeps alive what they use until then.
    ~Member() { host_->ReleaseCalls(); }

    const std::string& name() const { return name_; }
    const std::string& address() const { return agent_.addresses().front(); }

   private:
    friend class Fleet;
    const std::string name_;
    const std::shared_ptr<sources::simulated::Host> host_;
    Agent agent_;
  };

  // Calls `on_ready` for each host that is served, in order. The error is for the person who
  // started it.
  static absl::StatusOr<std::unique_ptr<Fleet>> Start(
      const FleetOptions& options, absl::FunctionRef<void(const Member&)> on_ready);

  // Ends all agents orderly, at the same time, within about `grace` and a second.
  void Stop(absl::Duration grace);

 private:
  Fleet() = default;

  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace farstat::simulator

#endif  // FARSTAT_AGENT_SIMULATOR_FLEET_H_
