#include "agent/families/tcp_query.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/sources/tcp_rows.h"
#include "common/status.h"

namespace farstat::families {
namespace {

using sources::PartBit;

const std::vector<v1::TcpGroup> kDeliverable = {v1::TCP_GROUP_DATA, v1::TCP_GROUP_PATH};

// The facts of a row, as a source writes them.
struct Row {
  uint16_t local_port = 80;
  uint16_t remote_port = 50000;
  v1::TcpState state = v1::TCP_STATE_ESTABLISHED;
  uint32_t pid = 0;
  std::string process;
  bool has_remote = true;
  uint8_t local_last = 1;   // 192.0.2.N
  uint8_t remote_last = 2;  // 198.51.100.N

  std::string Facts() const {
    sources::TcpFacts facts = {};
    facts.local_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, local_last};
    facts.remote_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, remote_last};
    facts.local_port = local_port;
    facts.remote_port = remote_port;
    facts.state = static_cast<uint8_t>(state);
    facts.pid = pid;
    facts.has_remote = has_remote ? 1 : 0;
    return std::string(reinterpret_cast<const char*>(&facts), sizeof(facts)) + process;
  }
};

Row Listener() {
  Row row;
  row.state = v1::TCP_STATE_LISTEN;
  row.remote_port = 0;
  row.has_remote = false;
  return row;
}

class TcpQueryTest : public ::testing::Test {
 protected:
  CompiledQuery Compiled() {
    absl::StatusOr<CompiledQuery> compiled = CompileTcpQuery(query_, kDeliverable);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return *std::move(compiled);
  }
  bool Matches(const Row& row) {
    const CompiledQuery compiled = Compiled();
    return compiled.selection.filter == nullptr || (*compiled.selection.filter)(row.Facts());
  }
  v1::TcpFilter& filter() { return *query_.mutable_filter(); }

  v1::TcpQuery query_;
};

TEST_F(TcpQueryTest, EmptyQueryIsEverythingButTheOwner) {
  const CompiledQuery compiled = Compiled();
  EXPECT_EQ(compiled.demand,
            PartBit(0) | PartBit(v1::TCP_GROUP_DATA) | PartBit(v1::TCP_GROUP_PATH) |
                PartBit(sources::kTcpConnectionsPart) | PartBit(sources::kTcpStackPart));
  EXPECT_EQ(compiled.selection.filter, nullptr);
  EXPECT_TRUE(compiled.unsupported.ok());
}

TEST_F(TcpQueryTest, FilterByProcessDemandsTheOwner) {
  filter().add_processes("nginx");
  EXPECT_NE(Compiled().demand & PartBit(sources::kTcpOwnerPart), 0u);
  Row row;
  row.process = "NGINX";
  EXPECT_TRUE(Matches(row));
  row.process = "nginx2";
  EXPECT_FALSE(Matches(row));
  EXPECT_FALSE(Matches(Row()));
}

TEST_F(TcpQueryTest, StackOnlyDemandsNoRows) {
  query_.mutable_selection()->set_stack_only(true);
  const CompiledQuery compiled = Compiled();
  EXPECT_EQ(compiled.demand & PartBit(sources::kTcpConnectionsPart), 0u);
  EXPECT_FALSE(compiled.selection.rows);
  EXPECT_TRUE(compiled.selection.totals);
}

TEST_F(TcpQueryTest, AddressesMatchTheirEnd) {
  filter().add_local_addresses()->set_text("192.0.2.0/24");
  EXPECT_TRUE(Matches(Row()));
  EXPECT_TRUE(Matches(Listener()));
  filter().add_remote_addresses()->set_text("198.51.100.2");
  EXPECT_TRUE(Matches(Row()));
  EXPECT_FALSE(Matches(Listener())) << "it has no remote address";
  Row other;
  other.remote_last = 3;
  EXPECT_FALSE(Matches(other));
  filter().add_remote_addresses()->set_text("198.51.100.3");
  EXPECT_TRUE(Matches(other)) << "values of a field are ORed";
}

TEST_F(TcpQueryTest, PortsMatchEitherEnd) {
  v1::PortRange& range = *filter().add_ports();
  range.set_first(50000);
  range.set_last(50010);
  EXPECT_TRUE(Matches(Row()));
  EXPECT_FALSE(Matches(Listener()));
  range.set_first(80);
  range.clear_last();
  EXPECT_TRUE(Matches(Listener()));
  Row other;
  other.local_port = 81;
  EXPECT_FALSE(Matches(other));
}

TEST_F(TcpQueryTest, RemotePortZeroDoesNotMatchListeners) {
  filter().add_remote_ports()->set_first(0);
  EXPECT_FALSE(Matches(Listener()));
}

TEST_F(TcpQueryTest, FieldsAreAnded) {
  filter().add_states(v1::TCP_STATE_LISTEN);
  filter().add_pids(7);
  Row row = Listener();
  EXPECT_FALSE(Matches(row));
  row.pid = 7;
  EXPECT_TRUE(Matches(row));
  row.state = v1::TCP_STATE_ESTABLISHED;
  EXPECT_FALSE(Matches(row));
}

TEST_F(TcpQueryTest, GroupsThatTheHostLacksAreTold) {
  query_.mutable_selection()->add_groups(v1::TCP_GROUP_BANDWIDTH);
  query_.mutable_selection()->add_groups(v1::TCP_GROUP_DATA);
  const CompiledQuery compiled = Compiled();
  EXPECT_EQ(compiled.unsupported.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ErrorInfoOf(compiled.unsupported).reason(), kNotSupportedHere);
  EXPECT_NE(compiled.demand & PartBit(v1::TCP_GROUP_DATA), 0u);
}

TEST_F(TcpQueryTest, DifferentQueriesHaveDifferentFingerprints) {
  const uint64_t before = Compiled().fingerprint;
  EXPECT_EQ(Compiled().fingerprint, before);
  filter().add_states(v1::TCP_STATE_LISTEN);
  EXPECT_NE(Compiled().fingerprint, before);
}

TEST_F(TcpQueryTest, ShortFactsMatchNothing) {
  filter().add_pids(7);
  EXPECT_FALSE((*Compiled().selection.filter)("short"));
}

}  // namespace
}  // namespace farstat::families
