// `farstat watch` on an agent that is killed, frozen and started again: it goes on, says what it
// missed, and in the end holds what `farstat get` shows.

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "google/protobuf/struct.pb.h"
#include "tests/support/loopback_sockets.h"
#include "tests/support/process.h"
#include "tests/support/running_simulator.h"

namespace farstat::testing {
namespace {

using google::protobuf::Struct;
using ::testing::HasSubstr;
using ::testing::Not;

// Identity -> state, as text.
using Table = std::map<std::string, std::string>;

std::vector<Struct> Records(const std::string& jsonl) {
  std::vector<Struct> records;
  std::vector<std::string> lines = absl::StrSplit(jsonl, '\n');
  lines.pop_back();  // Not ended yet.
  for (const std::string& line : lines) {
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &records.emplace_back()).ok())
        << line;
  }
  return records;
}

// What somebody holds who applies the records in order, as README.md of the client says.
Table Applied(const std::string& jsonl) {
  Table table;
  for (const Struct& record : Records(jsonl)) {
    const std::string& kind = record.fields().at("kind").string_value();
    if (kind != "row" && kind != "removed") continue;
    const auto& data = record.fields().at("data").struct_value().fields();
    const std::string key = data.at("key").struct_value().ShortDebugString();
    if (kind == "row") {
      table[key] = data.at("state").string_value();
    } else {
      table.erase(key);
    }
  }
  return table;
}

// The values of a member of the records of a kind.
std::vector<std::string> Values(const std::string& jsonl, const std::string& kind,
                                const std::string& member) {
  std::vector<std::string> values;
  for (const Struct& record : Records(jsonl)) {
    if (record.fields().at("kind").string_value() != kind) continue;
    values.push_back(record.fields().at("data").struct_value().fields().at(member).string_value());
  }
  return values;
}

// A listener of this test, and connections to it.
class Connections {
 public:
  Connections() : listener_(sources::Listen("127.0.0.1")) {}

  std::string port() { return absl::StrCat(sources::LocalAddress(listener_).port()); }
  // Gives the new connection's port.
  std::string Open() {
    ends_.push_back(sources::ConnectTo("127.0.0.1", sources::LocalAddress(listener_).port()));
    const std::string port = absl::StrCat(sources::LocalAddress(ends_.back()).port());
    ends_.push_back(sources::Accept(listener_));
    return port;
  }
  // Both ends, so that nothing of it remains.
  void CloseOldest() {
    for (int end = 0; end < 2; ++end) {
      ends_.front().Reset();
      ends_.erase(ends_.begin());
    }
  }

 private:
  sources::Socket listener_;
  std::vector<sources::Socket> ends_;
};

class LostAgentTest : public ::testing::Test {
 protected:
  LostAgentTest() {
    connections_.Open();
    connections_.Open();
  }

  std::string Seen(const std::string& port) { return absl::StrCat("\"local_port\":", port); }
  // Opens a connection and waits until it is seen; what was seen until then.
  std::string AwaitNewConnection() { return watch_.WaitForOutput(Seen(connections_.Open())); }

  // Waits until the watcher holds a whole set. The first connection may be seen in the midst of
  // that set; what is opened later comes after it.
  void AwaitFirstSet() {
    AwaitNewConnection();
    AwaitNewConnection();
  }

  Table Got() {
    const Finished got = RunToEnd(Binary("farstat"), {"get", "tcp", "-t", agent_.address(), "-o",
                                                      "jsonl", "--port", connections_.port()});
    EXPECT_EQ(got.exit_code, 0) << got.err;
    return Applied(got.out);
  }

  // The rows of a reading come one after the other, so the last may be a moment away.
  void ExpectSameAsGet() {
    AwaitNewConnection();
    const Table got = Got();
    EXPECT_GE(got.size(), 7u);
    const absl::Time end = absl::Now() + absl::Seconds(10);
    Table held;
    do {
      held = Applied(watch_.Output(absl::Milliseconds(50)));
    } while (held != got && absl::Now() < end);
    EXPECT_EQ(held, got);
  }

  Connections connections_;
  RunningAgent agent_;
  // --count makes quiet times known soon (a heartbeat per second).
  Process watch_{Binary("farstat"),
                 {"watch", "tcp", "-t", agent_.address(), "-o", "jsonl", "--interval", "200ms",
                  "--port", connections_.port(), "--timeout", "1s", "--count", "1000000"}};
};

TEST_F(LostAgentTest, KilledAndStartedAgain) {
  AwaitFirstSet();
  agent_.process().Signal(SIGKILL);
  EXPECT_EQ(agent_.process().Wait().exit_code, 128 + SIGKILL);
  watch_.WaitForError("lost since");
  connections_.CloseOldest();
  connections_.Open();
  Process successor(Binary("farstat-agent"), {"run", "--listen", agent_.address()});
  successor.WaitForError("serving on");
  const std::string out = watch_.WaitForOutput("AGENT_RESTARTED");
  EXPECT_THAT(
      Values(out, "target_state", "state"),
      ::testing::AllOf(::testing::Contains("disconnected"), ::testing::Contains("connected")));
  EXPECT_THAT(watch_.WaitForError("connected again after"), HasSubstr("the agent restarted"));
  ExpectSameAsGet();
  successor.Signal(SIGTERM);
  EXPECT_EQ(successor.Wait().exit_code, 0);
  watch_.WaitForError("the agent is stopping");
  watch_.Signal(SIGINT);
  EXPECT_EQ(watch_.Wait().exit_code, 130);
}

TEST_F(LostAgentTest, FrozenForLongItIsTakenForDeadAndResumed) {
  AwaitFirstSet();
  agent_.process().Signal(SIGSTOP);
  watch_.WaitForError("nothing came for");
  connections_.CloseOldest();
  connections_.Open();
  agent_.process().Signal(SIGCONT);
  watch_.WaitForOutput("\"resumed\":true");
  ExpectSameAsGet();
  EXPECT_THAT(watch_.Output(absl::ZeroDuration()), Not(HasSubstr("\"gap\"")))
      << "nothing is missing";
}

TEST_F(LostAgentTest, FrozenForAMomentIsNoLoss) {
  AwaitFirstSet();
  agent_.process().Signal(SIGSTOP);
  absl::SleepFor(absl::Seconds(1.5));  // allow(sleep): the time that the frozen agent misses
  connections_.CloseOldest();
  agent_.process().Signal(SIGCONT);
  ExpectSameAsGet();
  EXPECT_THAT(watch_.Output(absl::ZeroDuration()), Not(HasSubstr("disconnected")));
}

int ThreadsOf(pid_t pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  std::string line;
  int threads = 0;
  while (std::getline(status, line)) {
    if (!absl::StartsWith(line, "Threads:")) continue;
    EXPECT_TRUE(absl::SimpleAtoi(line.substr(8), &threads));
  }
  return threads;
}

// Threads of `farstat watch` over `hosts` simulated hosts, all connected.
int ThreadsToWatch(int hosts) {
  RunningSimulator simulator(hosts);
  std::vector<std::string> arguments = {"watch", "ras", "-o", "jsonl"};
  for (const std::string& address : simulator.addresses()) {
    arguments.insert(arguments.end(), {"-t", address});
  }
  Process watch(Binary("farstat"), arguments);
  const absl::Time end = absl::Now() + absl::Seconds(20);
  size_t connected = 0;
  while (connected < static_cast<size_t>(hosts) && absl::Now() < end) {
    connected = Values(watch.Output(absl::Milliseconds(50)), "target_state", "state").size();
  }
  EXPECT_EQ(connected, static_cast<size_t>(hosts));
  return ThreadsOf(watch.pid());
}

TEST(ManyHostsTest, NeedNoMoreThreadsThanAFew) {
  const int few = ThreadsToWatch(4);
  const int many = ThreadsToWatch(120);
  EXPECT_LE(many, few + 20);
}

}  // namespace
}  // namespace farstat::testing
