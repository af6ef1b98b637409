// Mutual TLS between the real binaries: who is let in, and what is said to who is not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/process.h"
#include "tests/support/test_certificates.h"

namespace farstat::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TlsTest : public ::testing::Test {
 protected:
  TlsTest()
      : agent_files_(folder_.WriteTlsFiles("agent", authority_.certificate(), authority_.Issue())),
        agent_(Arguments(agent_files_)) {}

  static std::vector<std::string> Arguments(const TlsFiles& files) {
    return {"--ca", files.ca, "--cert", files.certificate, "--key", files.key};
  }
  Finished Get(const TlsFiles& files, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"agent", "info", "-t", agent_.address()};
    for (const std::string& argument : Arguments(files)) arguments.push_back(argument);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunToEnd(Binary("farstat"), arguments);
  }
  TlsFiles Client(const std::string& name, const TestAuthority& issuer,
                  const TestCertificateOptions& options = {}) {
    return folder_.WriteTlsFiles(name, authority_.certificate(), issuer.Issue(options));
  }

  const TestFolder folder_;
  const TestAuthority authority_;
  const TestAuthority stranger_{"another CA"};
  const TlsFiles agent_files_;
  RunningAgent agent_;
};

TEST_F(TlsTest, ClientWithACertificateIsServed) {
  const Finished got = Get(Client("client", authority_));
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("TCP"));
}

TEST_F(TlsTest, ClientOfAnotherAuthorityIsRefused) {
  const Finished got = Get(Client("stranger", stranger_));
  EXPECT_EQ(got.exit_code, 3);
  EXPECT_THAT(got.err, AllOf(HasSubstr("TLS"), HasSubstr("farstat test CA"),
                             HasSubstr("another CA"), HasSubstr("stranger.pem")));
}

TEST_F(TlsTest, ClientWithoutACertificateIsRefused) {
  const Finished got = RunToEnd(Binary("farstat"), {"agent", "info", "-t", agent_.address()});
  EXPECT_EQ(got.exit_code, 3);
  EXPECT_THAT(got.err, AllOf(HasSubstr("TLS"), HasSubstr("--cert")));
}

TEST_F(TlsTest, ExpiredCertificateOfTheClientIsNamed) {
  TestCertificateOptions expired;
  expired.not_before = absl::Now() - absl::Hours(48);
  expired.not_after = absl::Now() - absl::Hours(24);
  const Finished got = Get(Client("expired", authority_, expired));
  EXPECT_NE(got.exit_code, 0);
  EXPECT_THAT(got.err, HasSubstr("expired"));
}

TEST_F(TlsTest, AgentOfAnotherAuthorityIsRefused) {
  const TlsFiles files =
      folder_.WriteTlsFiles("distrusting", stranger_.certificate(), authority_.Issue());
  const Finished got = Get(files);
  EXPECT_EQ(got.exit_code, 3);
  EXPECT_THAT(got.err, AllOf(HasSubstr("TLS"), HasSubstr("--ca")));
}

TEST_F(TlsTest, AgentWithAnotherNameIsRefusedUnlessTheNameIsGiven) {
  TestCertificateOptions elsewhere;
  elsewhere.names = {"DNS:elsewhere.example"};
  const TlsFiles files =
      folder_.WriteTlsFiles("elsewhere", authority_.certificate(), authority_.Issue(elsewhere));
  RunningAgent other(Arguments(files));
  std::vector<std::string> arguments = {"agent", "info", "-t", other.address()};
  for (const std::string& argument : Arguments(Client("client", authority_))) {
    arguments.push_back(argument);
  }
  const Finished refused = RunToEnd(Binary("farstat"), arguments);
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("elsewhere.example"), HasSubstr("--server-name")));
  arguments.insert(arguments.end(), {"--server-name", "elsewhere.example"});
  EXPECT_EQ(RunToEnd(Binary("farstat"), arguments).exit_code, 0);
}

TEST_F(TlsTest, EveryAddressOfAnAgentSpeaksTls) {
  std::vector<std::string> arguments = Arguments(agent_files_);
  arguments.insert(arguments.end(), {"--listen", "127.0.0.2:0"});
  RunningAgent agent(arguments);
  const std::string said = agent.process().WaitForError(", 127.0.0.2:");
  const size_t begin = said.find("127.0.0.2:");
  std::vector<std::string> get = {"agent",
                                  "info",
                                  "--server-name",
                                  "localhost",
                                  "-t",
                                  agent.address(),
                                  "-t",
                                  said.substr(begin, said.find(' ', begin) - begin)};
  for (const std::string& argument : Arguments(Client("client", authority_))) {
    get.push_back(argument);
  }
  EXPECT_EQ(RunToEnd(Binary("farstat"), get).exit_code, 0);
}

TEST_F(TlsTest, AgentWithBadFilesSaysWhichAndWhy) {
  TestCertificateOptions expired;
  expired.not_before = absl::Now() - absl::Hours(48);
  expired.not_after = absl::Now() - absl::Hours(24);
  const TlsFiles files =
      folder_.WriteTlsFiles("old", authority_.certificate(), authority_.Issue(expired));
  std::vector<std::string> arguments = {"run", "--listen", "127.0.0.1:0"};
  for (const std::string& argument : Arguments(files)) arguments.push_back(argument);
  Finished agent = RunToEnd(Binary("farstat-agent"), arguments);
  EXPECT_EQ(agent.exit_code, 1);
  EXPECT_THAT(agent.err, AllOf(HasSubstr("old.pem"), HasSubstr("expired")));
  arguments.back() = agent_files_.key;  // the key of another certificate
  agent = RunToEnd(Binary("farstat-agent"), arguments);
  EXPECT_EQ(agent.exit_code, 1);
  EXPECT_THAT(agent.err, HasSubstr("key"));
}

}  // namespace
}  // namespace farstat::testing
