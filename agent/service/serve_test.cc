#include "agent/service/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/sources/durable_file.h"
#include "common/sockets.h"
#include "spdlog/sinks/null_sink.h"
#include "spdlog/spdlog.h"
#include "tests/support/test_certificates.h"

namespace farstat::service {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Ends the agent as soon as it serves.
class Impatient : public Supervisor {
 public:
  void Serving(absl::string_view where) override { where_ = std::string(where); }
  std::string WaitForStop() override { return "test"; }
  void Stopping() override { stopping_ = true; }

  std::string where_;
  bool stopping_ = false;
};

class ServeTest : public ::testing::Test {
 protected:
  ServeTest() {
    options_.flags.config_file = folder_.Write("agent.textproto", "listen: '127.0.0.1:0'");
    options_.settings_are_optional = true;
    options_.log_target = LogTarget::kFiles;
    options_.log_directory = folder_.Path("logs");
    options_.events = [this](Event event, absl::string_view text) {
      events_.push_back(event);
      absl::StrAppend(&told_, text, "\n");
    };
  }
  ~ServeTest() override {
    spdlog::set_default_logger(
        spdlog::null_logger_mt(::testing::UnitTest::GetInstance()->current_test_info()->name()));
  }
  void Settings(const std::string& text) { folder_.Write("agent.textproto", text); }
  Outcome Run() { return Serve(options_, supervisor_); }

  const TestFolder folder_;
  ServeOptions options_;
  Impatient supervisor_;
  std::vector<Event> events_;
  std::string told_;
};

TEST_F(ServeTest, StartsServesAndEnds) {
  options_.state_directory = folder_.Path("state");
  const Outcome outcome = Run();
  EXPECT_EQ(outcome.code, ExitCode::kOk);
  EXPECT_THAT(outcome.problems, IsEmpty());
  EXPECT_THAT(events_,
              ElementsAre(Event::kStarting, Event::kServing, Event::kStopping, Event::kStopped));
  EXPECT_THAT(supervisor_.where_, HasSubstr("serving on 127.0.0.1:"));
  EXPECT_TRUE(supervisor_.stopping_);
  EXPECT_TRUE(std::filesystem::exists(folder_.Path("state/agent.lock")));
}

TEST_F(ServeTest, WithoutSettingsItServesAndSaysSo) {
  std::filesystem::remove(options_.flags.config_file);
  options_.flags.listen = {"127.0.0.1:0"};
  EXPECT_EQ(Run().code, ExitCode::kOk);
  EXPECT_THAT(events_, ElementsAre(Event::kStarting, Event::kAttention, Event::kServing,
                                   Event::kStopping, Event::kStopped));
  EXPECT_THAT(told_, AllOf(HasSubstr("no settings file"), HasSubstr("configure")));
  options_.settings_are_optional = false;
  EXPECT_EQ(Run().code, ExitCode::kSettings);
}

TEST_F(ServeTest, EverythingWrongIsToldAtOnce) {
  Settings(
      "listen: 'nonsense' log_level: 'loud' "
      "tls { ca: 'no-ca.pem' certificate: 'no.pem' key: 'no-key.pem' }");
  const Outcome outcome = Run();
  EXPECT_EQ(outcome.code, ExitCode::kSettings);
  EXPECT_THAT(events_, ElementsAre(Event::kStarting, Event::kSettingsRefused));
  EXPECT_THAT(told_, AllOf(HasSubstr("nonsense"), HasSubstr("loud"), HasSubstr("no-ca.pem"),
                           HasSubstr("no.pem"), HasSubstr("no-key.pem")));
}

TEST_F(ServeTest, TakenPortIsToldWithAnExitCodeOfItsOwn) {
  StartSockets();
  const SocketHandle taken = OpenStreamSocket(AF_INET);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(taken, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(taken, 1), 0);
  ASSERT_EQ(getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size), 0);
  Settings(absl::StrCat("listen: '127.0.0.1:", ntohs(address.sin_port), "'"));
  EXPECT_EQ(Run().code, ExitCode::kAddress);
  CloseSocket(taken);
  EXPECT_THAT(told_, HasSubstr("in use"));
  EXPECT_THAT(events_, ElementsAre(Event::kStarting, Event::kCannotServe));
}

TEST_F(ServeTest, SecondAgentIsToldSo) {
  options_.state_directory = folder_.Path("state");
  sources::FileLock first;
  ASSERT_TRUE(first.Take(folder_.Path("state/agent.lock")).ok());
  EXPECT_EQ(Run().code, ExitCode::kAlreadyRunning);
  EXPECT_THAT(told_, AllOf(HasSubstr("another farstat-agent runs"), HasSubstr("agent.lock")));
  EXPECT_THAT(events_, ElementsAre(Event::kStarting, Event::kAlreadyRunning));
}

TEST_F(ServeTest, KeyThatOthersCanReadIsRefused) {
  const TestAuthority authority;
  const TlsFiles tls = folder_.WriteTlsFiles("agent", authority.certificate(), authority.Issue());
  std::filesystem::permissions(tls.key, std::filesystem::perms::all);
  Settings("tls { ca: 'agent-ca.pem' certificate: 'agent.pem' key: 'agent-key.pem' }");
  const bool closed = Run().code == ExitCode::kOk;
  // Modes of files mean nothing on Windows.
  if (!closed) {
    EXPECT_THAT(told_, HasSubstr("agent-key.pem can be read"));
  }
}

TEST_F(ServeTest, CertificateThatEndsSoonIsTold) {
  const TestAuthority authority;
  folder_.WriteTlsFiles("agent", authority.certificate(), authority.Issue());
  Settings(
      "listen: '127.0.0.1:0' "
      "tls { ca: 'agent-ca.pem' certificate: 'agent.pem' key: 'agent-key.pem' }");
  EXPECT_EQ(Run().code, ExitCode::kOk) << told_;
  EXPECT_THAT(told_, AllOf(HasSubstr("expires in 0 days"), HasSubstr("with mutual TLS")));
}

TEST_F(ServeTest, StateDirectoryThatCannotBeMadeIsRefused) {
  options_.state_directory = folder_.Write("file", "") + "/state";
  EXPECT_EQ(Run().code, ExitCode::kSettings);
  EXPECT_THAT(told_, HasSubstr("state_directory"));
}

}  // namespace
}  // namespace farstat::service
