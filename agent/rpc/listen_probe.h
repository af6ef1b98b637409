// Why an address cannot be listened on. gRPC only says that it cannot.

#ifndef FARSTAT_AGENT_RPC_LISTEN_PROBE_H_
#define FARSTAT_AGENT_RPC_LISTEN_PROBE_H_

#include <string>

#include "absl/status/status.h"

namespace farstat::rpc {

// Binds "HOST:PORT" for a moment. The error names the cause: the port is taken, the address is not
// one of this host's, the name does not resolve, the right is missing.
absl::Status ProbeListen(const std::string& address);

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_LISTEN_PROBE_H_
