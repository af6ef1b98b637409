// The gRPC server of an agent: its listeners, services, health, and how it ends.

#ifndef FARSTAT_AGENT_RPC_SERVER_H_
#define FARSTAT_AGENT_RPC_SERVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/families/operations.h"
#include "agent/rpc/authorizer.h"
#include "agent/rpc/operation_calls.h"
#include "agent/rpc/serving.h"
#include "agent/rpc/statistics_services.h"
#include "common/certificates.h"
#include "farstat/v1/agent.pb.h"

namespace grpc {
class Channel;
class Server;
class Service;
}  // namespace grpc

namespace farstat::rpc {

struct ServerOptions {
  // "HOST:PORT", "[IPv6]:PORT"; port 0 takes a free one. May be empty in tests.
  std::vector<std::string> listen;
  // Set: mutual TLS on every listener. Not set: only loopback addresses are allowed.
  bool use_tls = false;
  TlsFiles tls;
  // Who may change the host, and what can be changed of it.
  Roles roles;
  families::Operations operations;
  // For AgentService: what is known at start, and what is asked for at each call.
  v1::GetAgentInfoResponse identity;
  std::function<v1::ProcessStatus()> describe_process;
};

class Server {
 public:
  // Binds the listeners and serves. The error says which address could not be had, and why.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const Families& families, Serving& serving);
  ~Server();

  // Addresses that are served, with the ports that were taken.
  const std::vector<std::string>& addresses() const { return addresses_; }
  // A channel to the server inside the process.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Ends orderly: health says NOT_SERVING, streams get a Goodbye and `grace` to read it, then what
  // is left is cut. Returns when nothing is served any more. Called once.
  void Drain(absl::Duration grace);

 private:
  Server(const ServerOptions& options, const Families& families, Serving& serving);
  void WatchHealth();

  const Families& families_;
  Serving& serving_;
  const families::Operations operations_;
  const Authorizer authorizer_;
  OperationCalls operation_calls_;
  std::vector<std::string> addresses_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
  bool drained_ = false;
};

// OK, or what is wrong with an address to listen on, before anything is bound.
absl::Status CheckListenAddress(const std::string& address, bool use_tls);

// Whether only programs of this host can reach the address ("localhost", 127.0.0.0/8, ::1).
bool IsLoopback(absl::string_view host);

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_SERVER_H_
