#include "client/tls_probe.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "common/ip_address.h"

namespace farstat::client {
namespace {

using Outcome = TlsFinding::Outcome;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Context = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Deleter<SSL_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

// What this side found wrong with the server's certificate, kept while OpenSSL holds it.
struct Refusal {
  int error = X509_V_OK;
  int depth = 0;
  std::string issuer;
  std::string names;
  std::string begins;
  std::string expired;
};

std::string Day(const ASN1_TIME* time) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown day";
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", absl::FromTM(parts, absl::UTCTimeZone()),
                          absl::UTCTimeZone());
}

std::string CommonName(const X509_NAME* name) {
  char text[256] = "";
  X509_NAME_get_text_by_NID(const_cast<X509_NAME*>(name), NID_commonName, text, sizeof(text));
  return *text == '\0' ? "an authority without a name" : text;
}

std::string NameText(const GENERAL_NAME* name) {
  if (name->type == GEN_DNS) {
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    return std::string(text, static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  if (name->type != GEN_IPADD) return "";
  const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.iPAddress));
  return IpAddressText({bytes, static_cast<size_t>(ASN1_STRING_length(name->d.iPAddress))});
}

std::string NamesOf(const X509* certificate) {
  std::vector<std::string> texts;
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    std::string text = NameText(sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty()) texts.push_back(std::move(text));
  }
  if (texts.empty()) return CommonName(X509_get_subject_name(certificate));
  return absl::StrJoin(texts, ", ");
}

int RefusalIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// Called by OpenSSL for each certificate of the server's chain.
int OnVerified(int accepted, X509_STORE_CTX* store) {
  if (accepted == 1) return 1;
  const auto* session =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* refusal = static_cast<Refusal*>(SSL_get_ex_data(session, RefusalIndex()));
  refusal->error = X509_STORE_CTX_get_error(store);
  refusal->depth = X509_STORE_CTX_get_error_depth(store);
  if (const X509* current = X509_STORE_CTX_get_current_cert(store); current != nullptr) {
    refusal->issuer = CommonName(X509_get_issuer_name(current));
    refusal->begins = Day(X509_get0_notBefore(current));
    refusal->expired = Day(X509_get0_notAfter(current));
  }
  if (const X509* leaf = X509_STORE_CTX_get0_cert(store); leaf != nullptr) {
    refusal->names = NamesOf(leaf);
  }
  return 0;
}

std::string ExplainRefusal(const Refusal& refusal, const TlsFiles& files, const std::string& name) {
  const absl::string_view whose =
      refusal.depth == 0 ? "the agent's certificate" : "a certificate of the agent's authority";
  switch (refusal.error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return absl::StrCat(whose, " expired on ", refusal.expired,
                          ": have it renewed (the agent takes new files by itself)");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return absl::StrCat(whose, " is not valid before ", refusal.begins,
                          ": check the clocks of both hosts");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return absl::StrCat("the agent's certificate is not for ", name, " but for ", refusal.names,
                          ": use that name as the target, or give it with --server-name");
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return absl::StrCat("the agent's certificate is from \"", refusal.issuer,
                          "\", which is not among the authorities in ", files.ca,
                          ": give the CA that issued it with --ca");
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return absl::StrCat(
          "the agent's certificate is from another authority that is also called \"",
          refusal.issuer, "\": give the CA that issued it with --ca");
    case X509_V_ERR_INVALID_PURPOSE:
      return absl::StrCat(whose, " may not be used for a server (extended key usage): issue one ",
                          "with serverAuth");
    default:
      return absl::StrCat(whose,
                          " is not accepted: ", X509_verify_cert_error_string(refusal.error));
  }
}

// What the server's alert says about us.
std::string ExplainAlert(int alert, const TlsFiles& files) {
  const std::string ours = absl::StrCat("this side's certificate (", files.certificate, ")");
  switch (alert) {
    case SSL3_AD_CERTIFICATE_EXPIRED:
      return absl::StrCat("the agent says that ", ours,
                          " has expired: check its dates and the agent's clock");
    case TLS1_AD_UNKNOWN_CA:
      return absl::StrCat("the agent does not know the authority that issued ", ours,
                          ": use one from the CA that the agent trusts");
    case TLS13_AD_CERTIFICATE_REQUIRED:
      return "the agent wants a certificate from this side and got none: give --cert and --key";
    case SSL3_AD_BAD_CERTIFICATE:
    case SSL3_AD_UNSUPPORTED_CERTIFICATE:
    case SSL3_AD_CERTIFICATE_UNKNOWN:
      return absl::StrCat("the agent does not accept ", ours,
                          ": it may not be meant for clients (extended key usage clientAuth)");
    case SSL3_AD_CERTIFICATE_REVOKED:
      return absl::StrCat("the agent says that ", ours, " has been revoked: have a new one issued");
    case TLS1_AD_ACCESS_DENIED:
      return absl::StrCat("the agent denies access to ", ours);
    case TLS1_AD_PROTOCOL_VERSION:
      return "the server does not speak TLS 1.2 or newer, which farstat needs";
    default:
      return absl::StrCat("the server ended the TLS handshake with \"",
                          SSL_alert_desc_string_long(alert), "\" (alert ", alert, ")");
  }
}

bool SetName(SSL* session, const std::string& name) {
  X509_VERIFY_PARAM* parameters = SSL_get0_param(session);
  if (X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1) return true;
  ERR_clear_error();
  // What the macro SSL_set_tlsext_host_name does, without its old-style cast.
  std::string server_name = name;
  return SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  server_name.data()) == 1 &&
         SSL_set1_host(session, name.c_str()) == 1;
}

// ALPN: HTTP/2.
constexpr unsigned char kHttp2[] = {2, 'h', '2'};

// A session over the connection that has sent its greeting and read nothing yet: reading is from an
// empty buffer until StartReading, so that the answer can be looked at before OpenSSL judges it.
void Greet(SSL* session, const Connection& connection) {
  SSL_set_alpn_protos(session, kHttp2, sizeof(kHttp2));
  SSL_set_connect_state(session);
  SSL_set0_rbio(session, BIO_new(BIO_s_mem()));
  SSL_set0_wbio(session, BIO_new_socket(connection.socket_number(), BIO_NOCLOSE));
  SSL_do_handshake(session);
  ERR_clear_error();
}

void StartReading(SSL* session, const Connection& connection) {
  SSL_set0_rbio(session, BIO_new_socket(connection.socket_number(), BIO_NOCLOSE));
}

// Repeats an operation of OpenSSL on a non-blocking socket until it is done. SSL_ERROR_NONE, the
// error that ended it, or SSL_ERROR_WANT_READ when the deadline has passed.
template <typename Operation>
int Drive(SSL* session, const Connection& connection, SteadyTime deadline, Operation operation) {
  while (true) {
    ERR_clear_error();
    const int result = operation();
    if (result > 0) return SSL_ERROR_NONE;
    const int error = SSL_get_error(session, result);
    if (error == SSL_ERROR_WANT_READ) {
      if (!connection.WaitReadable(deadline)) return SSL_ERROR_WANT_READ;
    } else if (error == SSL_ERROR_WANT_WRITE) {
      if (!connection.WaitWritable(deadline)) return SSL_ERROR_WANT_READ;
    } else {
      return error;
    }
  }
}

TlsFinding ExplainFailure(int error, const Refusal& refusal, const TlsFiles& files,
                          const std::string& name) {
  if (refusal.error != X509_V_OK) {
    return {Outcome::kRefused, Speech::kTls, ExplainRefusal(refusal, files, name)};
  }
  if (error == SSL_ERROR_WANT_READ) return {Outcome::kSilent, Speech::kTls, ""};
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  ERR_clear_error();
  if (error == SSL_ERROR_SSL && ERR_GET_LIB(code) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET) {
    return {Outcome::kRefused, Speech::kTls, ExplainAlert(reason - SSL_AD_REASON_OFFSET, files)};
  }
  if (error == SSL_ERROR_SSL && reason != SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    const char* const text = ERR_reason_error_string(code);
    return {Outcome::kRefused, Speech::kTls,
            absl::StrCat("the TLS handshake failed: ", text == nullptr ? "no reason known" : text)};
  }
  return {Outcome::kClosed, Speech::kTls, ""};
}

// A server of gRPC hangs up on a certificate that it refuses, without an alert. But it has told
// before whose certificates it accepts.
std::string ExplainHangUp(const SSL* session, const TlsFiles& files) {
  const STACK_OF(X509_NAME)* accepted = SSL_get0_peer_CA_list(session);
  const X509* own = SSL_get_certificate(session);
  if (accepted == nullptr || sk_X509_NAME_num(accepted) == 0 || own == nullptr) return "";
  const X509_NAME* issuer = X509_get_issuer_name(own);
  std::vector<std::string> names;
  for (int i = 0; i < sk_X509_NAME_num(accepted); ++i) {
    const X509_NAME* name = sk_X509_NAME_value(accepted, i);
    if (X509_NAME_cmp(name, issuer) == 0) {
      return absl::StrCat(
          "the agent refuses this side's certificate (", files.certificate,
          ") although it accepts others from \"", CommonName(issuer),
          "\": check the agent's clock, that the certificate is meant for clients ",
          "(clientAuth), and that the CA is the same and not of the same name only");
    }
    names.push_back(absl::StrCat("\"", CommonName(name), "\""));
  }
  return absl::StrCat("the agent accepts certificates from ", absl::StrJoin(names, ", "),
                      " only, and ", files.certificate, " is from \"", CommonName(issuer),
                      "\": use one that the agent's CA has issued");
}

// Empty if the files could be loaded.
std::string LoadFiles(SSL_CTX* context, const TlsFiles& files) {
  const std::vector<std::string> problems = CheckTlsFiles(files, absl::Now());
  if (!problems.empty()) return absl::StrJoin(problems, "; ");
  if (SSL_CTX_load_verify_file(context, files.ca.c_str()) == 1 &&
      SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) == 1) {
    return "";
  }
  ERR_clear_error();
  return "the certificate files cannot be loaded";
}

}  // namespace

TlsFinding ProbeTls(const Connection& connection, const TlsFiles& files, const std::string& name,
                    SteadyTime deadline) {
  const Context context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, &OnVerified);
  std::string problem = LoadFiles(context.get(), files);
  if (!problem.empty()) return {Outcome::kLocalFault, Speech::kTls, std::move(problem)};
  const Session session(SSL_new(context.get()));
  Refusal refusal;
  SSL_set_ex_data(session.get(), RefusalIndex(), &refusal);
  SetName(session.get(), name);
  Greet(session.get(), connection);
  bool closed = false;
  const std::string answer = connection.Peek(deadline, closed);
  if (closed) return {Outcome::kClosed, Speech::kOther, ""};
  if (answer.empty()) return {Outcome::kSilent, Speech::kOther, ""};
  if (RecognizeSpeech(answer) != Speech::kTls) {
    return {Outcome::kNotTls, RecognizeSpeech(answer), ""};
  }

  StartReading(session.get(), connection);
  int error =
      Drive(session.get(), connection, deadline, [&] { return SSL_do_handshake(session.get()); });
  if (error == SSL_ERROR_NONE) {
    // With TLS 1.3 the server judges our certificate after our side is done.
    char byte = 0;
    error = Drive(session.get(), connection, deadline,
                  [&] { return SSL_read(session.get(), &byte, 1); });
    if (error == SSL_ERROR_NONE) return {};
  }
  TlsFinding finding = ExplainFailure(error, refusal, files, name);
  if (finding.outcome == Outcome::kClosed) {
    finding.message = ExplainHangUp(session.get(), files);
    if (!finding.message.empty()) finding.outcome = Outcome::kRefused;
  }
  return finding;
}

bool SpeaksTls(const Connection& connection, SteadyTime deadline) {
  const Context context(SSL_CTX_new(TLS_client_method()));
  const Session session(SSL_new(context.get()));
  Greet(session.get(), connection);
  // Any answer that is a TLS record will do; the handshake need not succeed.
  bool closed = false;
  return RecognizeSpeech(connection.Peek(deadline, closed)) == Speech::kTls;
}

}  // namespace farstat::client
