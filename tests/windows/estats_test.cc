// Extended statistics of TCP: switched on and off from another host, leased, and cleaned up after a
// crash.

#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "farstat/v1/tcp.pb.h"
#include "tests/support/becomes.h"
#include "tests/windows/office.h"
#include "tests/windows/wine_agent.h"

namespace farstat::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class EstatsTest : public WineAgentTest {
 protected:
  // The connections to a port.
  std::vector<v1::TcpConnection> To(const std::string& port) const {
    return DataOf<v1::TcpConnection>(Get("tcp", {"--port", port, "--state", "established"}), "row");
  }
  // Of so many connections to the port the group is read.
  int Read(const std::string& port, bool (v1::TcpConnection::*has_group)() const) const {
    int count = 0;
    for (const v1::TcpConnection& row : To(port)) count += (row.*has_group)() ? 1 : 0;
    return count;
  }
  v1::SetTcpEstatsCollectionResponse Set(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "estats");
    arguments.insert(arguments.end(), {"-o", "jsonl"});
    const Finished set = Farstat(std::move(arguments));
    EXPECT_EQ(set.exit_code, 0) << set.err;
    const auto results = DataOf<v1::SetTcpEstatsCollectionResponse>(set.out, "estats_result");
    EXPECT_THAT(results, SizeIs(1)) << set.out;
    return results.empty() ? v1::SetTcpEstatsCollectionResponse() : results.front();
  }
  uintmax_t JournalBytes() const {
    std::error_code none;
    const auto size = std::filesystem::file_size(folder().Path("state/estats.journal"), none);
    return none ? 0 : size;
  }
};

constexpr auto kHasData = &v1::TcpConnection::has_data;
constexpr auto kHasPath = &v1::TcpConnection::has_path;

TEST_F(EstatsTest, AreSwitchedOnReadAndSwitchedOff) {
  StartAgent(SimulatedWindows(kOffice));
  EXPECT_EQ(Read("445", kHasData), 0);
  const auto enabled = Set({"enable", "--groups", "data,path,bandwidth", "--port", "445"});
  EXPECT_EQ(enabled.matched_connections(), uint64_t{kFileConnections});
  EXPECT_EQ(enabled.succeeded(), uint64_t{3 * kFileConnections});
  EXPECT_EQ(enabled.failed(), 0u);
  const auto first = To("445");
  ASSERT_THAT(first, SizeIs(kFileConnections));
  for (const v1::TcpConnection& row : first) {
    EXPECT_TRUE(row.data().has_data_bytes_out());
    EXPECT_TRUE(row.data().has_thru_bytes_acked());
    EXPECT_TRUE(row.path().has_bytes_retrans());
    EXPECT_TRUE(row.has_bandwidth());
    EXPECT_FALSE(row.has_fine_rtt());
  }
  EXPECT_EQ(Read("443", kHasData), 0) << "those were not asked for";
  EXPECT_TRUE(Becomes([&] {
    const auto now = To("445");
    for (size_t i = 0; i < first.size(); ++i) {
      if (i >= now.size() || now[i].data().data_bytes_in() <= first[i].data().data_bytes_in()) {
        return false;
      }
    }
    return true;
  }));
  const auto again = Set({"enable", "--groups", "data", "--port", "445"});
  EXPECT_EQ(again.already(), uint64_t{kFileConnections});
  EXPECT_EQ(Set({"disable", "--groups", "data", "--port", "445"}).failed(), 0u);
  EXPECT_EQ(Read("445", kHasData), 0);
  EXPECT_EQ(Read("445", kHasPath), kFileConnections);
}

TEST_F(EstatsTest, ALeaseSwitchesOffAtItsEnd) {
  StartAgent(SimulatedWindows(kOffice));
  const auto leased =
      Set({"enable", "--groups", "path", "--all", "--ttl", "3s", "--release", "disable"});
  EXPECT_EQ(leased.succeeded(), uint64_t{kConnections});
  EXPECT_NE(leased.lease_id(), "");
  EXPECT_EQ(Read("443", kHasPath), kConnections - kFileConnections);
  EXPECT_GT(JournalBytes(), 0u);
  agent().WaitForError(absl::StrCat("switched off ", kConnections, " groups"));
  EXPECT_EQ(Read("443", kHasPath), 0);
  EXPECT_EQ(Read("445", kHasPath), 0);
}

TEST_F(EstatsTest, AStreamLeasesThemForItsLifetime) {
  StartAgent(SimulatedWindows(kOffice));
  Process watch(Binary("farstat"), ToAgent({"watch", "tcp", "-o", "jsonl", "--interval", "200ms",
                                            "--port", "445", "--estats", "data"}));
  watch.WaitForOutput("data_bytes_out");
  EXPECT_EQ(Read("445", kHasData), kFileConnections);
  watch.Signal(SIGINT);
  EXPECT_EQ(watch.Wait().exit_code, 130);
  agent().WaitForError(absl::StrCat("switched off ", kFileConnections, " groups"));
  EXPECT_EQ(Read("445", kHasData), 0);
}

// The Windows of the second agent is the one of the first: the same connections, and of their
// switches those are on that a crash leaves on, and one that another program has turned.
TEST_F(EstatsTest, AnAgentTidiesUpAfterOneThatWasKilled) {
  Windows windows = SimulatedWindows(kOffice);
  windows.since = absl::Now() - absl::Minutes(1);
  StartAgent(windows);
  Set({"enable", "--groups", "data", "--port", "445", "--ttl", "10m", "--release", "disable"});
  EXPECT_EQ(Read("445", kHasData), kFileConnections);
  KillAgent();
  EXPECT_GT(JournalBytes(), 0u);

  windows.scenario = absl::StrReplaceAll(
      kOffice, {{"tcp {", "tcp { estats { enabled { share: 1 types: 1 types: 3 } }"}});
  StartAgent(windows);
  agent().WaitForError(absl::StrCat("switched off ", kFileConnections, " groups of ",
                                    kFileConnections, " connections"));
  EXPECT_EQ(Read("445", kHasData), 0) << "what the first agent has left on";
  EXPECT_EQ(Read("445", kHasPath), kFileConnections) << "what it has not turned";
  EXPECT_EQ(Read("443", kHasData), kConnections - kFileConnections);
}

TEST_F(EstatsTest, NeedAnAdministrator) {
  StartAgent(SimulatedWindows(absl::StrCat(kOffice, "not_administrator: true")));
  const Finished denied = Farstat({"estats", "enable", "--groups", "data", "--all"});
  EXPECT_EQ(denied.exit_code, 3);
  EXPECT_THAT(absl::StrCat(denied.out, denied.err), HasSubstr("administrator"));
}

}  // namespace
}  // namespace farstat::testing
