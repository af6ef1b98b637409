#include "agent/agent.h"

#include <random>
#include <utility>

#include "agent/hosts/this_host.h"
#include "common/clock.h"
#include "common/version.h"

namespace farstat {
namespace {

uint64_t NewStartId() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

rpc::Limits LimitsOf(const agent::AgentSettings& settings) {
  rpc::Limits limits;
  if (settings.max_streams() > 0) limits.max_streams = settings.max_streams();
  limits.max_streams_per_peer = settings.max_streams_per_peer() > 0
                                    ? settings.max_streams_per_peer()
                                    : (limits.max_streams * 3 + 3) / 4;
  if (settings.stalled_stream_timeout_s() > 0) {
    limits.stalled_stream_timeout = absl::Seconds(settings.stalled_stream_timeout_s());
  }
  return limits;
}

rpc::ServerOptions OptionsOf(const agent::AgentSettings& settings,
                             v1::GetAgentInfoResponse identity, families::Operations operations) {
  rpc::ServerOptions options;
  options.listen.assign(settings.listen().begin(), settings.listen().end());
  options.use_tls = settings.has_tls();
  options.tls = {settings.tls().ca(), settings.tls().certificate(), settings.tls().key()};
  options.roles.operators.assign(settings.operators().begin(), settings.operators().end());
  options.roles.local_operators = settings.local_operators();
  options.operations = std::move(operations);
  options.identity = std::move(identity);
  options.identity.set_agent_version(kVersion);
  *options.identity.mutable_start_time() = ToProto(SystemClock().Wall());
  options.describe_process = hosts::DescribeProcess;
  return options;
}

}  // namespace

Agent::Agent(const agent::AgentSettings& settings, hosts::Host host)
    : families_(std::move(host.families)),
      serving_(SystemClock(), LimitsOf(settings), NewStartId()),
      options_(OptionsOf(settings, std::move(host.identity), std::move(host.operations))) {
  if (settings.max_collection_cpu_percent() == 0) return;
  for (const auto& family : families_) {
    if (family->feed == nullptr) continue;
    family->feed->SetMaxCpuShare(settings.max_collection_cpu_percent() / 100.0);
  }
}

Agent::~Agent() = default;

absl::Status Agent::Start() {
  auto server = rpc::Server::Start(options_, families_, serving_);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  return absl::OkStatus();
}

void Agent::Stop(absl::Duration grace) { server_->Drain(grace); }

}  // namespace farstat
