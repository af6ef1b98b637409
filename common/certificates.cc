#include "common/certificates.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "common/file_facts.h"
#include "common/ip_address.h"
#include "common/status.h"

namespace farstat {
namespace {

// No certificate or key is anywhere near this; a path that points elsewhere may be.
constexpr size_t kLargestPemFile = size_t{4} << 20;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;
using File = std::unique_ptr<FILE, Deleter<fclose>>;

// The three files as they are named to people.
constexpr absl::string_view kCa = "CA file";
constexpr absl::string_view kCertificate = "certificate file";
constexpr absl::string_view kKey = "key file";

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  File file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return absl::UnavailableError(ErrnoText(errno));
  std::string contents;
  char block[16384];
  size_t size = 0;
  while ((size = std::fread(block, 1, sizeof(block), file.get())) > 0) {
    contents.append(block, size);
    if (contents.size() > kLargestPemFile) return absl::UnavailableError("it is far too large");
  }
  if (std::ferror(file.get()) != 0) return absl::UnavailableError(ErrnoText(errno));
  return contents;
}

Bio MemoryBio(const std::string& contents) {
  return Bio(BIO_new_mem_buf(contents.data(), static_cast<int>(contents.size())));
}

std::vector<Certificate> ParseCertificates(const std::string& contents) {
  std::vector<Certificate> certificates;
  const Bio bio = MemoryBio(contents);
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  ERR_clear_error();
  return certificates;
}

// Without asking anybody for a passphrase.
Key ParseKey(const std::string& contents) {
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  const Bio bio = MemoryBio(contents);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return key;
}

absl::Time FromAsn1(const ASN1_TIME* time) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

std::string Day(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

// Empty if the certificate is valid at `now`.
std::string DateProblem(const X509* certificate, absl::Time now) {
  const absl::Time begin = FromAsn1(X509_get0_notBefore(certificate));
  const absl::Time end = FromAsn1(X509_get0_notAfter(certificate));
  if (now > end) return absl::StrCat("expired on ", Day(end), ": have it renewed");
  if (now < begin) {
    return absl::StrCat("is not valid before ", Day(begin), ": check this host's clock (", Day(now),
                        ") or wait");
  }
  return "";
}

std::string Utf8Of(const ASN1_STRING* text) {
  unsigned char* bytes = nullptr;
  const int size = ASN1_STRING_to_UTF8(&bytes, text);
  if (size < 0) return "";
  std::string copy(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return copy;
}

std::string CommonName(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return "";
  return Utf8Of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
}

std::vector<std::string> AlternativeNames(const X509* certificate) {
  using Names = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> texts;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) texts.push_back(absl::StrCat("DNS:", Utf8Of(name->d.dNSName)));
    if (name->type == GEN_URI) {
      texts.push_back(absl::StrCat("URI:", Utf8Of(name->d.uniformResourceIdentifier)));
    }
    if (name->type != GEN_IPADD) continue;
    const ASN1_OCTET_STRING* address = name->d.iPAddress;
    const absl::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(address)),
                                  static_cast<size_t>(ASN1_STRING_length(address)));
    texts.push_back(absl::StrCat("IP:", IpAddressText(bytes)));
  }
  return texts;
}

class Check {
 public:
  explicit Check(absl::Time now) : now_(now) {}

  // Reads one of the files; empty when it cannot be read, which is then one of the problems.
  std::string Read(absl::string_view what, const std::string& path) {
    if (path.empty()) {
      Add(absl::StrCat("no ", what, " is given"));
      return "";
    }
    absl::StatusOr<std::string> contents = ReadFile(path);
    if (!contents.ok()) {
      Add(absl::StrCat(what, " ", path, " cannot be read: ", contents.status().message()));
      return "";
    }
    if (contents->empty()) Add(absl::StrCat(what, " ", path, " is empty"));
    return *std::move(contents);
  }

  void Ca(const std::string& path, const std::string& contents) {
    const std::vector<Certificate> certificates = ParseCertificates(contents);
    if (certificates.empty()) return NotPem(kCa, path, contents, "certificate");
    // One usable authority is enough: bundles keep old ones while new ones are rolled out.
    for (const Certificate& certificate : certificates) {
      if (DateProblem(certificate.get(), now_).empty()) return;
    }
    Add(absl::StrCat("every certificate in ", kCa, " ", path, " is outside its time; the first ",
                     DateProblem(certificates.front().get(), now_)));
  }

  Certificate OwnCertificate(const std::string& path, const std::string& contents) {
    std::vector<Certificate> certificates = ParseCertificates(contents);
    if (certificates.empty()) {
      NotPem(kCertificate, path, contents, "certificate");
      return nullptr;
    }
    const std::string problem = DateProblem(certificates.front().get(), now_);
    if (!problem.empty()) Add(absl::StrCat("the certificate in ", path, " ", problem));
    return std::move(certificates.front());
  }

  Key OwnKey(const std::string& path, const std::string& contents) {
    CheckPermissions(path);
    Key key = ParseKey(contents);
    if (key != nullptr) return key;
    if (absl::StrContains(contents, "ENCRYPTED")) {
      Add(absl::StrCat(kKey, " ", path, " is protected by a passphrase, for which nobody can be ",
                       "asked: write it without one (openssl pkey -in ", path, " -out NEW)"));
    } else {
      NotPem(kKey, path, contents, "private key");
    }
    return nullptr;
  }

  void Pair(const TlsFiles& files, const X509* certificate, const EVP_PKEY* key) {
    if (certificate == nullptr || key == nullptr) return;
    if (X509_check_private_key(certificate, key) != 1) {
      ERR_clear_error();
      Add(absl::StrCat("the key in ", files.key, " does not belong to the certificate in ",
                       files.certificate, ": give the pair that was made together"));
    }
  }

  std::vector<std::string> TakeProblems() { return std::move(problems_); }

 private:
  void Add(std::string problem) { problems_.push_back(std::move(problem)); }

  void NotPem(absl::string_view what, const std::string& path, const std::string& contents,
              absl::string_view wanted) {
    if (contents.empty()) return;  // Said already.
    Add(absl::StrCat(what, " ", path, " holds no ", wanted, " in PEM form (-----BEGIN …)"));
  }

  void CheckPermissions(const std::string& path) {
    const std::string command = CommandToCloseFile(path);
    if (command.empty()) return;
    Add(absl::StrCat(kKey, " ", path, " can be read or changed by others than its owner: run ",
                     command));
  }

  const absl::Time now_;
  std::vector<std::string> problems_;
};

// Reads and checks; problems go to `problems`.
TlsContents Load(const TlsFiles& files, absl::Time now, std::vector<std::string>& problems) {
  Check check(now);
  TlsContents contents;
  contents.ca = check.Read(kCa, files.ca);
  contents.certificate = check.Read(kCertificate, files.certificate);
  contents.key = check.Read(kKey, files.key);
  if (!contents.ca.empty()) check.Ca(files.ca, contents.ca);
  Certificate certificate;
  Key key;
  if (!contents.certificate.empty()) {
    certificate = check.OwnCertificate(files.certificate, contents.certificate);
  }
  if (!contents.key.empty()) key = check.OwnKey(files.key, contents.key);
  check.Pair(files, certificate.get(), key.get());
  problems = check.TakeProblems();
  return contents;
}

}  // namespace

std::vector<std::string> CheckTlsFiles(const TlsFiles& files, absl::Time now) {
  std::vector<std::string> problems;
  Load(files, now, problems);
  return problems;
}

absl::StatusOr<TlsContents> ReadTlsFiles(const TlsFiles& files, absl::Time now) {
  std::vector<std::string> problems;
  TlsContents contents = Load(files, now, problems);
  if (!problems.empty()) return absl::FailedPreconditionError(absl::StrJoin(problems, "; "));
  return contents;
}

absl::StatusOr<absl::Time> CertificateNotAfter(const std::string& path) {
  const absl::StatusOr<std::vector<CertificateFacts>> facts = DescribeCertificates(path);
  if (!facts.ok()) return facts.status();
  return facts->front().not_after;
}

absl::StatusOr<std::vector<CertificateFacts>> DescribeCertificates(const std::string& path) {
  const absl::StatusOr<std::string> contents = ReadFile(path);
  if (!contents.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(kCertificate, " ", path, " cannot be read: ", contents.status().message()));
  }
  std::vector<CertificateFacts> facts;
  for (const Certificate& certificate : ParseCertificates(*contents)) {
    facts.push_back({CommonName(certificate.get()), AlternativeNames(certificate.get()),
                     FromAsn1(X509_get0_notBefore(certificate.get())),
                     FromAsn1(X509_get0_notAfter(certificate.get()))});
  }
  if (facts.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(kCertificate, " ", path, " holds no certificate in PEM form"));
  }
  return facts;
}

}  // namespace farstat
