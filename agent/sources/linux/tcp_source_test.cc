// The source against the real kernel: which rows and totals come, and what when something is in the
// way. tcp_values_test.cc looks at what is in the rows.

#include "agent/sources/linux/tcp_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "agent/sources/linux/proc_file.h"
#include "common/status.h"
#include "tests/support/collected_tcp_rows.h"
#include "tests/support/fake_sock_diag.h"
#include "tests/support/loopback_sockets.h"
#include "tests/support/tcp_row_fields.h"

namespace farstat::sources {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr PartMask kConnections = PartBit(kTcpConnectionsPart);

class LinuxTcpSourceTest : public testing::Test {
 protected:
  CollectedTcpRows Collect(PartMask parts = kAllTcpGroups | kConnections) {
    CollectedTcpRows rows;
    outcome_ = source_.Collect(parts, rows);
    EXPECT_TRUE(outcome_.status.ok()) << outcome_.status;
    return rows;
  }

  LinuxTcpSource source_;
  Outcome outcome_;
};

// --- Every row ---

TEST_F(LinuxTcpSourceTest, EveryRowIsAValidConnectionWithNothingButWhatLinuxDelivers) {
  const Connection connection;
  const CollectedTcpRows rows = Collect(kAllTcpParts);
  ASSERT_GE(rows.rows().size(), 3u);
  for (const auto& [cookie, row] : rows.rows()) {
    const v1::TcpConnection parsed = ParseTcpRow(row.bytes);
    ExpectOnlyLinuxFields(parsed);
    ASSERT_EQ(row.key, parsed.key().SerializeAsString());
    ASSERT_NE(cookie, 0u);
    ASSERT_NE(parsed.state(), v1::TCP_STATE_UNSPECIFIED);
    ASSERT_EQ(row.facts.state, parsed.state());
    ASSERT_EQ(row.facts.local_port, parsed.key().local_port());
    ASSERT_EQ(row.facts.remote_port, parsed.key().remote_port());
    ASSERT_EQ(row.facts.has_remote != 0, !parsed.key().remote_address().empty());
    ASSERT_EQ(row.part_ends.size(), static_cast<size_t>(kMaxParts));
  }
  ExpectOnlyLinuxFields(rows.stack());
}

TEST_F(LinuxTcpSourceTest, EveryPartHoldsItsGroupAndNothingElse) {
  Connection connection;
  connection.Send(connection.client, connection.server, 100);
  const CollectedTcpRow row = Collect(kAllTcpGroups | kConnections | PartBit(kTcpOwnerPart))
                                  .Find(connection.client.Cookie());
  const std::map<int, int> field_of_part = {
      {v1::TCP_GROUP_DATA, v1::TcpConnection::kDataFieldNumber},
      {v1::TCP_GROUP_PATH, v1::TcpConnection::kPathFieldNumber},
      {v1::TCP_GROUP_SEND_BUFFER, v1::TcpConnection::kSendBufferFieldNumber},
      {v1::TCP_GROUP_RECEIVE, v1::TcpConnection::kReceiveFieldNumber},
      {v1::TCP_GROUP_OBSERVED_RECEIVE, v1::TcpConnection::kObservedReceiveFieldNumber},
      {v1::TCP_GROUP_FINE_RTT, v1::TcpConnection::kFineRttFieldNumber},
      {v1::TCP_GROUP_LINUX, v1::TcpConnection::kLinuxFieldNumber},
      {kTcpOwnerPart, v1::TcpConnection::kOwnerFieldNumber}};
  for (int part = 1; part < kMaxParts; ++part) {
    const auto expected = field_of_part.find(part);
    ASSERT_EQ(row.HasPart(part), expected != field_of_part.end()) << part;
    if (!row.HasPart(part)) continue;
    const size_t begin = row.part_ends[part - 1];
    const v1::TcpConnection parsed =
        ParseTcpRow(row.bytes.substr(begin, row.part_ends[part] - begin));
    std::vector<const google::protobuf::FieldDescriptor*> fields;
    v1::TcpConnection::GetReflection()->ListFields(parsed, &fields);
    ASSERT_EQ(fields.size(), 1u);
    EXPECT_EQ(fields[0]->number(), expected->second);
  }
}

// A sink that wants groups of listening sockets only.
class RowsOfListeners : public CollectedTcpRows {
 public:
  PartMask PartsOf(absl::string_view bytes) const override {
    TcpFacts facts;
    std::memcpy(&facts, bytes.data(), sizeof(facts));
    return facts.state == v1::TCP_STATE_LISTEN ? ~PartMask{0} : PartBit(0);
  }
};

TEST_F(LinuxTcpSourceTest, WritesPartsOnlyIntoRowsOfWhichSomebodyWantsThem) {
  const Connection connection;
  RowsOfListeners rows;
  EXPECT_TRUE(source_.Collect(kAllTcpParts, rows).status.ok());
  size_t listeners = 0;
  for (const auto& [cookie, row] : rows.rows()) {
    const bool listens = row.facts.state == v1::TCP_STATE_LISTEN;
    listeners += listens ? 1 : 0;
    EXPECT_EQ(row.HasPart(kTcpOwnerPart), listens);
    for (int part = 1; part < kTcpOwnerPart && !listens; ++part) EXPECT_FALSE(row.HasPart(part));
  }
  EXPECT_GT(listeners, 0u);
  EXPECT_GT(rows.rows().size(), listeners);
}

// --- Owners ---

TEST_F(LinuxTcpSourceTest, NamesTheOwner) {
  Connection connection;
  const Socket waiting = ConnectTo("127.0.0.1", LocalAddress(connection.listener).port());
  std::string name;
  uint64_t calls = 0;
  ASSERT_TRUE(ReadProcFile("/proc/self/comm", name, calls).ok());
  const CollectedTcpRows rows = Collect(kConnections | PartBit(kTcpOwnerPart));
  for (const Socket* socket : {&connection.client, &connection.server, &connection.listener}) {
    const v1::TcpConnection row = rows.Get(*socket);
    EXPECT_EQ(row.owner().pid(), static_cast<uint32_t>(getpid()));
    EXPECT_EQ(row.owner().process() + "\n", name);
    EXPECT_EQ(row.owner().uid(), geteuid());
    EXPECT_EQ(rows.Find(socket->Cookie()).facts.pid, row.owner().pid());
    EXPECT_EQ(rows.Find(socket->Cookie()).process, row.owner().process());
  }
  // Nobody has accepted the other end of `waiting` yet.
  const uint16_t client_port = LocalAddress(waiting).port();
  const uint16_t server_port = LocalAddress(connection.listener).port();
  int unaccepted = 0;
  for (const auto& [cookie, row] : rows.rows()) {
    if (row.facts.local_port != server_port || row.facts.remote_port != client_port) continue;
    ++unaccepted;
    EXPECT_FALSE(row.HasPart(kTcpOwnerPart));
  }
  EXPECT_EQ(unaccepted, 1);
}

TEST_F(LinuxTcpSourceTest, NamesTheLowestPidOfASharedSocket) {
  const Connection connection;
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // Holds the sockets until the other end of the pipe is closed.
    close(pipe_ends[1]);
    char byte;
    (void)!read(pipe_ends[0], &byte, 1);
    _exit(0);
  }
  close(pipe_ends[0]);
  const CollectedTcpRows rows = Collect(kConnections | PartBit(kTcpOwnerPart));
  const auto lowest = static_cast<uint32_t>(std::min(getpid(), child));
  EXPECT_EQ(rows.Get(connection.client).owner().pid(), lowest);
  close(pipe_ends[1]);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

// Runs in a process of another user, who may not look at this one.
int CollectAsNobody(const Connection& connection) {
  close(connection.client.fd());
  close(connection.server.fd());
  constexpr uid_t kNobody = 65534;
  if (setresuid(kNobody, kNobody, kNobody) != 0) return 2;
  LinuxTcpSource source;
  CollectedTcpRows rows;
  const Outcome outcome = source.Collect(kConnections | PartBit(kTcpOwnerPart), rows);
  if (!outcome.status.ok()) return 3;
  if (ErrorInfoOf(outcome.partial).reason() != kAgentLacksPrivilege) return 4;
  if (!absl::StrContains(outcome.partial.message(), "CAP_SYS_PTRACE")) return 5;
  // Without owners asked for, nothing is missing.
  return source.Collect(kConnections, rows).partial.ok() ? 0 : 6;
}

TEST_F(LinuxTcpSourceTest, SaysThatOwnersAreHidden) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  const Connection connection;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(CollectAsNobody(connection));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// --- Churn ---

// Opens and closes connections to a listener, as fast as it can, until told to stop.
class Churn {
 public:
  explicit Churn(uint16_t port, const Socket& listener)
      : thread_([this, port, &listener] {
          while (!stop_) {
            for (int i = 0; i < 50; ++i) {
              Socket client = ConnectTo("127.0.0.1", port);
              Socket server = Accept(listener);
              client.Reset();
              server.Reset();
              ++opened_;
            }
          }
        }) {}
  ~Churn() {
    stop_ = true;
    thread_.join();
  }
  int opened() const { return opened_; }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int> opened_ = 0;
  std::thread thread_;
};

TEST_F(LinuxTcpSourceTest, KeepsStableSocketsWhileOthersComeAndGo) {
  std::vector<std::unique_ptr<Connection>> stable;
  std::map<uint64_t, std::string> keys;
  for (int i = 0; i < 50; ++i) {
    stable.push_back(std::make_unique<Connection>());
    keys[stable.back()->client.Cookie()];
    keys[stable.back()->server.Cookie()];
  }
  const Socket listener = Listen("127.0.0.1", 128);
  {
    const CollectedTcpRows rows = Collect();
    for (auto& [cookie, key] : keys) key = rows.Find(cookie).key;
  }
  Churn churn(LocalAddress(listener).port(), listener);
  int collections = 0;
  // Thousands come and go, over many dumps.
  while (collections < 20 || churn.opened() < 3000) {
    const CollectedTcpRows rows = Collect();
    for (const auto& [cookie, key] : keys) {
      EXPECT_EQ(rows.Find(cookie).key, key);
    }
    for (auto row = rows.rows().begin(); row != rows.rows().end();) {
      const auto next = rows.rows().upper_bound(row->first);
      for (auto same = row; same != next; ++same) EXPECT_EQ(same->second.key, row->second.key);
      row = next;
    }
    ++collections;
    ASSERT_FALSE(testing::Test::HasFailure());
  }
}

// --- Totals ---

TEST_F(LinuxTcpSourceTest, TellsTheTotalsOfTheStack) {
  const Connection connection;
  const v1::TcpStack before = Collect(PartBit(kTcpStackPart)).stack();
  constexpr uint64_t kNew = 25;
  std::vector<std::unique_ptr<Connection>> connections;
  for (uint64_t i = 0; i < kNew; ++i) connections.push_back(std::make_unique<Connection>());
  const v1::TcpStack after = Collect(PartBit(kTcpStackPart)).stack();
  EXPECT_EQ(before.rto_algorithm(), after.rto_algorithm());
  EXPECT_GT(after.rto_max_ms(), after.rto_min_ms());
  EXPECT_GE(after.active_opens(), before.active_opens() + kNew);
  EXPECT_GE(after.passive_opens(), before.passive_opens() + kNew);
  // Three segments of each handshake.
  EXPECT_GE(after.segments_out(), before.segments_out() + 3 * kNew);
  EXPECT_TRUE(after.linux().has_listen_drops());
  EXPECT_TRUE(after.linux().has_delayed_acks());
}

TEST_F(LinuxTcpSourceTest, CountsStatesOverTheSameRows) {
  const Connection connection;
  const CollectedTcpRows rows = Collect(kConnections | PartBit(kTcpStackPart));
  EXPECT_EQ(rows.totals(), 1);
  std::map<int, uint64_t> counted;
  for (const auto& [cookie, row] : rows.rows()) ++counted[row.facts.state];
  std::map<int, uint64_t> told;
  for (const v1::TcpStateCount& state : rows.stack().states()) told[state.state()] = state.count();
  EXPECT_EQ(told, counted);
  EXPECT_GE(told[v1::TCP_STATE_ESTABLISHED], 2u);
  EXPECT_GE(told[v1::TCP_STATE_LISTEN], 1u);
}

TEST_F(LinuxTcpSourceTest, CollectsOnlyWhatIsAskedFor) {
  const Connection connection;
  CollectedTcpRows rows = Collect(PartBit(kTcpStackPart) | kAllTcpGroups);
  EXPECT_TRUE(rows.rows().empty());
  EXPECT_EQ(rows.totals(), 1);
  EXPECT_GE(rows.stack().states_size(), 1);
  EXPECT_GT(outcome_.native_calls, 0u);

  rows = Collect(kConnections);
  EXPECT_FALSE(rows.rows().empty());
  EXPECT_EQ(rows.totals(), 0);

  rows = Collect(kAllTcpGroups);
  EXPECT_TRUE(rows.rows().empty());
  EXPECT_EQ(rows.totals(), 0);
  EXPECT_EQ(outcome_.native_calls, 0u);
}

// --- A kernel in trouble ---

class LinuxTcpSourceFailureTest : public testing::Test {
 protected:
  Outcome Collect(std::vector<std::string> datagrams) {
    kernel_ = std::make_unique<FakeKernel>(std::move(datagrams));
    LinuxTcpSource source([this] { return kernel_->Open(); });
    return source.Collect(kConnections | kAllTcpGroups | PartBit(kTcpStackPart), rows_);
  }

  std::unique_ptr<FakeKernel> kernel_;
  CollectedTcpRows rows_;
};

TEST_F(LinuxTcpSourceFailureTest, CountsOnlyTheLastTryOfAnInterruptedList) {
  const Outcome outcome =
      Collect({SocketMessage(1, 10) + SocketMessage(1, 11), DoneMessage(1, NLM_F_DUMP_INTR),
               SocketMessage(2, 10), DoneMessage(2)});
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_TRUE(outcome.partial.ok()) << outcome.partial;
  ASSERT_EQ(rows_.stack().states_size(), 1);
  // Once in each family, as both are asked of the same fake.
  EXPECT_EQ(rows_.stack().states(0).count(), 2u);
}

TEST_F(LinuxTcpSourceFailureTest, DeliversATableThatKeepsChangingAsPartial) {
  std::vector<std::string> datagrams;
  for (uint32_t sequence = 1; sequence <= 8; ++sequence) {
    datagrams.push_back(SocketMessage(sequence, 10) + DoneMessage(sequence, NLM_F_DUMP_INTR));
  }
  const Outcome outcome = Collect(datagrams);
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_EQ(ErrorInfoOf(outcome.partial).reason(), kTableChanging);
  EXPECT_EQ(rows_.rows().count(10), 8u);
}

TEST_F(LinuxTcpSourceFailureTest, FailsWithTheKernelsReason) {
  const Outcome outcome =
      Collect({SocketMessage(1, 10), DiagMessage(NLMSG_ERROR, 1, BytesOf(int{-EPERM}))});
  EXPECT_EQ(ErrorInfoOf(outcome.status).reason(), kAgentLacksPrivilege);
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("not permitted"));
  EXPECT_EQ(rows_.totals(), 0);
}

TEST_F(LinuxTcpSourceFailureTest, RefusesAListThatMakesNoSense) {
  const Outcome outcome = Collect({SocketMessage(1, 10).substr(0, 50)});
  EXPECT_EQ(outcome.status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(outcome.status.message()), Not(IsEmpty()));
}

}  // namespace
}  // namespace farstat::sources
