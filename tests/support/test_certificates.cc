#include "tests/support/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace farstat {
namespace {

std::string PemOf(X509* certificate) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string PemOf(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// A certificate without its extensions and signature.
X509* Draft(const std::string& common_name, EVP_PKEY* key, absl::Time begin, absl::Time end) {
  static std::atomic<long> next_serial = 1;
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), next_serial++);
  ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(begin));
  ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(end));
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509_set_pubkey(certificate, key);
  return certificate;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& common_name, absl::Time not_after)
    : key_(EVP_EC_gen("P-256")),
      certificate_(Draft(common_name, key_, absl::Now() - absl::Hours(72), not_after)) {
  X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
  AddExtension(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_, certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(certificate_, certificate_, NID_subject_key_identifier, "hash");
  X509_sign(certificate_, key_, EVP_sha256());
  pem_ = PemOf(certificate_);
}

TestAuthority::~TestAuthority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

TestPair TestAuthority::Issue(const TestCertificateOptions& options) const {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = Draft(options.common_name, key, options.not_before, options.not_after);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate_));
  AddExtension(certificate, certificate_, NID_basic_constraints, "CA:FALSE");
  AddExtension(certificate, certificate_, NID_ext_key_usage, "serverAuth,clientAuth");
  if (!options.names.empty()) {
    AddExtension(certificate, certificate_, NID_subject_alt_name,
                 absl::StrJoin(options.names, ","));
  }
  X509_sign(certificate, key_, EVP_sha256());
  TestPair pair = {PemOf(certificate), PemOf(key)};
  X509_free(certificate);
  EVP_PKEY_free(key);
  return pair;
}

TestFolder::TestFolder() {
  std::random_device random;
  std::filesystem::path path;
  do {
    path = std::filesystem::temp_directory_path() / absl::StrCat("farstat-test-", random());
  } while (!std::filesystem::create_directory(path));
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  path_ = path.generic_u8string();
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(std::filesystem::u8path(path_), ignored);
}

std::string TestFolder::Write(const std::string& name, const std::string& contents) const {
  std::string path = Path(name);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << contents;
  using std::filesystem::perms;
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
  return path;
}

TlsFiles TestFolder::WriteTlsFiles(const std::string& name, const std::string& ca,
                                   const TestPair& pair) const {
  return {Write(name + "-ca.pem", ca), Write(name + ".pem", pair.certificate),
          Write(name + "-key.pem", pair.key)};
}

}  // namespace farstat
