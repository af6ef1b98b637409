// Certificates made on the spot, so that no test depends on files that expire.

#ifndef FARSTAT_TESTS_SUPPORT_TEST_CERTIFICATES_H_
#define FARSTAT_TESTS_SUPPORT_TEST_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/certificates.h"

namespace farstat {

// A certificate and its private key, as PEM.
struct TestPair {
  std::string certificate;
  std::string key;
};

struct TestCertificateOptions {
  std::string common_name = "test";
  // Subject alternative names: "DNS:localhost", "IP:127.0.0.1".
  std::vector<std::string> names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
  absl::Time not_before = absl::Now() - absl::Hours(1);
  absl::Time not_after = absl::Now() + absl::Hours(24);
};

// A certificate authority.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& common_name = "farstat test CA",
                         absl::Time not_after = absl::Now() + absl::Hours(48));
  ~TestAuthority();

  const std::string& certificate() const { return pem_; }
  TestPair Issue(const TestCertificateOptions& options = {}) const;

 private:
  EVP_PKEY* key_;
  X509* certificate_;
  std::string pem_;
};

// A private folder that goes away with the object.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  // Writes a file that only its owner can read; gives its path.
  std::string Write(const std::string& name, const std::string& contents) const;
  // Writes NAME-ca.pem, NAME.pem and NAME-key.pem.
  TlsFiles WriteTlsFiles(const std::string& name, const std::string& ca,
                         const TestPair& pair) const;

 private:
  // UTF-8, with "/" on every system.
  std::string path_;
};

}  // namespace farstat

#endif  // FARSTAT_TESTS_SUPPORT_TEST_CERTIFICATES_H_
