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

// A name in a certificate.
struct CertificateName {
  enum class Kind { kCommon, kDns, kUri };
  Kind kind;
  std::string text;
};
using Kind = CertificateName::Kind;

void AddNames(const grpc::AuthContext& context, const char* property, Kind kind,
              std::vector<CertificateName>& names) {
  for (const grpc::string_ref& value : context.FindPropertyValues(property)) {
    names.push_back({kind, std::string(value.data(), value.size())});
  }
}

// The names by which a certificate can be listed. The common name, which any authority fills in as
// it likes, is one only where there is none that says of what kind it is.
std::vector<CertificateName> NamesOf(const grpc::AuthContext& context) {
  std::vector<CertificateName> names;
  AddNames(context, GRPC_PEER_DNS_PROPERTY_NAME, Kind::kDns, names);
  AddNames(context, GRPC_PEER_URI_PROPERTY_NAME, Kind::kUri, names);
  if (names.empty()) AddNames(context, GRPC_X509_CN_PROPERTY_NAME, Kind::kCommon, names);
  return names;
}

bool IsTls(const grpc::AuthContext& context) {
  const auto types = context.FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  return std::any_of(types.begin(), types.end(), [](const grpc::string_ref& type) {
    return type == GRPC_SSL_TRANSPORT_SECURITY_TYPE || type == GRPC_TLS_TRANSPORT_SECURITY_TYPE;
  });
}

bool IsUri(absl::string_view listed) { return absl::StrContains(listed, "://"); }

bool Matches(absl::string_view listed, const CertificateName& name) {
  if (IsUri(listed)) return name.kind == Kind::kUri && name.text == listed;
  if (absl::ConsumePrefix(&listed, "*")) {
    return name.kind == Kind::kDns && name.text.size() > listed.size() &&
           absl::EndsWithIgnoreCase(name.text, listed);
  }
  return name.kind != Kind::kUri && absl::EqualsIgnoreCase(listed, name.text);
}

bool IsListed(const std::vector<CertificateName>& names,
              const std::vector<std::string>& operators) {
  return std::any_of(names.begin(), names.end(), [&](const CertificateName& name) {
    return std::any_of(operators.begin(), operators.end(),
                       [&](const std::string& listed) { return Matches(listed, name); });
  });
}

}  // namespace

absl::Status CheckOperatorName(absl::string_view name) {
  absl::string_view rest = name;
  const bool is_suffix = absl::ConsumePrefix(&rest, "*.");
  const bool is_dns_suffix = !absl::StartsWith(rest, ".") && !absl::StrContains(rest, "/");
  if (!rest.empty() && !absl::StrContains(rest, "*") && (!is_suffix || is_dns_suffix)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", name, "\" is not a name in a certificate, nor \"*.\" and how DNS names end"));
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
  const std::vector<CertificateName> names = NamesOf(*authentication);
  if (!names.empty()) caller.name = absl::StrCat(names.front().text, " at ", caller.name);
  caller.is_operator = IsListed(names, roles_.operators);
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
