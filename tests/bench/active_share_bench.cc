// What a tick costs on the wire when most connections are idle: the real agent, real sockets.

#include <cstdio>
#include <memory>
#include <thread>

#include "absl/strings/str_format.h"
#include "farstat/v1/tcp.pb.h"
#include "tests/bench/audience.h"
#include "tests/bench/child_process.h"
#include "tests/bench/connections.h"
#include "tests/bench/stream_bench.h"

namespace farstat::bench {

std::vector<Figure> MeasureActiveShare(const std::string& agent, int connections, int active) {
  EnterOwnNetwork();
  const Connections idle(connections - active);
  const Connections busy(active, /*busy=*/true);
  const ChildProcess server({agent, "run", "--listen", "127.0.0.1:0"});
  v1::SubscribeTcpStatisticsRequest request;
  request.mutable_options()->mutable_interval()->set_seconds(1);
  request.mutable_options()->mutable_heartbeat_interval()->set_seconds(3600);
  Audience audience(server.address(), "/farstat.v1.TcpService/SubscribeTcpStatistics",
                    request.SerializeAsString(), 1);
  audience.WaitForFrames(3);
  audience.WaitUntilQuiet(absl::Milliseconds(300));
  const uint64_t full_set = audience.bytes();
  constexpr int kTicks = 5;
  std::this_thread::sleep_for(std::chrono::seconds(kTicks));  // allow(sleep): measured
  const double per_tick = static_cast<double>(audience.bytes() - full_set) / kTicks;
  return {{"bytes per tick / full set", per_tick / 1e3, static_cast<double>(full_set) / 1e3, "kB",
           0.02,
           absl::StrFormat("the agent, %d real sockets, of which %d send and receive each second",
                           2 * connections, 2 * active)}};
}

}  // namespace farstat::bench
