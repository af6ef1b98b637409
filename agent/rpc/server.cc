#include "agent/rpc/server.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/families/cidr.h"
#include "agent/rpc/agent_service.h"
#include "agent/rpc/listen_probe.h"
#include "agent/rpc/stream.h"
#include "common/status.h"
#include "common/tls.h"
#include "spdlog/spdlog.h"

namespace farstat::rpc {
namespace {

// gRPC's own messages go where ours go. Its errors are mostly about peers, so they are not ours.
void LogForGrpc(gpr_log_func_args* args) {
  const auto level = args->severity == GPR_LOG_SEVERITY_ERROR  ? spdlog::level::warn
                     : args->severity == GPR_LOG_SEVERITY_INFO ? spdlog::level::debug
                                                               : spdlog::level::trace;
  spdlog::log(level, "grpc: {}", args->message);
}

// The host of "HOST:PORT" or "[IPv6]:PORT".
absl::string_view HostOf(absl::string_view address) {
  absl::string_view host = address.substr(0, address.rfind(':'));
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  return host;
}

void LogCondition(const std::string& service, const feed::Condition& condition) {
  if (condition.status.ok()) {
    // The first good collection is nothing to tell.
    if (condition.version > 1) spdlog::info("{}: collected again", service);
  } else {
    spdlog::warn("{}: {}", service, std::string(condition.status.message()));
  }
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Credentials(const ServerOptions& options) {
  if (!options.use_tls) return grpc::experimental::LocalServerCredentials(LOCAL_TCP);
  return MakeServerCredentials(options.tls, [](const absl::Status& status) {
    if (status.ok()) {
      spdlog::info("new certificates are in use");
    } else {
      spdlog::error("new certificates were refused, the old ones stay in use: {}",
                    std::string(status.message()));
    }
  });
}

void Configure(const Limits& limits, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(limits.max_request_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 100);
  // Without it a second agent could share the port and take half the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  const auto milliseconds = [](absl::Duration duration) {
    return static_cast<int>(absl::ToInt64Milliseconds(duration));
  };
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, milliseconds(limits.keepalive_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, milliseconds(limits.keepalive_timeout));
  // Also while there is nothing to send: a peer that vanished is noticed all the same.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Requests are small: nobody gets to fill more of our memory than one takes, however fast.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, limits.max_request_bytes);
}

}  // namespace

bool IsLoopback(absl::string_view host) {
  if (host == "localhost") return true;
  const auto v4 = families::AddressRange::Parse("127.0.0.0/8");
  const auto v6 = families::AddressRange::Parse("::1/128");
  return v4->ContainsText(host) || v6->ContainsText(host);
}

absl::Status CheckListenAddress(const std::string& address, bool use_tls) {
  const size_t colon = address.rfind(':');
  int port = -1;
  if (colon == std::string::npos || HostOf(address).empty() ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 0 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen on \"", address, "\": an address is HOST:PORT or [IPv6]:PORT"));
  }
  if (!use_tls && !IsLoopback(HostOf(address))) {
    return absl::FailedPreconditionError(absl::StrCat(
        "will not listen on ", address,
        " without certificates: the network is served by mutual TLS only. Give the CA, certificate "
        "and key (--ca, --cert, --key; deploy/certs/make-test-ca.sh makes some to try), or listen "
        "on "
        "127.0.0.1"));
  }
  return absl::OkStatus();
}

Server::Server(const ServerOptions& options, const Families& families, Serving& serving)
    : families_(families),
      serving_(serving),
      operations_(options.operations),
      authorizer_(options.roles),
      operation_calls_(operations_, authorizer_) {}

Server::~Server() {
  if (!drained_) Drain(absl::ZeroDuration());
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const Families& families, Serving& serving) {
  gpr_set_log_function(LogForGrpc);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  for (const std::string& address : options.listen) {
    if (absl::Status status = CheckListenAddress(address, options.use_tls); !status.ok())
      return status;
    if (absl::Status status = ProbeListen(address); !status.ok()) return status;
  }
  std::unique_ptr<Server> server(
      new Server(options, families, serving));  // its constructor is private
  server->services_ = MakeStatisticsServices(families, serving, server->operation_calls_);
  server->services_.push_back(MakeAgentService(families, serving, server->operations_,
                                               options.identity, options.describe_process));
  grpc::ServerBuilder builder;
  Configure(serving.limits, builder);
  std::vector<int> ports(options.listen.size());
  for (size_t i = 0; i < options.listen.size(); ++i) {
    // Credentials of its own for each: they remember which certificates their port has been given.
    auto credentials = Credentials(options);
    if (!credentials.ok()) return credentials.status();
    builder.AddListeningPort(options.listen[i], *credentials, &ports[i]);
  }
  for (const auto& service : server->services_) builder.RegisterService(service.get());
  server->server_ = builder.BuildAndStart();
  const auto unbound = std::find(ports.begin(), ports.end(), 0);
  if (server->server_ == nullptr || unbound != ports.end()) {
    const auto& address = options.listen[static_cast<size_t>(unbound - ports.begin())];
    return absl::UnavailableError(absl::StrCat("cannot listen on ", address));
  }
  for (size_t i = 0; i < options.listen.size(); ++i) {
    const std::string& address = options.listen[i];
    server->addresses_.push_back(absl::StrCat(address.substr(0, address.rfind(':') + 1), ports[i]));
  }
  server->WatchHealth();
  return server;
}

std::shared_ptr<grpc::Channel> Server::InProcessChannel() {
  return server_->InProcessChannel(grpc::ChannelArguments());
}

// Health follows the sources: a family that cannot be delivered is NOT_SERVING while the others
// serve.
void Server::WatchHealth() {
  grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
  for (const auto& family : families_) {
    const std::string& service = family->service;
    if (family->feed == nullptr) {
      health->SetServingStatus(service, false);
      continue;
    }
    health->SetServingStatus(service, true);
    family->feed->ObserveCondition([health, service](const feed::Condition& condition) {
      health->SetServingStatus(service, !condition.stale);
      LogCondition(service, condition);
    });
  }
  health->SetServingStatus("farstat.v1.AgentService", true);
  health->SetServingStatus("farstat.v1.HostService", true);
}

void Server::Drain(absl::Duration grace) {
  drained_ = true;
  if (server_ == nullptr) return;
  for (const auto& family : families_) {
    if (family->feed != nullptr) family->feed->ObserveCondition(nullptr);
  }
  server_->GetHealthCheckService()->Shutdown();
  serving_.streams.Close();
  operation_calls_.Close();
  for (const auto& stream : serving_.streams.All()) {
    stream->SayGoodbye(v1::GOODBYE_REASON_SHUTDOWN, absl::Seconds(5));
  }
  // Streams whose clients read are gone in milliseconds; the others are cut.
  const SteadyTime deadline = serving_.clock.Steady() + absl::ToChronoNanoseconds(grace);
  serving_.streams.WaitUntilEmpty(deadline);
  for (const auto& stream : serving_.streams.All()) stream->Evict();
  // Calls into the operating system that hang are left behind.
  const SteadyTime patience_ends =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(feed::Feed::kPatience);
  for (const auto& family : families_) {
    if (family->feed == nullptr) continue;
    family->feed->Stop(absl::FromChrono(patience_ends - std::chrono::steady_clock::now()));
  }
  operation_calls_.End(patience_ends);
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  server_->Wait();
}

}  // namespace farstat::rpc
