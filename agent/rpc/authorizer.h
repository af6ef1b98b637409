// Who calls, and what they may do. Everybody who gets through to the agent is a reader; the calls
// that change the host need the role operator.

#ifndef FARSTAT_AGENT_RPC_AUTHORIZER_H_
#define FARSTAT_AGENT_RPC_AUTHORIZER_H_

#include <grpcpp/server_context.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace farstat::rpc {

// Who is an operator.
struct Roles {
  // Names in clients' certificates. "*.ops.example" stands for every DNS name that ends so. What
  // contains "://" is a URI, compared letter by letter. Any other is a DNS name, or the common name
  // of a certificate that has neither DNS names nor URIs; capitals do not matter.
  std::vector<std::string> operators;
  // Also everybody who calls from this host without a certificate.
  bool local_operators = false;
};

// OK, or what is wrong with an entry of `operators`.
absl::Status CheckOperatorName(absl::string_view name);

class Authorizer {
 public:
  // Somebody who calls.
  struct Caller {
    // For logs and status: the first name in the certificate that counts, and the address.
    std::string name;
    // They called over TLS, and so have a certificate.
    bool has_certificate = false;
    bool is_operator = false;
  };

  explicit Authorizer(Roles roles) : roles_(std::move(roles)) {}

  Caller Identify(const grpc::ServerContextBase& context) const;

  // OK, or PERMISSION_DENIED with what must be changed. `method` is what is asked for.
  static absl::Status RequireOperator(const Caller& caller, absl::string_view method);

 private:
  const Roles roles_;
};

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_AUTHORIZER_H_
