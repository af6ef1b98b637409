#include "agent/sources/simulated/tcp_class.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"

namespace farstat::sources::simulated {
namespace {

constexpr double kBytesPerMegabit = 1e6 / 8;
constexpr double kBytesPerKilobit = 1e3 / 8;
constexpr uint32_t kEthernetMtu = 1500;
constexpr double kHour = 3600;

double Or(double value, double fallback) { return value > 0 ? value : fallback; }

TcpPath FindPath(const TcpScenario& scenario, const std::string& name) {
  for (const TcpPath& path : scenario.paths()) {
    if (path.name() == name) return path;
  }
  return TcpPath();
}

void FillPath(const TcpPath& path, TcpFlowSettings& flow) {
  flow.rtt = Or(path.rtt_ms(), 20) / 1000;
  flow.jitter = path.jitter_ms() / 1000;
  flow.up = Or(path.up_mbps(), 100) * kBytesPerMegabit;
  flow.down = path.down_mbps() > 0 ? path.down_mbps() * kBytesPerMegabit : flow.up;
  flow.queue = Or(path.queue_ms(), 50) / 1000;
  flow.loss = std::clamp(path.loss(), 0.0, 0.5);
  flow.burst_share = path.burst_share();
  flow.reordering = path.reordering();
  flow.damage = path.damage();
  flow.stalls_per_second = path.stalls_per_hour() / kHour;
  flow.ecn = path.ecn();
}

void FillTraffic(const TcpTraffic& traffic, TcpFlowSettings& flow) {
  flow.out_rate = traffic.out_kbps() * kBytesPerKilobit;
  flow.in_rate = traffic.in_kbps() * kBytesPerKilobit;
  flow.out_unlimited = traffic.out_unlimited();
  flow.in_unlimited = traffic.in_unlimited();
  flow.busy_share = std::clamp(Or(traffic.busy_share(), 1), 1e-4, 1.0);
  flow.burst = Or(traffic.burst_s(), 2);
  flow.message_bytes = traffic.message_bytes();
  flow.read_rate = traffic.read_kbps() * kBytesPerKilobit;
}

TcpFlowSettings MakeFlow(const TcpScenario& scenario, const TcpConnectionClass& config, bool v6) {
  const TcpPath path = FindPath(scenario, config.path());
  const uint32_t headers = v6 ? 60 : 40;
  TcpFlowSettings flow;
  FillPath(path, flow);
  FillTraffic(config.traffic(), flow);
  flow.announced_mss = LocalMss(v6);
  const uint32_t mtu = path.mtu() > headers ? path.mtu() : kEthernetMtu;
  flow.mss = std::min<double>(mtu - headers, flow.announced_mss);
  flow.peer_window = Or(config.peer_window_bytes(), 1 << 20);
  flow.own_window = Or(config.own_window_bytes(), 1 << 20);
  flow.send_buffer = Or(config.send_buffer_bytes(), 1 << 18);
  flow.keepalive = Or(config.keepalive_s(), 60);
  flow.stuck_share = config.stuck_share();
  return flow;
}

// Bytes per second in the long run, by the usual formula.
double ExpectedRate(bool unlimited, double pace, double window, double bandwidth,
                    const TcpFlowSettings& flow) {
  double most = std::min(window / flow.rtt, bandwidth);
  if (flow.loss > 0) most = std::min(most, 1.22 * flow.mss / (flow.rtt * std::sqrt(flow.loss)));
  return unlimited ? most * flow.busy_share : std::min(pace, most);
}

TcpSegmentRates ExpectedSegments(const TcpFlowSettings& flow) {
  const double segment = flow.message_bytes > 0 ? std::min(flow.message_bytes, flow.mss) : flow.mss;
  const double out =
      ExpectedRate(flow.out_unlimited, flow.out_rate, flow.peer_window, flow.up, flow) / segment;
  const double in =
      ExpectedRate(flow.in_unlimited, flow.in_rate, flow.own_window, flow.down, flow) / segment;
  // Every second segment is acknowledged; idle connections have keep-alives.
  return {in + out / 2 + 1 / flow.keepalive, out + in / 2 + 1 / flow.keepalive,
          flow.ecn ? 0 : out * flow.loss, in * flow.damage};
}

absl::Status Unknown(absl::string_view what, absl::string_view name, absl::string_view where) {
  return absl::InvalidArgumentError(
      absl::StrCat(where, " names the ", what, " \"", name, "\", which there is not"));
}

absl::Status CheckClass(const TcpConnectionClass& config, const std::set<std::string>& processes,
                        const std::set<std::string>& paths) {
  const std::string where = absl::StrCat("the class of connections \"", config.name(), "\"");
  for (const std::string& process : config.processes()) {
    if (processes.count(process) == 0) return Unknown("process", process, where);
  }
  if (!config.path().empty() && paths.count(config.path()) == 0) {
    return Unknown("path", config.path(), where);
  }
  bool v6 = false;
  bool v4 = false;
  for (const std::string& peer : config.peers()) {
    const absl::optional<TcpNet> net = ParseTcpNet(peer);
    if (!net) {
      return absl::InvalidArgumentError(absl::StrCat(where, ": \"", peer, "\" is not a net"));
    }
    (net->address.v6 ? v6 : v4) = true;
  }
  if ((config.ipv6_share() > 0 && !v6) || (config.ipv6_share() < 1 && !v4)) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, " has no peers of an IP version that it uses (see ipv6_share)"));
  }
  if (config.port() == 0 || config.port() > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(where, " has no port from 1 to 65535"));
  }
  return absl::OkStatus();
}

}  // namespace

TcpClass MakeTcpClass(const TcpScenario& scenario, const TcpConnectionClass& config,
                      const TcpProcesses& processes, uint64_t seed) {
  TcpClass kind = {};
  kind.config = &config;
  kind.seed = seed;
  for (const std::string& id : config.processes()) {
    if (const TcpProcessEntry* process = processes.Find(id)) kind.processes.push_back(process);
  }
  for (const std::string& peer : config.peers()) {
    if (const absl::optional<TcpNet> net = ParseTcpNet(peer)) {
      kind.peers[net->address.v6 ? 1 : 0].push_back(*net);
    }
  }
  for (const bool v6 : {false, true}) {
    kind.flow[v6 ? 1 : 0] = MakeFlow(scenario, config, v6);
    kind.rates[v6 ? 1 : 0] = ExpectedSegments(kind.flow[v6 ? 1 : 0]);
  }
  return kind;
}

absl::Status CheckTcpScenario(const TcpScenario& scenario) {
  std::set<std::string> processes;
  std::set<std::string> paths;
  for (const TcpProcess& process : scenario.processes()) {
    processes.insert(process.id().empty() ? process.name() : process.id());
  }
  for (const TcpPath& path : scenario.paths()) paths.insert(path.name());
  for (const std::string& address : scenario.local_addresses()) {
    if (!ParseTcpNet(address)) {
      return absl::InvalidArgumentError(
          absl::StrCat("local_addresses: \"", address, "\" is not an address"));
    }
  }
  for (const TcpListener& listener : scenario.listeners()) {
    const std::string where = absl::StrCat("the listener on port ", listener.port());
    if (processes.count(listener.process()) == 0) {
      return Unknown("process", listener.process(), where);
    }
    if (!listener.address().empty() && !ParseTcpNet(listener.address())) {
      return absl::InvalidArgumentError(
          absl::StrCat(where, ": \"", listener.address(), "\" is not an address"));
    }
  }
  for (const TcpConnectionClass& config : scenario.connections()) {
    if (absl::Status status = CheckClass(config, processes, paths); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace farstat::sources::simulated
