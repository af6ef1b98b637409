// The agent's binary as its user meets it: start, refusal, end.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "absl/time/clock.h"
#include "farstat/v1/tcp.grpc.pb.h"
#include "tests/support/process.h"
#include "tests/support/test_certificates.h"

namespace farstat::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(AgentTest, ServesTheHostsSockets) {
  RunningAgent agent;
  const Finished got = RunToEnd(Binary("farstat"), {"get", "tcp", "-t", agent.address()});
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr(agent.address())) << "the agent's own listening socket";
}

TEST(AgentTest, EndsWithGoodbyeToItsSubscribers) {
  RunningAgent agent;
  auto channel =
      grpc::CreateChannel(agent.address(), grpc::experimental::LocalCredentials(LOCAL_TCP));
  const auto stub = v1::TcpService::NewStub(channel);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::SubscribeTcpStatisticsResponse>>> readers;
  v1::SubscribeTcpStatisticsResponse frame;
  for (int i = 0; i < 20; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(stub->SubscribeTcpStatistics(contexts.back().get(), {}));
    ASSERT_TRUE(readers.back()->Read(&frame));
    EXPECT_TRUE(frame.has_accepted());
  }
  const absl::Time start = absl::Now();
  agent.process().Signal(SIGTERM);
  for (const auto& reader : readers) {
    bool goodbye = false;
    while (reader->Read(&frame)) goodbye = frame.has_goodbye();
    EXPECT_TRUE(goodbye) << "the last frame";
    EXPECT_TRUE(reader->Finish().ok());
  }
  EXPECT_EQ(agent.process().Wait().exit_code, 0);
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
}

TEST(AgentTest, WillNotShareItsPort) {
  RunningAgent agent;
  const Finished second = RunToEnd(Binary("farstat-agent"), {"run", "--listen", agent.address()});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, AllOf(HasSubstr(agent.address()), HasSubstr("in use")));
}

TEST(AgentTest, WillNotServeTheNetworkInPlaintext) {
  const Finished agent = RunToEnd(Binary("farstat-agent"), {"run", "--listen", "0.0.0.0:0"});
  EXPECT_EQ(agent.exit_code, 1);
  EXPECT_THAT(agent.err, AllOf(HasSubstr("mutual TLS"), HasSubstr("--ca")));
}

TEST(AgentTest, BadSettingsAreAllNamed) {
  const TestFolder folder;
  const std::string file = folder.Write("agent.textproto",
                                        "listen: \"127.0.0.1:0\"\n"
                                        "log_level: \"loud\"\n"
                                        "max_streams: -3\n"
                                        "tls { ca: \"ca.pem\" }\n");
  const Finished agent = RunToEnd(Binary("farstat-agent"), {"run", "--config", file});
  EXPECT_EQ(agent.exit_code, 1);
  EXPECT_THAT(agent.err, AllOf(HasSubstr("loud"), HasSubstr("max_streams"), HasSubstr("--cert"),
                               HasSubstr("--key")));
  const std::string misspelt = folder.Write("misspelt.textproto", "lissten: \"127.0.0.1:0\"\n");
  const Finished other = RunToEnd(Binary("farstat-agent"), {"run", "--config", misspelt});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, AllOf(HasSubstr("misspelt.textproto:1"), HasSubstr("lissten")));
  const Finished missing =
      RunToEnd(Binary("farstat-agent"), {"run", "--config", folder.Path("none")});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("No such file"));
}

TEST(AgentTest, AddressThatIsNoneIsRefused) {
  for (const std::string address : {"nonsense", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999"}) {
    const Finished agent = RunToEnd(Binary("farstat-agent"), {"run", "--listen", address});
    EXPECT_EQ(agent.exit_code, 1) << address;
    EXPECT_THAT(agent.err, AllOf(HasSubstr(address), HasSubstr("HOST:PORT")));
  }
}

TEST(AgentTest, MistypedCommandLinesAreUsageErrors) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{}, {"runn"}, {"run", "--lissten", "x"}, {"run", "--listen"}}) {
    const Finished agent = RunToEnd(Binary("farstat-agent"), arguments);
    EXPECT_EQ(agent.exit_code, 1);
    EXPECT_NE(agent.err, "");
    EXPECT_EQ(agent.out, "");
  }
}

TEST(AgentTest, SettingsFileIsUsed) {
  const TestFolder folder;
  const std::string file = folder.Write("agent.textproto", "listen: \"127.0.0.1:0\"\n");
  Process agent(Binary("farstat-agent"), {"run", "--config", file});
  agent.WaitForError("serving on 127.0.0.1:");
  agent.Signal(SIGINT);
  EXPECT_EQ(agent.Wait().exit_code, 0);
}

}  // namespace
}  // namespace farstat::testing
