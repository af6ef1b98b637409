#include "common/tls.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "common/file_facts.h"
#include "common/mutex.h"

namespace farstat {
namespace {

using Stamps = std::array<FileStamp, 3>;

Stamps StampsOf(const TlsFiles& files) {
  return {StampOf(files.ca), StampOf(files.certificate), StampOf(files.key)};
}

constexpr std::chrono::seconds kRetryRefused(30);

// The files of a server, as gRPC asks for them at each handshake.
class ServerFiles {
 public:
  ServerFiles(TlsFiles files, ReloadObserver observer, const Clock& clock)
      : files_(std::move(files)), observer_(std::move(observer)), clock_(clock) {}

  grpc_ssl_certificate_config_reload_status Fetch(grpc_ssl_server_certificate_config** config) {
    const MutexLock lock(mutex_);
    const Stamps stamps = StampsOf(files_);
    if (asked_before_ && stamps == stamps_ && (taken_ || clock_.Steady() < retry_)) {
      return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    }
    const bool first = !asked_before_;
    asked_before_ = true;
    stamps_ = stamps;
    const absl::StatusOr<TlsContents> contents = ReadTlsFiles(files_, clock_.Wall());
    taken_ = contents.ok();
    // What was refused may become fit as it is: a certificate whose time has not come yet.
    retry_ = clock_.Steady() + kRetryRefused;
    if (!first && observer_ != nullptr) observer_(contents.status());
    // After a refusal gRPC goes on with what it has. UNCHANGED rather than FAIL: the observer logs
    // better than gRPC would.
    if (!contents.ok()) {
      return first ? GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL
                   : GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    }
    const grpc_ssl_pem_key_cert_pair pair = {contents->key.c_str(), contents->certificate.c_str()};
    *config = grpc_ssl_server_certificate_config_create(contents->ca.c_str(), &pair, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

 private:
  const TlsFiles files_;
  const ReloadObserver observer_;
  const Clock& clock_;
  Mutex mutex_;
  bool asked_before_ ABSL_GUARDED_BY(mutex_) = false;
  Stamps stamps_ ABSL_GUARDED_BY(mutex_);
  // The files with these stamps were taken, or are to be looked at again from then on.
  bool taken_ ABSL_GUARDED_BY(mutex_) = false;
  SteadyTime retry_ ABSL_GUARDED_BY(mutex_);
};

// Keeps the files until the process ends: a server asks as long as it lives, which may be longer
// than its credentials do, and gRPC does not say when it has asked for the last time.
ServerFiles* KeepForever(std::unique_ptr<ServerFiles> files) {
  static Mutex mutex;
  static auto& kept = *new std::vector<std::unique_ptr<ServerFiles>>;
  const MutexLock lock(mutex);
  kept.push_back(std::move(files));
  return kept.back().get();
}

// gRPC offers certificates that change while serving, judged by the application, in C only.
class ReloadingServerCredentials final : public grpc::ServerCredentials {
 public:
  explicit ReloadingServerCredentials(ServerFiles* files)
      : credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, &Fetch, files))) {}

  ~ReloadingServerCredentials() override { grpc_server_credentials_release(credentials_); }

  // Peers are known by their certificates alone.
  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>& /*processor*/) override {}

 private:
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* files, grpc_ssl_server_certificate_config** config) {
    return static_cast<ServerFiles*>(files)->Fetch(config);
  }

  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  grpc_server_credentials* const credentials_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsFiles& files, ReloadObserver observer, const Clock& clock) {
  const absl::StatusOr<TlsContents> contents = ReadTlsFiles(files, clock.Wall());
  if (!contents.ok()) return contents.status();
  return std::make_shared<ReloadingServerCredentials>(
      KeepForever(std::make_unique<ServerFiles>(files, std::move(observer), clock)));
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeChannelCredentials(
    const TlsFiles& files, const Clock& clock) {
  absl::StatusOr<TlsContents> contents = ReadTlsFiles(files, clock.Wall());
  if (!contents.ok()) return contents.status();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = std::move(contents->ca);
  options.pem_cert_chain = std::move(contents->certificate);
  options.pem_private_key = std::move(contents->key);
  return grpc::SslCredentials(options);
}

}  // namespace farstat
