// PEM files on disk, judged before gRPC gets to see them, so that what is wrong with them is said
// in a sentence and all at once.

#ifndef FARSTAT_COMMON_CERTIFICATES_H_
#define FARSTAT_COMMON_CERTIFICATES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace farstat {

// Paths of the three PEM files that mutual TLS needs.
struct TlsFiles {
  // Certificates of the authorities that the peer's certificate must come from.
  std::string ca;
  // This side's certificate, followed by intermediate ones if there are any.
  std::string certificate;
  // The private key of that certificate, without a passphrase.
  std::string key;

  bool empty() const { return ca.empty() && certificate.empty() && key.empty(); }
};

// The contents of those files.
struct TlsContents {
  std::string ca;
  std::string certificate;
  std::string key;
};

// Everything that is wrong with the files at `now`: a sentence each, naming the file and what to
// do. Empty: they can be used. That the certificate comes from the authorities in `ca` is not asked
// for: those judge the peer, and both sides may well have different authorities.
std::vector<std::string> CheckTlsFiles(const TlsFiles& files, absl::Time now);

// The contents of files that are fit for use at `now`, or FAILED_PRECONDITION with all that is
// wrong.
absl::StatusOr<TlsContents> ReadTlsFiles(const TlsFiles& files, absl::Time now);

// When the (first) certificate of a PEM file expires.
absl::StatusOr<absl::Time> CertificateNotAfter(const std::string& path);

// What a certificate says of itself.
struct CertificateFacts {
  std::string common_name;
  // "DNS:agent.example", "IP:192.0.2.1", "URI:spiffe://example/agent".
  std::vector<std::string> names;
  absl::Time not_before;
  absl::Time not_after;
};

// Of each certificate in a PEM file, in its order; at least one.
absl::StatusOr<std::vector<CertificateFacts>> DescribeCertificates(const std::string& path);

}  // namespace farstat

#endif  // FARSTAT_COMMON_CERTIFICATES_H_
