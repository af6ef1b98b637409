#include "agent/families/ipsec_query.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/sources/ipsec_rows.h"
#include "common/status.h"

namespace farstat::families {
namespace {

using sources::IpsecFacts;
using sources::PartBit;

constexpr feed::PartMask kTotals = PartBit(sources::kIpsecTotalsPart);
constexpr feed::PartMask kDosProtection = PartBit(sources::kIpsecDosProtectionPart);
constexpr feed::PartMask kSas = PartBit(sources::kIpsecSasPart);

// 192.0.2.1 to 198.51.100.2, outbound, tunnel mode, ESP and AH.
IpsecFacts Facts() {
  IpsecFacts facts = {};
  facts.local_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  facts.remote_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 2};
  facts.sa_context_id = 7;
  facts.main_mode_sa_id = 9;
  facts.spis = {0x1000, 0x2000};
  facts.transform_types = {v1::IPSEC_TRANSFORM_TYPE_ESP_AUTH_AND_CIPHER,
                           v1::IPSEC_TRANSFORM_TYPE_AH};
  facts.transforms = 2;
  facts.has_addresses = 1;
  facts.direction = v1::IPSEC_DIRECTION_OUTBOUND;
  facts.mode = v1::IPSEC_MODE_TUNNEL;
  return facts;
}

class IpsecQueryTest : public ::testing::Test {
 protected:
  CompiledQuery Compiled() {
    absl::StatusOr<CompiledQuery> compiled = CompileIpsecQuery(query_);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return *std::move(compiled);
  }
  bool Matches(const IpsecFacts& facts) {
    const CompiledQuery compiled = Compiled();
    return (*compiled.selection.filter)({reinterpret_cast<const char*>(&facts), sizeof(facts)});
  }
  // The field that the error names.
  std::string FieldAtFault() {
    const absl::Status status = CompileIpsecQuery(query_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return ErrorInfoOf(status).metadata().at("field");
  }
  v1::IpsecFilter& filter() { return *query_.mutable_filter(); }

  v1::IpsecQuery query_;
};

TEST_F(IpsecQueryTest, EmptyQueryIsEverything) {
  const CompiledQuery compiled = Compiled();
  EXPECT_EQ(compiled.demand, PartBit(0) | kTotals | kDosProtection | kSas);
  EXPECT_TRUE(compiled.selection.rows);
  EXPECT_TRUE(compiled.selection.totals);
  EXPECT_EQ(compiled.selection.filter, nullptr);
  query_.mutable_selection()->set_view(v1::VIEW_FULL);
  EXPECT_EQ(Compiled().demand, compiled.demand);
}

TEST_F(IpsecQueryTest, BasicViewIsTheTotals) {
  query_.mutable_selection()->set_view(v1::VIEW_BASIC);
  const CompiledQuery compiled = Compiled();
  EXPECT_EQ(compiled.demand, PartBit(0) | kTotals);
  EXPECT_FALSE(compiled.selection.rows);
  EXPECT_TRUE(compiled.selection.totals);
}

TEST_F(IpsecQueryTest, NamedGroupsAndNoOthers) {
  query_.mutable_selection()->set_view(v1::VIEW_FULL);
  query_.mutable_selection()->add_groups(v1::IPSEC_GROUP_SAS);
  CompiledQuery compiled = Compiled();
  EXPECT_EQ(compiled.demand, PartBit(0) | kSas);
  EXPECT_TRUE(compiled.selection.rows);
  EXPECT_FALSE(compiled.selection.totals);
  query_.mutable_selection()->set_groups(0, v1::IPSEC_GROUP_DOS_PROTECTION);
  compiled = Compiled();
  EXPECT_EQ(compiled.demand,
            PartBit(0) | kDosProtection | PartBit(sources::kIpsecDosProtectionNamedPart));
  EXPECT_FALSE(compiled.selection.rows);
  EXPECT_TRUE(compiled.selection.totals);
  EXPECT_EQ(compiled.selection.parts & kTotals, 0u);
}

TEST_F(IpsecQueryTest, ErrorsNameTheField) {
  query_.mutable_selection()->add_groups(static_cast<v1::IpsecGroup>(77));
  EXPECT_EQ(FieldAtFault(), "query.selection.groups");
  query_.mutable_selection()->set_groups(0, v1::IPSEC_GROUP_UNSPECIFIED);
  EXPECT_EQ(FieldAtFault(), "query.selection.groups");
  query_.Clear();
  query_.mutable_selection()->set_view(static_cast<v1::View>(77));
  EXPECT_EQ(FieldAtFault(), "query.selection.view");
  query_.Clear();
  filter().add_local_addresses()->set_text("10.0.0.0/33");
  EXPECT_EQ(FieldAtFault(), "query.filter.local_addresses");
  query_.Clear();
  filter().add_remote_addresses()->set_text("somewhere");
  EXPECT_EQ(FieldAtFault(), "query.filter.remote_addresses");
  query_.Clear();
  filter().add_directions(v1::IPSEC_DIRECTION_UNSPECIFIED);
  EXPECT_EQ(FieldAtFault(), "query.filter.directions");
  query_.Clear();
  filter().add_modes(static_cast<v1::IpsecMode>(-1));
  EXPECT_EQ(FieldAtFault(), "query.filter.modes");
  query_.Clear();
  filter().add_transform_types(static_cast<v1::IpsecTransformType>(6));
  EXPECT_EQ(FieldAtFault(), "query.filter.transform_types");
  query_.Clear();
  for (uint32_t i = 0; i < 256; ++i) filter().add_spis(i);
  EXPECT_TRUE(CompileIpsecQuery(query_).ok());
  filter().add_main_mode_sa_ids(1);
  EXPECT_EQ(FieldAtFault(), "query.filter");
}

TEST_F(IpsecQueryTest, EveryFieldSelects) {
  const auto expect_selects = [this](const auto& match, const auto& mismatch) {
    query_.Clear();
    mismatch(filter());
    EXPECT_FALSE(Matches(Facts())) << filter().ShortDebugString();
    match(filter());
    EXPECT_TRUE(Matches(Facts())) << "values of a field are ORed: " << filter().ShortDebugString();
  };
  using Filter = v1::IpsecFilter;
  expect_selects([](Filter& f) { f.add_local_addresses()->set_text("192.0.2.0/24"); },
                 [](Filter& f) { f.add_local_addresses()->set_text("198.51.100.0/24"); });
  expect_selects([](Filter& f) { f.add_remote_addresses()->set_text("198.51.100.2"); },
                 [](Filter& f) { f.add_remote_addresses()->set_text("192.0.2.1"); });
  expect_selects([](Filter& f) { f.add_directions(v1::IPSEC_DIRECTION_OUTBOUND); },
                 [](Filter& f) { f.add_directions(v1::IPSEC_DIRECTION_INBOUND); });
  expect_selects([](Filter& f) { f.add_modes(v1::IPSEC_MODE_TUNNEL); },
                 [](Filter& f) { f.add_modes(v1::IPSEC_MODE_TRANSPORT); });
  expect_selects([](Filter& f) { f.add_spis(0x2000); }, [](Filter& f) { f.add_spis(0); });
  expect_selects([](Filter& f) { f.add_transform_types(v1::IPSEC_TRANSFORM_TYPE_AH); },
                 [](Filter& f) { f.add_transform_types(v1::IPSEC_TRANSFORM_TYPE_COMPRESSION); });
  expect_selects([](Filter& f) { f.add_sa_context_ids(7); },
                 [](Filter& f) { f.add_sa_context_ids(9); });
  expect_selects([](Filter& f) { f.add_main_mode_sa_ids(9); },
                 [](Filter& f) { f.add_main_mode_sa_ids(7); });
}

TEST_F(IpsecQueryTest, FieldsAreAnded) {
  filter().add_spis(0x1000);
  filter().add_directions(v1::IPSEC_DIRECTION_INBOUND);
  IpsecFacts facts = Facts();
  EXPECT_FALSE(Matches(facts));
  facts.direction = v1::IPSEC_DIRECTION_INBOUND;
  EXPECT_TRUE(Matches(facts));
  facts.transforms = 0;
  EXPECT_FALSE(Matches(facts));
}

TEST_F(IpsecQueryTest, WithoutADirectionEitherEndMayBeTheLocalOne) {
  filter().add_local_addresses()->set_text("198.51.100.2");
  IpsecFacts facts = Facts();
  EXPECT_FALSE(Matches(facts));
  facts.direction = v1::IPSEC_DIRECTION_UNSPECIFIED;
  EXPECT_TRUE(Matches(facts));
  filter().add_remote_addresses()->set_text("192.0.2.1");
  EXPECT_TRUE(Matches(facts));
  filter().mutable_remote_addresses(0)->set_text("192.0.2.2");
  EXPECT_FALSE(Matches(facts));
}

TEST_F(IpsecQueryTest, WithoutAddressesNoRangeMatches) {
  filter().add_local_addresses()->set_text("::/0");
  IpsecFacts facts = Facts();
  EXPECT_TRUE(Matches(facts));
  facts.has_addresses = 0;
  EXPECT_FALSE(Matches(facts));
}

TEST_F(IpsecQueryTest, ShortFactsMatchNothing) {
  filter().add_spis(1);
  EXPECT_FALSE((*Compiled().selection.filter)("short"));
}

TEST_F(IpsecQueryTest, DifferentQueriesHaveDifferentFingerprints) {
  const uint64_t before = Compiled().fingerprint;
  EXPECT_EQ(Compiled().fingerprint, before);
  filter().add_spis(1);
  EXPECT_NE(Compiled().fingerprint, before);
}

TEST_F(IpsecQueryTest, HasAnIntervalOfItsOwn) {
  EXPECT_EQ(Compiled().interval, absl::ZeroDuration());
  query_.mutable_interval()->set_seconds(5);
  EXPECT_EQ(Compiled().interval, absl::Seconds(5));
}

}  // namespace
}  // namespace farstat::families
