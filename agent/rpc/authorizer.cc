#include "agent/rpc/authorizer.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace farstat::rpc {
namespace {

// The names by which a certificate can be listed: the common name, then DNS names and URIs.
std::vector<std::string> NamesOf(const grpc::AuthContext& context) {
  std::vector<std::string> names;
  for (const char* property :
       {GRPC_X509_CN_PROPERTY_NAME, GRPC_PEER_DNS_PROPERTY_NAME, GRPC_PEER_URI_PROPERTY_NAME}) {
    for (const grpc::string_ref& value : context.FindPropertyValues(property)) {
      names.emplace_back(value.data(), value.size());
    }
  }
  return names;
}

bool IsTls(const grpc::AuthContext& context) {
  const auto types = context.FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  return std::any_of(types.begin(), types.end(), [](const grpc::string_ref& type) {
    return type == GRPC_SSL_TRANSPORT_SECURITY_TYPE || type == GRPC_TLS_TRANSPORT_SECURITY_TYPE;
  });
}

bool Matches(absl::string_view listed, absl::string_view name) {
  if (!absl::ConsumePrefix(&listed, "*")) return absl::EqualsIgnoreCase(listed, name);
  // A URI may end with anything that its host has chosen.
  return name.size() > listed.size() && !absl::StrContains(name, "/") &&
         absl::EndsWithIgnoreCase(name, listed);
}

}  // namespace

absl::Status CheckOperatorName(absl::string_view name) {
  absl::string_view rest = name;
  const bool is_suffix = absl::ConsumePrefix(&rest, "*.");
  if (!rest.empty() && !absl::StrContains(rest, "*") &&
      !(is_suffix && absl::StartsWith(rest, "."))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is not the name in a certificate, nor \"*.\" and how it ends"));
}

bool Authorizer::IsOperator(const std::vector<std::string>& names) const {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return std::any_of(roles_.operators.begin(), roles_.operators.end(),
                       [&](const std::string& listed) { return Matches(listed, name); });
  });
}

Authorizer::Caller Authorizer::Identify(const grpc::ServerContextBase& context) const {
  Caller caller;
  caller.name = context.peer();
  const std::shared_ptr<const grpc::AuthContext> authentication = context.auth_context();
  caller.has_certificate = authentication != nullptr && IsTls(*authentication);
  if (!caller.has_certificate) {
    // Without TLS only this host is served.
    caller.is_operator = roles_.local_operators;
    return caller;
  }
  const std::vector<std::string> names = NamesOf(*authentication);
  if (!names.empty()) caller.name = absl::StrCat(names.front(), " at ", caller.name);
  caller.is_operator = IsOperator(names);
  return caller;
}

absl::Status Authorizer::RequireOperator(const Caller& caller, absl::string_view method) {
  if (caller.is_operator) return absl::OkStatus();
  const absl::string_view setting = caller.has_certificate ? "operators" : "local_operators";
  return ErrorStatus(
      absl::StatusCode::kPermissionDenied, kRoleRequired,
      caller.has_certificate
          ? absl::StrCat(method, " needs the role operator, and ", caller.name,
                         " is a reader; add a name of its certificate to operators in the agent's "
                         "settings")
          : absl::StrCat(method,
                         " needs the role operator, and who calls from this host without a "
                         "certificate is a reader; set local_operators in the agent's settings "
                         "(or start it with --local-operators) to let every program of this host "
                         "do it"),
      {{"setting", std::string(setting)}, {"role", "operator"}});
}

}  // namespace farstat::rpc
