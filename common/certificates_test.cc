#include "common/certificates.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/test_certificates.h"

namespace farstat {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What the C library says to somebody who reads a folder.
#ifdef _WIN32
constexpr char kFolderText[] = "Permission denied";
#else
constexpr char kFolderText[] = "Is a directory";
#endif

class CertificatesTest : public ::testing::Test {
 protected:
  TlsFiles Write(const TestPair& pair) {
    return folder_.WriteTlsFiles("host", authority_.certificate(), pair);
  }

  const absl::Time now_ = absl::Now();
  TestFolder folder_;
  TestAuthority authority_;
};

TEST_F(CertificatesTest, FitFilesHaveNoProblems) {
  const TlsFiles files = Write(authority_.Issue());
  EXPECT_THAT(CheckTlsFiles(files, now_), IsEmpty());
  const absl::StatusOr<TlsContents> contents = ReadTlsFiles(files, now_);
  ASSERT_TRUE(contents.ok()) << contents.status();
  EXPECT_EQ(contents->ca, authority_.certificate());
}

TEST_F(CertificatesTest, AllProblemsAreToldAtOnceWithTheirFiles) {
  const TlsFiles files = {folder_.Path("no-ca.pem"), folder_.Write("own.pem", "no PEM at all"), ""};
  EXPECT_THAT(CheckTlsFiles(files, now_),
              ElementsAre(AllOf(HasSubstr("CA file"), HasSubstr("no-ca.pem"),
                                HasSubstr("No such file or directory")),
                          HasSubstr("no key file is given"),
                          AllOf(HasSubstr("own.pem"), HasSubstr("holds no certificate"))));
}

TEST_F(CertificatesTest, ExpiredAndFutureCertificatesSaySinceAndUntilWhen) {
  TestCertificateOptions expired;
  expired.not_after = absl::FromCivil(absl::CivilMinute(2020, 5, 17, 12, 30), absl::UTCTimeZone());
  expired.not_before = expired.not_after - absl::Hours(24);
  EXPECT_THAT(
      CheckTlsFiles(Write(authority_.Issue(expired)), now_),
      ElementsAre(AllOf(HasSubstr("host.pem"), HasSubstr("expired on 2020-05-17 12:30 UTC"))));
  TestCertificateOptions future;
  future.not_before = now_ + absl::Hours(2);
  EXPECT_THAT(CheckTlsFiles(Write(authority_.Issue(future)), now_),
              ElementsAre(HasSubstr("is not valid before")));
}

TEST_F(CertificatesTest, AnExpiredAuthorityIsAProblemUnlessAnotherOneIsThere) {
  const TestAuthority old("old CA", now_ - absl::Hours(1));
  const TestPair pair = authority_.Issue();
  EXPECT_THAT(CheckTlsFiles(folder_.WriteTlsFiles("a", old.certificate(), pair), now_),
              ElementsAre(AllOf(HasSubstr("a-ca.pem"), HasSubstr("expired on"))));
  const std::string bundle = old.certificate() + authority_.certificate();
  EXPECT_THAT(CheckTlsFiles(folder_.WriteTlsFiles("b", bundle, pair), now_), IsEmpty());
}

TEST_F(CertificatesTest, AKeyOfAnotherCertificateIsToldApart) {
  const TestPair pair = {authority_.Issue().certificate, authority_.Issue().key};
  EXPECT_THAT(CheckTlsFiles(Write(pair), now_),
              ElementsAre(AllOf(HasSubstr("host-key.pem"), HasSubstr("does not belong"))));
}

TEST_F(CertificatesTest, EmptyFilesAndEncryptedKeysAreNamed) {
  TlsFiles files = Write(authority_.Issue());
  folder_.Write("host.pem", "");
  folder_.Write(
      "host-key.pem",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n");
  EXPECT_THAT(CheckTlsFiles(files, now_),
              ElementsAre(HasSubstr("host.pem is empty"), HasSubstr("passphrase")));
}

TEST_F(CertificatesTest, AFolderInsteadOfAFileIsAProblem) {
  TlsFiles files = Write(authority_.Issue());
  files.ca = folder_.Path("");
  EXPECT_THAT(CheckTlsFiles(files, now_), ElementsAre(HasSubstr(kFolderText)));
}

TEST_F(CertificatesTest, TellsWhenACertificateExpires) {
  TestCertificateOptions options;
  options.not_after = absl::FromUnixSeconds(absl::ToUnixSeconds(now_) + 3600);
  const TlsFiles files = Write(authority_.Issue(options));
  const absl::StatusOr<absl::Time> expiry = CertificateNotAfter(files.certificate);
  ASSERT_TRUE(expiry.ok());
  EXPECT_EQ(*expiry, options.not_after);
  EXPECT_FALSE(CertificateNotAfter(files.key).ok());
  EXPECT_FALSE(CertificateNotAfter("/nowhere").ok());
}

TEST_F(CertificatesTest, CertificatesAreDescribed) {
  TestCertificateOptions options;
  options.common_name = "agent";
  options.names = {"DNS:agent.example", "IP:192.0.2.1", "IP:2001:db8::1", "URI:spiffe://example/a"};
  const TlsFiles files = Write(authority_.Issue(options));
  const auto facts = DescribeCertificates(files.certificate);
  ASSERT_TRUE(facts.ok()) << facts.status();
  ASSERT_EQ(facts->size(), 1u);
  EXPECT_EQ(facts->front().common_name, "agent");
  EXPECT_EQ(facts->front().names, options.names);
  EXPECT_LT(facts->front().not_before, facts->front().not_after);
  EXPECT_FALSE(DescribeCertificates(files.key).ok());
}

}  // namespace
}  // namespace farstat
