// A TLS handshake of our own, to learn why gRPC's failed: which side refused which certificate, and
// on what grounds.

#ifndef FARSTAT_CLIENT_TLS_PROBE_H_
#define FARSTAT_CLIENT_TLS_PROBE_H_

#include <string>

#include "client/probe.h"
#include "common/certificates.h"

namespace farstat::client {

struct TlsFinding {
  enum class Outcome {
    // Both sides accepted each other, and the server went on.
    kFine,
    // This side refused the server, or the server refused this side.
    kRefused,
    // What answers is no TLS; `speech` says what it may be.
    kNotTls,
    // Closed without a word of explanation.
    kClosed,
    // Nothing came in time.
    kSilent,
    // This side's own files cannot be used.
    kLocalFault,
  };
  Outcome outcome = Outcome::kFine;
  Speech speech = Speech::kOther;
  // A sentence: cause and next step. Empty where the outcome says it all.
  std::string message;
};

// Over a fresh connection. `name`: the host name or address that the server's certificate must
// have.
TlsFinding ProbeTls(const Connection& connection, const TlsFiles& files, const std::string& name,
                    SteadyTime deadline);

// Whether a server answers a TLS greeting at all, asked without certificates.
bool SpeaksTls(const Connection& connection, SteadyTime deadline);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_TLS_PROBE_H_
