#include "client/diagnose.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/format/text.h"
#include "client/format/units.h"
#include "client/probe.h"
#include "client/tls_probe.h"
#include "common/status.h"

namespace farstat::client {
namespace {

// Long enough for a host that is alive, when gRPC has already waited the full time in vain.
constexpr absl::Duration kSecondTry = absl::Milliseconds(700);
// A server that accepts a connection speaks within this, or is taken for silent.
constexpr absl::Duration kLongestSpeechTimeout = absl::Seconds(2);

SteadyTime SpeechDeadline(const FailedCall& call) {
  return SteadyIn(std::min(kLongestSpeechTimeout, call.connect_timeout));
}

Failure Make(FailureClass failure_class, std::string message) {
  return {failure_class, std::move(message), false};
}

Failure Permanent(FailureClass failure_class, std::string message) {
  return {failure_class, std::move(message), true};
}

absl::string_view SpeakerName(Speech speech) {
  switch (speech) {
    case Speech::kSsh:
      return "an SSH server";
    case Speech::kHttp1:
      return "a web server";
    case Speech::kHttp2:
      return "an HTTP/2 server";
    case Speech::kTls:
      return "a TLS server";
    default:
      return "something else than an agent";
  }
}

// What the agent itself gave as the reason.
Failure FromReason(const FailedCall& call, const std::string& reason) {
  const std::string message = Printable(call.status.message());
  if (reason == kNotSupportedHere) return Permanent(FailureClass::kUnsupported, message);
  if (reason == kRoleRequired) return Permanent(FailureClass::kAuth, message);
  // To switch off also after a crash, the agent needs a place to remember.
  if (reason == kSettingRequired && call.release_disables) {
    return Permanent(FailureClass::kInternal,
                     absl::StrCat(message, ". With --release keep it is not needed: what was ",
                                  "switched on stays on until the connections end"));
  }
  if (reason == kAgentLacksPrivilege || reason == kSettingRequired) {
    return Permanent(FailureClass::kInternal, message);
  }
  if (reason == kLimitReached || reason == kSourceBusy || reason == kTableChanging ||
      reason == kAgentStopping) {
    return Make(FailureClass::kBusy, message);
  }
  if (reason == kInvalidArgument) {
    return Permanent(FailureClass::kInternal,
                     absl::StrCat("the agent does not understand the request: ", message));
  }
  return Make(FailureClass::kInternal, message);
}

Failure FromCode(const FailedCall& call) {
  const std::string message = Printable(call.status.message());
  switch (call.status.code()) {
    case absl::StatusCode::kUnimplemented:
      return Permanent(FailureClass::kUnsupported,
                       absl::StrCat("not a farstat agent, or one older than this CLI: it does not ",
                                    "know the call (", message, ")"));
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return Permanent(FailureClass::kAuth,
                       absl::StrCat("the agent denies this caller: ", message));
    case absl::StatusCode::kResourceExhausted:
      // gRPC's own bound on this side, not the agent's.
      if (absl::StrContains(message, "message larger than")) {
        return Permanent(FailureClass::kInternal,
                         absl::StrCat("the answer is too large: ", message));
      }
      return Make(FailureClass::kBusy, absl::StrCat("the agent is at a limit: ", message));
    case absl::StatusCode::kDeadlineExceeded:
      return Make(
          FailureClass::kRpcTimeout,
          absl::StrCat("connected, but no answer within ", HumanDuration(call.timeout),
                       ": the host is overloaded or a source hangs; allow more with ", "--timeout",
                       call.changes_host ? "" : ", or look with farstat agent status"));
    case absl::StatusCode::kInvalidArgument:
      return Permanent(FailureClass::kInternal,
                       absl::StrCat("the agent does not understand the request: ", message));
    default:
      return Make(FailureClass::kInternal,
                  absl::StrCat(absl::StatusCodeToString(call.status.code()), ": ", message));
  }
}

Failure FromConnectError(const FailedCall& call, int error, const std::vector<std::string>& tried) {
  const std::string where = absl::StrJoin(tried, " and ");
  switch (error) {
    case ECONNREFUSED:
      return Make(
          FailureClass::kRefused,
          absl::StrCat(where, " refused the connection: the host is up, but nothing listens ",
                       "on that port. Is farstat-agent running there?"));
    case ETIMEDOUT:
      return Make(
          FailureClass::kConnectTimeout,
          absl::StrCat("no answer from ", where, " within ", HumanDuration(call.connect_timeout),
                       ": the host is down, or a firewall drops the packets"));
    case EHOSTUNREACH:
    case ENETUNREACH:
      return Make(FailureClass::kConnectTimeout,
                  absl::StrCat(where, " cannot be reached (", ErrnoText(error),
                               "): check routes and VPN of this host"));
    case EACCES:
    case EPERM:
      return Make(FailureClass::kRefused,
                  absl::StrCat("this host does not allow the connection to ", where, " (",
                               ErrnoText(error), "): check its firewall"));
    default:
      return Make(FailureClass::kRefused,
                  absl::StrCat("connecting to ", where, " failed: ", ErrnoText(error)));
  }
}

Failure FromSilence(const FailedCall& call) {
  return Make(FailureClass::kConnectTimeout,
              absl::StrCat(call.target.HostAndPort(), " accepts connections, but nothing answers ",
                           "there: the program behind the port hangs, or is no agent"));
}

Failure FromOtherSpeech(const FailedCall& call, Speech speech) {
  return Make(FailureClass::kUnsupported,
              absl::StrCat("there is ", SpeakerName(speech), " on ", call.target.HostAndPort(),
                           ", not a farstat agent: check the port"));
}

Failure FromHangUp(const FailedCall& call) {
  return Make(
      FailureClass::kUnsupported,
      absl::StrCat(call.target.HostAndPort(), " accepts connections and closes them at once: ",
                   "that is no farstat agent, or one that is just stopping"));
}

// The port answers as it should; gRPC's attempt failed for another reason.
Failure FromHealthyPort(const FailedCall& call) {
  if (call.status.ok()) {
    return Make(FailureClass::kInternal,
                absl::StrCat(call.target.HostAndPort(),
                             " could not be used at first, but answers now: try again"));
  }
  return Make(FailureClass::kInternal,
              absl::StrCat("the connection broke during the call, and the agent can be reached ",
                           "again: try again (", Printable(call.status.message()), ")"));
}

Failure DiagnoseTls(const FailedCall& call, const Connection& connection) {
  const std::string& name = call.server_name.empty() ? call.target.host : call.server_name;
  const TlsFinding finding = ProbeTls(connection, call.tls, name, SpeechDeadline(call));
  switch (finding.outcome) {
    case TlsFinding::Outcome::kFine:
      return FromHealthyPort(call);
    case TlsFinding::Outcome::kRefused:
    case TlsFinding::Outcome::kLocalFault:
      return Make(FailureClass::kTls, finding.message);
    case TlsFinding::Outcome::kNotTls:
      if (finding.speech == Speech::kHttp2) {
        return Make(FailureClass::kTls,
                    absl::StrCat("what listens on ", call.target.HostAndPort(), " speaks HTTP/2 ",
                                 "without TLS, as an agent on loopback may: leave out --ca, ",
                                 "--cert and --key"));
      }
      return FromOtherSpeech(call, finding.speech);
    case TlsFinding::Outcome::kClosed:
      if (finding.speech != Speech::kTls) return FromHangUp(call);
      return Make(
          FailureClass::kTls,
          absl::StrCat(call.target.HostAndPort(), " ended the TLS handshake without saying ",
                       "why. Most likely the agent refuses this side's certificate (",
                       call.tls.certificate, "): it must be from the CA that the agent ",
                       "trusts. The agent's log tells"));
    case TlsFinding::Outcome::kSilent:
      return FromSilence(call);
  }
  return FromSilence(call);
}

// The client's preface of HTTP/2 and an empty SETTINGS frame.
constexpr absl::string_view kHttp2Greeting("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
                                           33);

Failure DiagnosePlaintext(const FailedCall& call, const Connection& connection,
                          const SocketAddress& address) {
  bool closed = false;
  connection.Send(kHttp2Greeting);
  const std::string answer = connection.Receive(SpeechDeadline(call), closed);
  const Speech speech = RecognizeSpeech(answer);
  if (speech == Speech::kHttp2) return FromHealthyPort(call);
  // A TLS server hangs up on such a greeting, or answers with an alert.
  Connection second;
  const bool is_tls =
      speech == Speech::kTls || (closed && second.Open(address, SteadyIn(kSecondTry)) == 0 &&
                                 SpeaksTls(second, SpeechDeadline(call)));
  if (is_tls) {
    return Make(
        FailureClass::kTls,
        absl::StrCat("what listens on ", call.target.HostAndPort(), " wants TLS: give --ca, ",
                     "--cert and --key, and as the target a name that its certificate has"));
  }
  if (!answer.empty()) return FromOtherSpeech(call, speech);
  if (!closed) return FromSilence(call);
  return FromHangUp(call);
}

Failure Probe(const FailedCall& call) {
  const absl::StatusOr<std::vector<SocketAddress>> addresses =
      ResolveName(call.target.host, call.target.port, call.connect_timeout);
  if (absl::IsDeadlineExceeded(addresses.status())) {
    return Make(
        FailureClass::kDns,
        absl::StrCat("no answer to the question for the address of ", call.target.host, " within ",
                     HumanDuration(call.connect_timeout), ": check the DNS servers of this host"));
  }
  if (!addresses.ok()) {
    return Make(FailureClass::kDns,
                absl::StrCat("the name ", call.target.host, " has no address (",
                             addresses.status().message(), "): check the spelling and DNS"));
  }
  const absl::Duration patience =
      call.connect_timed_out ? std::min(kSecondTry, call.connect_timeout) : call.connect_timeout;
  const SteadyTime deadline = SteadyIn(patience);
  int first_error = 0;
  std::vector<std::string> tried;
  for (const SocketAddress& address : *addresses) {
    Connection connection;
    const int error = connection.Open(address, deadline);
    if (error == 0) {
      return call.tls.empty() ? DiagnosePlaintext(call, connection, address)
                              : DiagnoseTls(call, connection);
    }
    // A refusal says more than an address family that this host does not route.
    if (first_error == 0 || error == ECONNREFUSED) first_error = error;
    tried.push_back(address.ToString());
  }
  return FromConnectError(call, first_error, tried);
}

// The call was sent, and its end is gRPC's word, not the agent's.
bool IsUnanswered(const FailedCall& call) {
  return ErrorInfoOf(call.status).reason().empty() &&
         (absl::IsDeadlineExceeded(call.status) || absl::IsCancelled(call.status) ||
          absl::IsUnavailable(call.status));
}

// Trying again cannot heal these, whatever the reason that came along.
bool IsPermanent(absl::StatusCode code) {
  return code == absl::StatusCode::kUnauthenticated ||
         code == absl::StatusCode::kPermissionDenied ||
         code == absl::StatusCode::kInvalidArgument || code == absl::StatusCode::kUnimplemented;
}

}  // namespace

absl::string_view FailureClassName(FailureClass failure_class) {
  switch (failure_class) {
    case FailureClass::kDns:
      return "DNS";
    case FailureClass::kRefused:
      return "REFUSED";
    case FailureClass::kConnectTimeout:
      return "CONNECT_TIMEOUT";
    case FailureClass::kTls:
      return "TLS";
    case FailureClass::kAuth:
      return "AUTH";
    case FailureClass::kBusy:
      return "BUSY";
    case FailureClass::kRpcTimeout:
      return "RPC_TIMEOUT";
    case FailureClass::kUnsupported:
      return "UNSUPPORTED";
    case FailureClass::kInternal:
      return "INTERNAL";
  }
  return "INTERNAL";
}

Failure ChangeUncertain(Failure failure) {
  absl::StrAppend(
      &failure.message, absl::EndsWith(failure.message, "?") ? " " : ". ",
      "The change may have been carried out, in part or in full, or may still be: look ",
      "with farstat agent status before trying again");
  return failure;
}

bool NeedsProbe(const FailedCall& call) {
  if (call.status.ok()) return true;
  return absl::IsUnavailable(call.status) && ErrorInfoOf(call.status).reason().empty();
}

Failure Diagnose(const FailedCall& call) {
  const std::string reason = ErrorInfoOf(call.status).reason();
  Failure failure = NeedsProbe(call) ? Probe(call)
                    : reason.empty() ? FromCode(call)
                                     : FromReason(call, reason);
  failure.permanent = failure.permanent || IsPermanent(call.status.code());
  return call.changes_host && IsUnanswered(call) ? ChangeUncertain(std::move(failure)) : failure;
}

}  // namespace farstat::client
