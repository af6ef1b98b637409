// The verbs around the service, as an administrator of a Linux host meets them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "tests/support/process.h"
#include "tests/support/test_certificates.h"

namespace farstat::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// systemd's end of NOTIFY_SOCKET, for the programs that the test starts.
class Systemd {
 public:
  explicit Systemd(const std::string& path) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(bind(handle_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    const timeval limit = {20, 0};
    setsockopt(handle_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~Systemd() {
    unsetenv("NOTIFY_SOCKET");
    close(handle_);
  }
  Systemd(const Systemd&) = delete;
  Systemd& operator=(const Systemd&) = delete;

  std::string Next() const {
    char text[4096];
    const ssize_t size = recv(handle_, text, sizeof(text), 0);
    return size < 0 ? "nothing" : std::string(text, static_cast<size_t>(size));
  }

 private:
  const int handle_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

TEST(ServiceTest, TellsSystemdWhenItServesAndWhenItEnds) {
  const TestFolder folder;
  const Systemd systemd(folder.Path("notify"));
  const std::string file = folder.Write("agent.textproto", "listen: '127.0.0.1:0'");
  Process agent(Binary("farstat-agent"), {"service", "--config", file});
  EXPECT_THAT(systemd.Next(), StartsWith("READY=1\nSTATUS=serving on 127.0.0.1:"));
  agent.Signal(SIGTERM);
  EXPECT_THAT(systemd.Next(), StartsWith("STOPPING=1"));
  const Finished finished = agent.Wait();
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.err, AllOf(HasSubstr("<6>serving on 127.0.0.1:"), HasSubstr("<6>stopped")));
}

TEST(ServiceTest, RefusalHasItsReasonsAndItsExitCode) {
  const TestFolder folder;
  const Systemd systemd(folder.Path("notify"));
  const std::string bad = folder.Write("agent.textproto", "log_level: 'loud' max_streams: -1");
  const Finished refused = RunToEnd(Binary("farstat-agent"), {"service", "--config", bad});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("<2>log_level: \"loud\""), HasSubstr("<2>max_streams")));
  EXPECT_THAT(systemd.Next(), AllOf(StartsWith("STATUS=does not start"), HasSubstr("loud")));
  RunningAgent other;
  const std::string busy = folder.Write("busy.textproto", "listen: '" + other.address() + "'");
  EXPECT_EQ(RunToEnd(Binary("farstat-agent"), {"service", "--config", busy}).exit_code, 3);
}

TEST(ServiceTest, SecondOneOnTheSameStateIsToldSo) {
  const TestFolder folder;
  const std::string file =
      folder.Write("agent.textproto", "listen: '127.0.0.1:0' state_directory: '.'");
  Process first(Binary("farstat-agent"), {"service", "--config", file});
  first.WaitForError("serving on");
  const Finished second = RunToEnd(Binary("farstat-agent"), {"service", "--config", file});
  EXPECT_EQ(second.exit_code, 4);
  EXPECT_THAT(second.err, HasSubstr("another farstat-agent runs on this host"));
}

TEST(ServiceTest, ConfigureCheckAndServe) {
  const TestFolder folder;
  const std::string file = folder.Path("agent.textproto");
  const auto configure = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"configure", "--config", file});
    return RunToEnd(Binary("farstat-agent"), arguments);
  };
  const Finished wrong = configure({"--listen", "nonsense", "--log-level", "loud"});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("nonsense"), HasSubstr("loud")));
  EXPECT_EQ(configure({"--check"}).exit_code, 1) << "nothing was written";
  const Finished written = configure({"--listen", "127.0.0.1:0", "--log-level", "debug"});
  EXPECT_EQ(written.exit_code, 0) << written.err;
  EXPECT_THAT(written.out, HasSubstr("+ log_level: \"debug\""));
  EXPECT_EQ(configure({"--check"}).exit_code, 0);
  Process agent(Binary("farstat-agent"), {"service", "--config", file});
  agent.WaitForError("serving on");
}

TEST(ServiceTest, DoctorLooksAtThisHost) {
  const TestFolder folder;
  const std::string file = folder.Write("agent.textproto", "listen: '127.0.0.1:0'");
  const Finished text = RunToEnd(Binary("farstat-agent"), {"doctor", "--config", file});
  EXPECT_LT(text.exit_code, 2) << text.out;
  EXPECT_THAT(text.out, AllOf(HasSubstr("OK    settings"), HasSubstr("OK    TCP self-test"),
                              Not(HasSubstr("\033"))));
  const Finished json = RunToEnd(Binary("farstat-agent"), {"doctor", "--json", "--config", file});
  EXPECT_EQ(json.exit_code, text.exit_code);
  EXPECT_THAT(json.out, AllOf(StartsWith("{"), HasSubstr("\"subject\": \"TCP self-test\"")));
  const std::string bad = folder.Write("bad.textproto", "log_level: 'loud'");
  const Finished failing = RunToEnd(Binary("farstat-agent"), {"doctor", "--config", bad});
  EXPECT_EQ(failing.exit_code, 2);
  EXPECT_THAT(failing.out, HasSubstr("FAIL  settings"));
}

TEST(ServiceTest, InstallNamesThePackagesCommands) {
  for (const std::string verb : {"install", "uninstall"}) {
    const Finished refused = RunToEnd(Binary("farstat-agent"), {verb});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("systemctl"), HasSubstr("apt")));
  }
}

TEST(ServiceTest, VerbsAreListedAndHaveExamples) {
  EXPECT_THAT(RunToEnd(Binary("farstat-agent"), {"instal"}).err,
              HasSubstr("run, service, install, uninstall, configure, doctor, version"));
  for (const std::string verb :
       {"run", "service", "install", "uninstall", "configure", "doctor", "version"}) {
    const Finished help = RunToEnd(Binary("farstat-agent"), {verb, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.out, HasSubstr("farstat-agent " + verb)) << verb;
  }
}

}  // namespace
}  // namespace farstat::testing
