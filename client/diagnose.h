// Why a target did not answer: a class for scripts and a sentence with cause and next step for
// people. gRPC's "UNAVAILABLE: failed to connect to all addresses" is neither, so where a fact can
// be had, it is found out: the name is resolved, the port connected to, TLS shaken hands with.

#ifndef FARSTAT_CLIENT_DIAGNOSE_H_
#define FARSTAT_CLIENT_DIAGNOSE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/target.h"
#include "common/certificates.h"

namespace farstat::client {

enum class FailureClass {
  kDns,
  kRefused,
  kConnectTimeout,
  kTls,
  kAuth,
  kBusy,
  kRpcTimeout,
  kUnsupported,
  kInternal,
};

// "DNS", "REFUSED", "CONNECT_TIMEOUT", …
absl::string_view FailureClassName(FailureClass failure_class);

struct Failure {
  FailureClass failure_class = FailureClass::kInternal;
  std::string message;
  // Trying again cannot help: the request, the rights or the agent must change first.
  bool permanent = false;
};

struct FailedCall {
  Target target;
  // How the call ended. OK: it never began, because no connection was made.
  absl::Status status;
  // The connect timeout passed, as against an attempt that failed at once.
  bool connect_timed_out = false;
  TlsFiles tls;
  std::string server_name;
  // The call was to change the host.
  bool changes_host = false;
  // It asked for EStats that are switched off again at the end.
  bool release_disables = false;
  absl::Duration connect_timeout;
  absl::Duration timeout;
};

// The failure of a call that was sent, was to change the host, and got no answer: nobody here knows
// what became of it.
Failure ChangeUncertain(Failure failure);

// Whether the status alone tells. If not, Diagnose probes, which blocks.
bool NeedsProbe(const FailedCall& call);

// Blocks for at most about twice the connect timeout.
Failure Diagnose(const FailedCall& call);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_DIAGNOSE_H_
