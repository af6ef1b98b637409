// A class of connections of the scenario, ready for use: names looked up, defaults filled in.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_TCP_CLASS_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_TCP_CLASS_H_

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "agent/sources/simulated/tcp_address.h"
#include "agent/sources/simulated/tcp_flow.h"
#include "agent/sources/simulated/tcp_processes.h"
#include "agent/sources/simulated/tcp_scenario.pb.h"

namespace farstat::sources::simulated {

// Segments per second that an open connection is expected to have.
struct TcpSegmentRates {
  double in = 0;
  double out = 0;
  double retransmitted = 0;
  double damaged = 0;
};

struct TcpClass {
  const TcpConnectionClass* config;
  std::vector<const TcpProcessEntry*> processes;
  // IPv4, IPv6.
  std::array<std::vector<TcpNet>, 2> peers;
  std::array<TcpFlowSettings, 2> flow;
  std::array<TcpSegmentRates, 2> rates;
  uint64_t seed;
  uint64_t opened = 0;
  uint64_t grown = 0;
  uint32_t leaks = 0;
};

// Segment size of a peer that announces none.
inline constexpr double kPlainMss = 536;
// What a host announces on Ethernet.
constexpr uint32_t LocalMss(bool v6) { return v6 ? 1440 : 1460; }

TcpClass MakeTcpClass(const TcpScenario& scenario, const TcpConnectionClass& config,
                      const TcpProcesses& processes, uint64_t seed);

// Whether everything that the scenario names is there, and addresses are addresses. What is wrong
// is left out by the model.
absl::Status CheckTcpScenario(const TcpScenario& scenario);

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_TCP_CLASS_H_
