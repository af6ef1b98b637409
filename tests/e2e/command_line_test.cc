// The CLI against what a network has in store: agents that are down, ports that speak something
// else, readers that go away, and what people mistype.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/process.h"

namespace farstat::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A port where something answers that is no agent.
class Stranger {
 public:
  explicit Stranger(std::string greeting) : greeting_(std::move(greeting)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, any, size), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    EXPECT_EQ(getsockname(listener_, any, &size), 0);
    address_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
    thread_ = std::thread([this] {
      int handle;
      while ((handle = accept(listener_, nullptr, nullptr)) >= 0) {
        EXPECT_GE(send(handle, greeting_.data(), greeting_.size(), MSG_NOSIGNAL), 0);
        handles_.push_back(handle);
      }
    });
  }
  ~Stranger() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    for (const int handle : handles_) close(handle);
  }
  const std::string& address() const { return address_; }

 private:
  const std::string greeting_;
  int listener_;
  std::string address_;
  std::vector<int> handles_;
  std::thread thread_;
};

Finished Farstat(std::vector<std::string> arguments) {
  return RunToEnd(Binary("farstat"), std::move(arguments));
}

TEST(CommandLineTest, AgentThatIsDownIsRefused) {
  const Finished got = Farstat({"get", "tcp", "-t", "127.0.0.1:1"});
  EXPECT_EQ(got.exit_code, 3);
  EXPECT_THAT(got.err, HasSubstr("REFUSED"));
  EXPECT_EQ(got.out, "");
}

TEST(CommandLineTest, PortThatSpeaksSomethingElseIsNamed) {
  const Stranger ssh("SSH-2.0-OpenSSH_9.2\r\n");
  const Finished got = Farstat({"get", "tcp", "-t", ssh.address(), "--timeout", "3s"});
  EXPECT_EQ(got.exit_code, 3);
  EXPECT_THAT(got.err, AllOf(HasSubstr(ssh.address()), HasSubstr("SSH")));
}

TEST(CommandLineTest, PortThatSaysNothingTimesOut) {
  const Stranger silent("");
  const Finished got = Farstat({"get", "tcp", "-t", silent.address(), "--timeout", "1s"});
  EXPECT_EQ(got.exit_code, 3);
  EXPECT_THAT(got.err, HasSubstr(silent.address()));
}

TEST(CommandLineTest, NameThatDoesNotResolveIsDns) {
  const Finished got = Farstat({"get", "tcp", "-t", "no-such-host.invalid", "--ca", "/dev/null",
                                "--cert", "/dev/null", "--key", "/dev/null"});
  EXPECT_EQ(got.exit_code, 1) << "the certificate files are wrong, and that is found first";
}

TEST(CommandLineTest, SomeTargetsAnswer) {
  RunningAgent agent;
  const Finished got =
      Farstat({"get", "tcp", "-t", agent.address(), "-t", "127.0.0.1:1", "-o", "jsonl"});
  EXPECT_EQ(got.exit_code, 2);
  EXPECT_THAT(got.out, AllOf(HasSubstr("\"kind\":\"row\""), HasSubstr("REFUSED")));
}

TEST(CommandLineTest, MistypedWordsGetASuggestion) {
  EXPECT_THAT(Farstat({"get", "tpc"}).err, HasSubstr("tcp"));
  EXPECT_THAT(Farstat({"gte", "tcp"}).err, HasSubstr("get"));
  EXPECT_THAT(Farstat({"get", "tcp", "--columns", "thru_bytes_akced"}).err,
              HasSubstr("thru_bytes_acked"));
  EXPECT_THAT(Farstat({"get", "tcp", "--state", "establishd"}).err, HasSubstr("established"));
  EXPECT_THAT(Farstat({"get", "tcp", "--groups", "pth"}).err, HasSubstr("path"));
}

TEST(CommandLineTest, BadValuesAreUsageErrors) {
  const std::vector<std::vector<std::string>> cases = {
      {"get", "tcp", "--local", "10.0.0.0/33"},
      {"get", "tcp", "--remote", "1.2.3"},
      {"get", "tcp", "--port", "70000"},
      {"watch", "tcp", "--interval", "0"},
      {"watch", "tcp", "--interval", "-1s"},
      {"watch", "tcp", "--interval", "soon"},
      {"get", "tcp", "-o", "yaml"},
      {"get", "tcp", "--timeout", "0"},
      {"get", "tcp", "-t", "127.0.0.1:notaport"},
      {"get", "tcp", "--pid", "x"},
      {"get"},
      {"watch", "tcp", "--count", "-1"},
  };
  for (const auto& arguments : cases) {
    const Finished got = Farstat(arguments);
    EXPECT_EQ(got.exit_code, 1) << arguments.back() << ": " << got.err;
    EXPECT_NE(got.err, "") << arguments.back();
    EXPECT_EQ(got.out, "") << arguments.back();
  }
}

TEST(CommandLineTest, AbsurdIntervalsAreClampedByTheAgentAndTold) {
  RunningAgent agent;
  const Finished got = Farstat(
      {"watch", "tcp", "-t", agent.address(), "--interval", "1ms", "--count", "1", "-o", "jsonl"});
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_THAT(got.err, HasSubstr("100"));
}

TEST(CommandLineTest, ReaderThatGoesAwayEndsItQuietly) {
  RunningAgent agent;
  Process watch(
      Binary("farstat"),
      {"watch", "tcp", "-t", agent.address(), "--interval", "100ms", "-o", "jsonl", "--port",
       absl::StrCat(std::vector<std::string>(absl::StrSplit(agent.address(), ':'))[1])});
  watch.WaitForOutput("\"kind\":\"row\"");
  watch.CloseOutput();
  // Its own connection changes with every frame, so there is always more to write.
  const Finished finished = watch.Wait(absl::Seconds(20));
  EXPECT_NE(finished.exit_code, -1) << "it hangs";
  EXPECT_LT(finished.exit_code, 128) << "a signal ended it";
  EXPECT_THAT(finished.err, Not(HasSubstr("terminate")));
}

TEST(CommandLineTest, InterruptPrintsWhatItHasAndExitsWith130) {
  RunningAgent agent;
  Process watch(Binary("farstat"),
                {"watch", "tcp", "-t", agent.address(), "--interval", "100ms", "-o", "jsonl"});
  watch.WaitForOutput("\"kind\":\"row\"");
  watch.Signal(SIGINT);
  const Finished finished = watch.Wait();
  EXPECT_EQ(finished.exit_code, 130);
  EXPECT_THAT(finished.out, HasSubstr("\"kind\":\"summary\""));
}

TEST(CommandLineTest, WatchGoesOnWhenTheAgentRestarts) {
  auto agent = std::make_unique<RunningAgent>();
  const std::string address = agent->address();
  Process watch(Binary("farstat"),
                {"watch", "tcp", "-t", address, "--interval", "100ms", "-o", "jsonl"});
  watch.WaitForOutput("\"kind\":\"row\"");
  agent->process().Signal(SIGKILL);
  agent->process().Wait();
  watch.WaitForOutput("\"kind\":\"target_state\"");
  Process again(Binary("farstat-agent"), {"run", "--listen", address});
  again.WaitForError("serving on");
  watch.WaitForError("connected again", absl::Seconds(40));
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait().exit_code, 130);
}

}  // namespace
}  // namespace farstat::testing
