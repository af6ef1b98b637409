// The TCP of a simulated host: connections whose throughput follows from receiver, network and
// sender, and EStats that are off until somebody switches them on.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_TCP_MODEL_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_TCP_MODEL_H_

#include "agent/sources/simulated/tcp_scenario.pb.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/api.h"

namespace farstat::sources::simulated {

class TcpModel {
 public:
  // Both must outlive it.
  TcpModel(const TcpScenario& scenario, World& world);
  ~TcpModel();

  // Fills the family's entries of the table of calls. The model must outlive them.
  void Fill(windows::Api& api);

 private:
  const TcpScenario& scenario_;
  World& world_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_TCP_MODEL_H_
