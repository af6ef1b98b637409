// Mutual TLS for both sides: the only way onto the network that farstat has.
//
// TLS 1.2 or newer, and each side proves itself with a certificate from an authority that the other
// one trusts. The agent looks at its files at every handshake and takes new ones at once; files
// that are unfit (a key that does not belong to the certificate, expired, half written) are refused
// and the old ones stay in service. gRPC's own file watcher would poll with a thread, and with a
// pair that does not match it would serve nobody until the files are right again.

#ifndef FARSTAT_COMMON_TLS_H_
#define FARSTAT_COMMON_TLS_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/certificates.h"
#include "common/clock.h"

namespace grpc {
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace farstat {

// Told when changed files were taken (OK) or refused (why), from a thread of gRPC.
using ReloadObserver = std::function<void(const absl::Status&)>;

// For an agent; `clock` outlives the process's servers. Clients without a certificate from
// `files.ca` are refused in the handshake. Fails with everything that is wrong with the files.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsFiles& files, ReloadObserver observer = nullptr, const Clock& clock = SystemClock());

// For a client. The files are read now: make new credentials to take changed ones. Fails with
// everything that is wrong with the files.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const TlsFiles& files, const Clock& clock = SystemClock());

}  // namespace farstat

#endif  // FARSTAT_COMMON_TLS_H_
