#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "client/diagnose.h"
#include "client/probe.h"
#include "client/tls_probe.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_agent.h"
#include "tests/support/test_certificates.h"

namespace farstat::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A listening socket on loopback.
class Listener {
 public:
  explicit Listener(int backlog = 16) {
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    socklen_t size = sizeof(address);
    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    listen(socket_, backlog);
  }
  ~Listener() { close(socket_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Ends Accept.
  void Shutdown() const { shutdown(socket_, SHUT_RDWR); }
  int Accept() const { return accept(socket_, nullptr, nullptr); }
  uint16_t port() const { return port_; }

 private:
  int socket_ = -1;
  uint16_t port_ = 0;
};

// Says the same to everybody (nothing at all if it is empty) and hangs up.
class Speaker {
 public:
  explicit Speaker(std::string text)
      : thread_([this, text = std::move(text)] {
          for (int connection = listener_.Accept(); connection >= 0;
               connection = listener_.Accept()) {
            // Their greeting first: hanging up on unread data would be a reset.
            char greeting[1024];
            if (!text.empty()) {
              static_cast<void>(recv(connection, greeting, sizeof(greeting), 0));
              static_cast<void>(send(connection, text.data(), text.size(), MSG_NOSIGNAL));
            }
            close(connection);
          }
        }) {}
  ~Speaker() {
    listener_.Shutdown();
    thread_.join();
  }
  Speaker(const Speaker&) = delete;
  Speaker& operator=(const Speaker&) = delete;

  uint16_t port() const { return listener_.port(); }

 private:
  Listener listener_;
  std::thread thread_;
};

class DiagnoseTest : public ::testing::Test {
 protected:
  DiagnoseTest() {
    call_.target.host = "127.0.0.1";
    call_.target.name = "here";
    call_.connect_timeout = absl::Milliseconds(500);
    call_.timeout = absl::Seconds(5);
  }

  Failure At(uint16_t port) {
    call_.target.port = port;
    return Diagnose(call_);
  }

  // As the agent reports it.
  Failure With(const absl::Status& status) {
    call_.status = status;
    EXPECT_FALSE(NeedsProbe(call_));
    return Diagnose(call_);
  }

  FailedCall call_;
};

TEST_F(DiagnoseTest, Refused) {
  uint16_t port = 0;
  { port = Listener().port(); }
  const Failure failure = At(port);
  EXPECT_EQ(failure.failure_class, FailureClass::kRefused);
  EXPECT_THAT(failure.message,
              AllOf(HasSubstr("refused the connection"), HasSubstr("farstat-agent")));
}

TEST_F(DiagnoseTest, ABlackHoleTimesOut) {
  // A queue that is full: the kernel drops further SYNs.
  const Listener listener(0);
  std::vector<Connection> fillers(8);
  const auto address = ResolveName("127.0.0.1", listener.port(), absl::Seconds(5));
  ASSERT_TRUE(address.ok());
  for (Connection& filler : fillers)
    filler.Open(address->front(), SteadyIn(absl::Milliseconds(20)));
  call_.connect_timeout = absl::Milliseconds(100);
  const Failure failure = At(listener.port());
  EXPECT_EQ(failure.failure_class, FailureClass::kConnectTimeout);
  EXPECT_THAT(failure.message, AllOf(HasSubstr("within 100 ms"), HasSubstr("firewall")));
}

TEST_F(DiagnoseTest, UnknownNames) {
  call_.target.host = "no-such-host.invalid";
  const Failure failure = At(1);
  EXPECT_EQ(failure.failure_class, FailureClass::kDns);
  EXPECT_THAT(failure.message, HasSubstr("no-such-host.invalid"));
}

TEST_F(DiagnoseTest, OtherServersAreRecognized) {
  const Speaker ssh("SSH-2.0-OpenSSH_9.2p1\r\n");
  Failure failure = At(ssh.port());
  EXPECT_EQ(failure.failure_class, FailureClass::kUnsupported);
  EXPECT_THAT(failure.message, HasSubstr("an SSH server"));
  const Speaker web("HTTP/1.1 400 Bad Request\r\n\r\n");
  failure = At(web.port());
  EXPECT_THAT(failure.message, HasSubstr("a web server"));
  const Speaker garbage(std::string("\0\1\2garbage", 10));
  EXPECT_EQ(At(garbage.port()).failure_class, FailureClass::kUnsupported);
  const Speaker silent("");
  EXPECT_THAT(At(silent.port()).message, HasSubstr("closes them at once"));
}

TEST_F(DiagnoseTest, AServerThatAcceptsAndSaysNothingHangs) {
  const Listener listener;
  const Failure failure = At(listener.port());
  EXPECT_EQ(failure.failure_class, FailureClass::kConnectTimeout);
  EXPECT_THAT(failure.message, HasSubstr("nothing answers"));
}

TEST_F(DiagnoseTest, AHealthyAgentIsNotBlamed) {
  FakeAgent agent;
  agent.Start();
  call_.status = absl::UnavailableError("Socket closed");
  const Failure failure = At(static_cast<uint16_t>(agent.port()));
  EXPECT_EQ(failure.failure_class, FailureClass::kInternal);
  EXPECT_THAT(failure.message, HasSubstr("the connection broke during the call"));
}

TEST_F(DiagnoseTest, WhatTheAgentSaysHasItsClass) {
  const auto reason = [](absl::StatusCode code, absl::string_view name) {
    return ErrorStatus(code, name, "words of the agent");
  };
  using absl::StatusCode;
  const Failure unsupported = With(reason(StatusCode::kUnimplemented, kNotSupportedHere));
  EXPECT_EQ(unsupported.failure_class, FailureClass::kUnsupported);
  EXPECT_EQ(unsupported.message, "words of the agent");
  EXPECT_TRUE(unsupported.permanent);
  EXPECT_EQ(With(reason(StatusCode::kPermissionDenied, kRoleRequired)).failure_class,
            FailureClass::kAuth);
  EXPECT_EQ(With(reason(StatusCode::kResourceExhausted, kLimitReached)).failure_class,
            FailureClass::kBusy);
  EXPECT_EQ(With(reason(StatusCode::kUnavailable, kSourceBusy)).failure_class, FailureClass::kBusy);
  EXPECT_FALSE(With(reason(StatusCode::kUnavailable, kAgentStopping)).permanent);
  EXPECT_EQ(With(reason(StatusCode::kUnavailable, kSourceHung)).failure_class,
            FailureClass::kInternal);
}

TEST_F(DiagnoseTest, BareCodesHaveTheirClass) {
  EXPECT_EQ(With(absl::UnauthenticatedError("who?")).failure_class, FailureClass::kAuth);
  EXPECT_TRUE(With(absl::PermissionDeniedError("no")).permanent);
  EXPECT_EQ(With(absl::ResourceExhaustedError("full")).failure_class, FailureClass::kBusy);
  EXPECT_EQ(With(absl::ResourceExhaustedError("Received message larger than max")).failure_class,
            FailureClass::kInternal);
  const Failure slow = With(absl::DeadlineExceededError("Deadline Exceeded"));
  EXPECT_EQ(slow.failure_class, FailureClass::kRpcTimeout);
  EXPECT_THAT(slow.message, HasSubstr("within 5 s"));
  const Failure old = With(absl::UnimplementedError("unknown method"));
  EXPECT_EQ(old.failure_class, FailureClass::kUnsupported);
  EXPECT_THAT(old.message, HasSubstr("not a farstat agent, or one older"));
  EXPECT_TRUE(With(absl::InvalidArgumentError("bad")).permanent);
  EXPECT_EQ(With(absl::InternalError("\x1B[2J")).message, "INTERNAL: ?[2J");
}

TEST_F(DiagnoseTest, AChangeWithoutAnAnswerMayHaveBeenMade) {
  const auto uncertain = AllOf(HasSubstr("may have been carried out"), HasSubstr("may still be"),
                               HasSubstr("farstat agent status"));
  call_.changes_host = true;
  EXPECT_THAT(With(absl::DeadlineExceededError("Deadline Exceeded")).message, uncertain);
  EXPECT_THAT(With(absl::CancelledError("Cancelled")).message, uncertain);
  FakeAgent agent;
  agent.Start();
  call_.status = absl::UnavailableError("Socket closed");
  EXPECT_THAT(At(static_cast<uint16_t>(agent.port())).message, uncertain);
  const auto certain = Not(HasSubstr("carried out"));
  EXPECT_THAT(With(absl::PermissionDeniedError("no")).message, certain);
  EXPECT_THAT(With(ErrorStatus(absl::StatusCode::kUnavailable, kAgentStopping, "stops")).message,
              certain);
  call_.changes_host = false;
  EXPECT_THAT(With(absl::DeadlineExceededError("Deadline Exceeded")).message, certain);
  call_.changes_host = true;
  call_.status = absl::OkStatus();  // No connection was made, so nothing was asked.
  EXPECT_THAT(At(static_cast<uint16_t>(agent.port())).message, certain);
}

class TlsDiagnoseTest : public DiagnoseTest {
 protected:
  // An agent with `pair` that trusts `clients`, asked by somebody with `own` who trusts `trusted`.
  Failure Ask(const TestPair& pair, const TestAuthority& clients, const TestPair& own,
              const TestAuthority& trusted) {
    agent_.Start(folder_.WriteTlsFiles("agent", clients.certificate(), pair));
    call_.tls = folder_.WriteTlsFiles("cli", trusted.certificate(), own);
    const Failure failure = At(static_cast<uint16_t>(agent_.port()));
    agent_.Stop();
    return failure;
  }

  const TestFolder folder_;
  const TestAuthority authority_;
  const TestAuthority stranger_{"strange CA"};
  FakeAgent agent_;
};

TEST_F(TlsDiagnoseTest, BothSidesAreFine) {
  const Failure failure = Ask(authority_.Issue(), authority_, authority_.Issue(), authority_);
  EXPECT_EQ(failure.failure_class, FailureClass::kInternal) << failure.message;
  EXPECT_THAT(failure.message, HasSubstr("answers now: try again"));
}

TEST_F(TlsDiagnoseTest, TheAgentIsOfAnUnknownAuthority) {
  const Failure failure = Ask(stranger_.Issue(), authority_, authority_.Issue(), authority_);
  EXPECT_EQ(failure.failure_class, FailureClass::kTls);
  EXPECT_THAT(failure.message, AllOf(HasSubstr("\"strange CA\""), HasSubstr("--ca")));
}

TEST_F(TlsDiagnoseTest, TheAgentHasAnotherName) {
  TestCertificateOptions options;
  options.names = {"DNS:web1.example", "IP:192.0.2.1"};
  const Failure failure =
      Ask(authority_.Issue(options), authority_, authority_.Issue(), authority_);
  EXPECT_EQ(failure.failure_class, FailureClass::kTls);
  EXPECT_THAT(failure.message, AllOf(HasSubstr("not for 127.0.0.1 but for web1.example, 192.0.2.1"),
                                     HasSubstr("--server-name")));
}

TEST_F(TlsDiagnoseTest, TheServerNameIsWhatIsCompared) {
  TestCertificateOptions options;
  options.names = {"DNS:web1.example"};
  call_.server_name = "web1.example";
  const Failure failure =
      Ask(authority_.Issue(options), authority_, authority_.Issue(), authority_);
  EXPECT_EQ(failure.failure_class, FailureClass::kInternal) << failure.message;
}

TEST_F(TlsDiagnoseTest, TheAgentDoesNotKnowOurAuthority) {
  const Failure failure = Ask(authority_.Issue(), authority_, stranger_.Issue(), authority_);
  EXPECT_EQ(failure.failure_class, FailureClass::kTls);
  EXPECT_THAT(failure.message, AllOf(HasSubstr("from \"farstat test CA\" only"),
                                     HasSubstr("cli.pem is from \"strange CA\"")));
}

TEST_F(TlsDiagnoseTest, AnAuthorityOfTheSameNameIsNotTheSame) {
  const TestAuthority twin;
  const Failure failure = Ask(authority_.Issue(), authority_, twin.Issue(), authority_);
  EXPECT_EQ(failure.failure_class, FailureClass::kTls);
  EXPECT_THAT(failure.message, HasSubstr("of the same name only"));
}

TEST_F(TlsDiagnoseTest, TheAgentsCertificateHasExpired) {
  TestCertificateOptions options;
  options.not_before = absl::Now() - absl::Hours(2);
  options.not_after = absl::Now() - absl::Hours(1);
  const TestPair pair = authority_.Issue(options);
  grpc::SslServerCredentialsOptions server;
  server.pem_root_certs = authority_.certificate();
  server.pem_key_cert_pairs.push_back({pair.key, pair.certificate});
  agent_.StartWith(grpc::SslServerCredentials(server));
  call_.tls = folder_.WriteTlsFiles("cli", authority_.certificate(), authority_.Issue());
  const Failure failure = At(static_cast<uint16_t>(agent_.port()));
  EXPECT_EQ(failure.failure_class, FailureClass::kTls);
  EXPECT_THAT(failure.message, HasSubstr("the agent's certificate expired on "));
}

TEST_F(TlsDiagnoseTest, APlaintextAgent) {
  agent_.Start();
  call_.tls = folder_.WriteTlsFiles("cli", authority_.certificate(), authority_.Issue());
  const Failure failure = At(static_cast<uint16_t>(agent_.port()));
  EXPECT_EQ(failure.failure_class, FailureClass::kTls);
  EXPECT_THAT(failure.message, HasSubstr("leave out --ca"));
}

TEST_F(TlsDiagnoseTest, ATlsAgentAskedInPlaintext) {
  agent_.Start(folder_.WriteTlsFiles("agent", authority_.certificate(), authority_.Issue()));
  const Failure failure = At(static_cast<uint16_t>(agent_.port()));
  EXPECT_EQ(failure.failure_class, FailureClass::kTls);
  EXPECT_THAT(failure.message, HasSubstr("give --ca, --cert and --key"));
}

TEST_F(TlsDiagnoseTest, AnSshServerAskedForTls) {
  const Speaker ssh("SSH-2.0-OpenSSH_9.2p1\r\n");
  call_.tls = folder_.WriteTlsFiles("cli", authority_.certificate(), authority_.Issue());
  EXPECT_THAT(At(ssh.port()).message, HasSubstr("an SSH server"));
}

TEST_F(TlsDiagnoseTest, OurOwnFilesAreAtFault) {
  const Listener listener;
  call_.tls = {folder_.Path("no"), folder_.Path("no"), folder_.Path("no")};
  const Failure failure = At(listener.port());
  EXPECT_EQ(failure.failure_class, FailureClass::kTls);
  EXPECT_THAT(failure.message, HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace farstat::client
