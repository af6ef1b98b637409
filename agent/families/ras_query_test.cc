#include "agent/families/ras_query.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "agent/sources/ras_rows.h"
#include "common/status.h"

namespace farstat::families {
namespace {

using sources::PartBit;
using sources::RasGroupBit;

constexpr char kGuid[] = "01234567-89ab-cdef-0123-456789abcdef";

// The facts of a row, as a source writes them.
struct Row {
  std::string entry_name = "Head office";
  std::string device_type = "vpn";
  std::string guid = kGuid;
  uint32_t state = v1::RAS_STATE_CONNECTED;
  uint8_t tunnel_last = 1;  // 198.51.100.N; 0: not known.
  uint8_t ipv4_last = 2;    // 10.8.0.N; 0: not known.
  uint8_t ipv6_last = 3;    // fd00::N; 0: not known.

  std::string Facts() const {
    sources::RasFacts facts = {};
    facts.tunnel_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, tunnel_last};
    facts.has_tunnel_address = tunnel_last != 0;
    facts.ipv4_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 8, 0, ipv4_last};
    facts.has_ipv4_address = ipv4_last != 0;
    facts.ipv6_address = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ipv6_last};
    facts.has_ipv6_address = ipv6_last != 0;
    std::copy(guid.begin(), guid.end(), facts.entry_guid.begin());
    facts.state = state;
    facts.device_type_size = static_cast<uint8_t>(device_type.size());
    return std::string(reinterpret_cast<const char*>(&facts), sizeof(facts)) + device_type +
           entry_name;
  }
};

class RasQueryTest : public ::testing::Test {
 protected:
  CompiledQuery Compiled() {
    absl::StatusOr<CompiledQuery> compiled = CompileRasQuery(query_);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return *std::move(compiled);
  }
  bool Matches(const Row& row) {
    const CompiledQuery compiled = Compiled();
    return compiled.selection.filter == nullptr || (*compiled.selection.filter)(row.Facts());
  }
  std::string FieldAtFault() {
    const absl::Status status = CompileRasQuery(query_).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return ErrorInfoOf(status).metadata().at("field");
  }
  v1::RasFilter& filter() { return *query_.mutable_filter(); }
  v1::RasSelection& selection() { return *query_.mutable_selection(); }

  v1::RasQuery query_;
};

TEST_F(RasQueryTest, ViewsSelectGroups) {
  EXPECT_EQ(Compiled().demand, PartBit(0) | sources::kAllRasGroups);
  EXPECT_EQ(Compiled().selection.parts, PartBit(0) | sources::kAllRasGroups);
  selection().set_view(v1::VIEW_FULL);
  EXPECT_EQ(Compiled().demand, PartBit(0) | sources::kAllRasGroups);
  selection().set_view(v1::VIEW_BASIC);
  EXPECT_EQ(Compiled().demand, PartBit(0) | RasGroupBit(v1::RAS_GROUP_STATUS));
  selection().add_groups(v1::RAS_GROUP_LINKS);
  EXPECT_EQ(Compiled().demand, PartBit(0) | RasGroupBit(v1::RAS_GROUP_LINKS));
  EXPECT_EQ(Compiled().unsupported, absl::OkStatus());
}

TEST_F(RasQueryTest, FiltersSelectWhatTheyRead) {
  selection().add_groups(v1::RAS_GROUP_STATISTICS);
  const feed::PartMask own = PartBit(0) | RasGroupBit(v1::RAS_GROUP_STATISTICS);
  filter().add_entry_names("x");
  EXPECT_EQ(Compiled().demand, own);
  filter().add_states(v1::RAS_STATE_CONNECTED);
  EXPECT_EQ(Compiled().demand, own | RasGroupBit(v1::RAS_GROUP_STATUS));
  filter().clear_states();
  filter().add_tunnel_addresses()->set_text("10.0.0.0/8");
  EXPECT_EQ(Compiled().selection.parts, own | RasGroupBit(v1::RAS_GROUP_STATUS));
  filter().clear_tunnel_addresses();
  filter().add_addresses()->set_text("10.0.0.0/8");
  EXPECT_EQ(Compiled().demand, own | RasGroupBit(v1::RAS_GROUP_PROJECTION));
}

TEST_F(RasQueryTest, EmptyFilterMatchesEverything) {
  EXPECT_TRUE(Matches(Row()));
  filter();
  EXPECT_TRUE(Matches(Row()));
}

TEST_F(RasQueryTest, NamesAndTypesIgnoreCase) {
  filter().add_entry_names("other");
  EXPECT_FALSE(Matches(Row()));
  filter().add_entry_names("HEAD OFFICE");
  EXPECT_TRUE(Matches(Row()));
  filter().add_device_types("PPPoE");
  EXPECT_FALSE(Matches(Row()));
  filter().add_device_types("VPN");
  EXPECT_TRUE(Matches(Row()));
  Row row;
  row.device_type = "vpnHead";
  row.entry_name = " office";
  EXPECT_FALSE(Matches(row));
}

TEST_F(RasQueryTest, GuidsIgnoreCase) {
  filter().add_entry_guids("11111111-89ab-cdef-0123-456789abcdef");
  EXPECT_FALSE(Matches(Row()));
  filter().add_entry_guids("01234567-89AB-CDEF-0123-456789ABCDEF");
  EXPECT_TRUE(Matches(Row()));
}

TEST_F(RasQueryTest, States) {
  filter().add_states(v1::RAS_STATE_DISCONNECTED);
  EXPECT_FALSE(Matches(Row()));
  filter().add_states(v1::RAS_STATE_CONNECTED);
  EXPECT_TRUE(Matches(Row()));
  Row row;
  row.state = 0;
  EXPECT_FALSE(Matches(row));
}

TEST_F(RasQueryTest, Addresses) {
  filter().add_tunnel_addresses()->set_text("198.51.100.0/24");
  EXPECT_TRUE(Matches(Row()));
  Row unknown;
  unknown.tunnel_last = 0;
  EXPECT_FALSE(Matches(unknown));
  filter().clear_tunnel_addresses();
  filter().add_addresses()->set_text("10.8.0.2");
  EXPECT_TRUE(Matches(Row()));
  unknown.ipv4_last = 0;
  EXPECT_FALSE(Matches(unknown));
  filter().add_addresses()->set_text("fd00::/16");
  EXPECT_TRUE(Matches(unknown));
  unknown.ipv6_last = 0;
  EXPECT_FALSE(Matches(unknown));
}

TEST_F(RasQueryTest, FieldsAreAnded) {
  filter().add_entry_names("Head office");
  filter().add_device_types("modem");
  EXPECT_FALSE(Matches(Row()));
}

TEST_F(RasQueryTest, BytesThatAreNoFactsDoNotMatch) {
  filter().add_entry_names("x");
  const CompiledQuery compiled = Compiled();
  EXPECT_FALSE((*compiled.selection.filter)(""));
  std::string cut = Row().Facts();
  cut.resize(sizeof(sources::RasFacts) + 1);
  EXPECT_FALSE((*compiled.selection.filter)(cut));
}

TEST_F(RasQueryTest, ErrorsNameTheField) {
  selection().add_groups(static_cast<v1::RasGroup>(9));
  EXPECT_EQ(FieldAtFault(), "query.selection.groups");
  selection().clear_groups();
  selection().add_groups(v1::RAS_GROUP_UNSPECIFIED);
  EXPECT_EQ(FieldAtFault(), "query.selection.groups");
  selection().clear_groups();
  selection().set_view(static_cast<v1::View>(9));
  EXPECT_EQ(FieldAtFault(), "query.selection.view");
  query_.clear_selection();
  filter().add_states(v1::RAS_STATE_UNSPECIFIED);
  EXPECT_EQ(FieldAtFault(), "query.filter.states");
  filter().set_states(0, static_cast<v1::RasState>(99));
  EXPECT_EQ(FieldAtFault(), "query.filter.states");
  filter().clear_states();
  filter().add_addresses()->set_text("10.0.0.0/33");
  EXPECT_EQ(FieldAtFault(), "query.filter.addresses");
  filter().clear_addresses();
  filter().add_tunnel_addresses()->set_text("no address");
  EXPECT_EQ(FieldAtFault(), "query.filter.tunnel_addresses");
  filter().clear_tunnel_addresses();
  for (const char* guid :
       {"", "01234567-89ab-cdef-0123-456789abcde", "{01234567-89ab-cdef-0123-456789abcdef}",
        "0123456g-89ab-cdef-0123-456789abcdef", "01234567089ab-cdef-0123-456789abcdef"}) {
    filter().clear_entry_guids();
    filter().add_entry_guids(guid);
    EXPECT_EQ(FieldAtFault(), "query.filter.entry_guids") << guid;
  }
}

TEST_F(RasQueryTest, TooManyValues) {
  for (int i = 0; i < 256; ++i) filter().add_entry_names("x");
  EXPECT_TRUE(CompileRasQuery(query_).ok());
  filter().add_device_types("vpn");
  EXPECT_EQ(FieldAtFault(), "query.filter");
}

TEST_F(RasQueryTest, FiltersElsewhereNameTheirOwnField) {
  v1::RasFilter filter;
  filter.add_states(v1::RAS_STATE_CONNECTED);
  const absl::StatusOr<CompiledRasFilter> compiled = CompileRasFilter(filter, "filter");
  ASSERT_TRUE(compiled.ok());
  EXPECT_EQ(compiled->parts, RasGroupBit(v1::RAS_GROUP_STATUS));
  EXPECT_TRUE((*compiled->filter)(Row().Facts()));
  filter.add_addresses()->set_text("x");
  EXPECT_EQ(ErrorInfoOf(CompileRasFilter(filter, "filter").status()).metadata().at("field"),
            "filter.addresses");
}

TEST_F(RasQueryTest, FingerprintsTellQueriesApart) {
  const uint64_t before = Compiled().fingerprint;
  EXPECT_EQ(Compiled().fingerprint, before);
  filter().add_entry_names("x");
  EXPECT_NE(Compiled().fingerprint, before);
}

}  // namespace
}  // namespace farstat::families
