// Subscriptions to the agent under Wine: ticks, changes that Windows signals, and an agent that is
// stopped and started again.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "farstat/v1/ras.grpc.pb.h"
#include "tests/support/becomes.h"
#include "tests/windows/office.h"
#include "tests/windows/wine_agent.h"

namespace farstat::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Contents(const std::string& file) {
  std::ostringstream contents;
  contents << std::ifstream(file).rdbuf();
  return contents.str();
}

constexpr char kDisconnected[] = "\"state\":\"disconnected\"";

// Waits until the program has said `text` somewhere behind the first `before`.
bool SaysAfter(Process& process, const std::string& before, const std::string& text) {
  return Becomes([&] {
    const std::string said = process.Said();
    const size_t begin = said.find(before);
    return begin != std::string::npos && said.find(text, begin) != std::string::npos;
  });
}

class StreamTest : public WineAgentTest {
 protected:
  std::vector<std::string> Watching(const std::string& family, const std::string& interval) const {
    return ToAgent({"watch", family, "-o", "jsonl", "--interval", interval});
  }
  std::unique_ptr<v1::RasService::Stub> RasStub() const {
    const grpc::SslCredentialsOptions options = {Contents(client_files().ca),
                                                 Contents(client_files().key),
                                                 Contents(client_files().certificate)};
    return v1::RasService::NewStub(grpc::CreateChannel(address(), grpc::SslCredentials(options)));
  }
};

TEST_F(StreamTest, EveryFamilyTicks) {
  StartAgent(SimulatedWindows(kOffice));
  std::vector<std::string> arguments = Watching("host", "200ms");
  arguments.insert(arguments.end(), {"--duration", "2s"});
  const Finished watched = RunToEnd(Binary("farstat"), arguments);
  EXPECT_EQ(watched.exit_code, 0) << watched.err;
  std::map<std::string, std::set<uint64_t>> ticks;
  for (const Record& record : Records(watched.out)) {
    if (!record.family.empty()) ticks[record.family].insert(record.tick);
  }
  EXPECT_THAT(ticks, SizeIs(4));
  for (const auto& [family, seen] : ticks) EXPECT_GE(seen.size(), 4u) << family;
}

// The agent has an event of its own registered, which RAS signals from another thread.
TEST_F(StreamTest, RasChangesAreSeenWithoutWaitingForATick) {
  StartAgent(SimulatedWindows(R"(
    ras { connections { name: "Branch" connected_for_s: 1 up_s: 3 closing_s: 1 down_s: 1 dial_s: 1 } })"));
  Process watch(Binary("farstat"), Watching("ras", "10m"));
  watch.WaitForOutput("RAS_STATE_CONNECTED");
  watch.WaitForOutput("\"kind\":\"removed\"");
  EXPECT_TRUE(SaysAfter(watch, "\"kind\":\"removed\"", "RAS_STATE_CONNECTED")) << watch.Said();
}

TEST_F(StreamTest, AnAgentThatStopsSaysGoodbyeLast) {
  StartAgent(SimulatedWindows(kOffice));
  const auto stub = RasStub();
  grpc::ClientContext context;
  const auto reader = stub->SubscribeRasStatistics(&context, {});
  v1::SubscribeRasStatisticsResponse frame;
  ASSERT_TRUE(reader->Read(&frame));
  EXPECT_TRUE(frame.has_accepted());
  const absl::Time start = absl::Now();
  agent().Signal(SIGINT);
  while (reader->Read(&frame)) {
  }
  ASSERT_TRUE(frame.has_goodbye()) << frame.ShortDebugString();
  EXPECT_EQ(frame.goodbye().reason(), v1::GOODBYE_REASON_SHUTDOWN);
  EXPECT_TRUE(reader->Finish().ok());
  const Finished ended = agent().Wait();
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.err, HasSubstr("Ctrl-C: stopping"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

TEST_F(StreamTest, AClientGoesOnWhenTheAgentIsBack) {
  StartAgent(SimulatedWindows(kOffice));
  Process watch(Binary("farstat"), Watching("ras", "200ms"));
  watch.WaitForOutput("Headquarters");
  const std::string same = address();
  StopAgent();
  watch.WaitForOutput(kDisconnected);
  StartAgent(SimulatedWindows(kOffice), same);
  EXPECT_TRUE(SaysAfter(watch, kDisconnected, "\"state\":\"connected\",\"resumed\":false"))
      << watch.Said();
  EXPECT_TRUE(SaysAfter(watch, kDisconnected, "Headquarters")) << watch.Said();
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait().exit_code, 130);
}

}  // namespace
}  // namespace farstat::testing
