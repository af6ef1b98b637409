// The agent's binary as its user meets it: start, refusal, end.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

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

// A connection of its own: an agent serves at most 100 streams on each.
std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::experimental::LocalCredentials(LOCAL_TCP),
                                   arguments);
}

// A stream of TCP connections.
class TcpStream {
 public:
  TcpStream(const std::shared_ptr<grpc::Channel>& channel,
            const v1::SubscribeTcpStatisticsRequest& request) {
    reader_ = v1::TcpService::NewStub(channel)->SubscribeTcpStatistics(&context_, request);
  }
  bool Read() { return reader_->Read(&frame_); }
  void ReadUntil(const std::function<bool(const v1::SubscribeTcpStatisticsResponse&)>& wanted) {
    while (Read()) {
      if (wanted(frame_)) return;
    }
    ADD_FAILURE() << "the stream ended: " << reader_->Finish().error_message();
  }
  const v1::SubscribeTcpStatisticsResponse& frame() const { return frame_; }
  grpc::Status Finish() { return reader_->Finish(); }
  void Cancel() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeTcpStatisticsResponse>> reader_;
  v1::SubscribeTcpStatisticsResponse frame_;
};

// A hundred streams over one connection, read by a thread to their end.
class HundredStreams {
 public:
  explicit HundredStreams(const std::string& address) {
    const auto channel = Connect(address);
    for (int i = 0; i < 100; ++i) {
      streams_.push_back(std::make_unique<TcpStream>(channel, v1::SubscribeTcpStatisticsRequest()));
    }
    for (const auto& stream : streams_) {
      EXPECT_TRUE(stream->Read());
      EXPECT_TRUE(stream->frame().has_accepted());
    }
    thread_ = std::thread([this] {
      for (const auto& stream : streams_) {
        while (stream->Read()) {
        }
        if (stream->frame().has_goodbye() && stream->Finish().ok()) ++goodbyes_;
      }
    });
  }
  // Streams whose last frame was a Goodbye, when all have ended.
  int AwaitGoodbyes() {
    thread_.join();
    return goodbyes_;
  }

 private:
  std::vector<std::unique_ptr<TcpStream>> streams_;
  int goodbyes_ = 0;
  std::thread thread_;
};

TEST(AgentTest, EndsWithGoodbyeToAThousandSubscribers) {
  RunningAgent agent;
  std::vector<std::unique_ptr<HundredStreams>> connections;
  for (int i = 0; i < 10; ++i) {
    connections.push_back(std::make_unique<HundredStreams>(agent.address()));
  }
  const absl::Time start = absl::Now();
  agent.process().Signal(SIGTERM);
  const Finished finished = agent.process().Wait();
  const absl::Duration took = absl::Now() - start;
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  int goodbyes = 0;
  for (const auto& connection : connections) goodbyes += connection->AwaitGoodbyes();
  EXPECT_EQ(goodbyes, 1000);
  EXPECT_LT(took, absl::Seconds(5)) << finished.err;
  std::cout << "1000 streams: ended in " << took << "\n";
}

TEST(AgentTest, SubscriberOfARestartedAgentGetsAFullSetAndIsToldWhy) {
  auto agent = std::make_unique<RunningAgent>();
  const std::string address = agent->address();
  const auto complete = [](const auto& frame) { return frame.header().tick_complete(); };
  v1::SubscribeTcpStatisticsRequest request;
  {
    TcpStream stream(Connect(address), request);
    stream.ReadUntil(complete);
    request.mutable_options()->set_resume_token(stream.frame().header().resume_token());
    stream.Cancel();
  }
  {
    TcpStream again(Connect(address), request);
    ASSERT_TRUE(again.Read());
    EXPECT_TRUE(again.frame().accepted().resumed());
    again.Cancel();
  }
  agent->process().Signal(SIGTERM);
  EXPECT_EQ(agent->process().Wait().exit_code, 0);
  agent.reset();
  Process restarted(Binary("farstat-agent"), {"run", "--listen", address});
  restarted.WaitForError("serving on ");
  TcpStream stream(Connect(address), request);
  ASSERT_TRUE(stream.Read());
  EXPECT_FALSE(stream.frame().accepted().resumed());
  stream.ReadUntil([](const auto& frame) { return frame.has_sync_begin(); });
  EXPECT_EQ(stream.frame().sync_begin().reason(), v1::SYNC_REASON_RESYNC);
  stream.ReadUntil(complete);
  EXPECT_NE(stream.frame().header().resume_token(), request.options().resume_token());
  stream.Cancel();
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
