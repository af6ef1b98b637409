#include "agent/families/ike_query.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/sources/ike_rows.h"
#include "common/status.h"

namespace farstat::families {
namespace {

using sources::IkeFacts;
using sources::PartBit;

constexpr feed::PartMask kTotals = PartBit(sources::kIkeTotalsPart);
constexpr feed::PartMask kSas = PartBit(sources::kIkeSasPart);

// 192.0.2.1 to 198.51.100.2 by IKEv2, a certificate at one end and EAP at the other.
IkeFacts Facts() {
  IkeFacts facts = {};
  facts.local_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  facts.remote_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 2};
  facts.sa_id = 7;
  facts.authentication_methods =
      1u << v1::IKE_AUTHENTICATION_METHOD_CERTIFICATE | 1u << v1::IKE_AUTHENTICATION_METHOD_EAP;
  facts.has_addresses = 1;
  facts.key_module = v1::IKE_KEY_MODULE_IKEV2;
  return facts;
}

class IkeQueryTest : public ::testing::Test {
 protected:
  CompiledQuery Compiled() {
    absl::StatusOr<CompiledQuery> compiled = CompileIkeQuery(query_);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return *std::move(compiled);
  }
  bool Matches(const IkeFacts& facts) {
    const CompiledQuery compiled = Compiled();
    return (*compiled.selection.filter)({reinterpret_cast<const char*>(&facts), sizeof(facts)});
  }
  // The field that the error names.
  std::string FieldAtFault() {
    const absl::Status status = CompileIkeQuery(query_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return ErrorInfoOf(status).metadata().at("field");
  }
  v1::IkeFilter& filter() { return *query_.mutable_filter(); }

  v1::IkeQuery query_;
};

TEST_F(IkeQueryTest, EmptyQueryIsEverything) {
  const CompiledQuery compiled = Compiled();
  EXPECT_EQ(compiled.demand, PartBit(0) | kTotals | kSas);
  EXPECT_TRUE(compiled.selection.rows);
  EXPECT_TRUE(compiled.selection.totals);
  EXPECT_EQ(compiled.selection.filter, nullptr);
}

TEST_F(IkeQueryTest, BasicViewIsTheTotals) {
  query_.mutable_selection()->set_view(v1::VIEW_BASIC);
  const CompiledQuery compiled = Compiled();
  EXPECT_EQ(compiled.demand, PartBit(0) | kTotals);
  EXPECT_FALSE(compiled.selection.rows);
  EXPECT_TRUE(compiled.selection.totals);
}

TEST_F(IkeQueryTest, NamedGroupsAndNoOthers) {
  query_.mutable_selection()->add_groups(v1::IKE_GROUP_SAS);
  const CompiledQuery compiled = Compiled();
  EXPECT_EQ(compiled.demand, PartBit(0) | kSas);
  EXPECT_TRUE(compiled.selection.rows);
  EXPECT_FALSE(compiled.selection.totals);
}

TEST_F(IkeQueryTest, ErrorsNameTheField) {
  query_.mutable_selection()->add_groups(static_cast<v1::IkeGroup>(3));
  EXPECT_EQ(FieldAtFault(), "query.selection.groups");
  query_.Clear();
  query_.mutable_selection()->set_view(static_cast<v1::View>(77));
  EXPECT_EQ(FieldAtFault(), "query.selection.view");
  query_.Clear();
  filter().add_local_addresses()->set_text("");
  EXPECT_EQ(FieldAtFault(), "query.filter.local_addresses");
  query_.Clear();
  filter().add_remote_addresses()->set_text("10.0.0.0/x");
  EXPECT_EQ(FieldAtFault(), "query.filter.remote_addresses");
  query_.Clear();
  filter().add_key_modules(static_cast<v1::IkeKeyModule>(4));
  EXPECT_EQ(FieldAtFault(), "query.filter.key_modules");
  query_.Clear();
  filter().add_authentication_methods(v1::IKE_AUTHENTICATION_METHOD_UNSPECIFIED);
  EXPECT_EQ(FieldAtFault(), "query.filter.authentication_methods");
  query_.Clear();
  for (uint64_t i = 0; i < 256; ++i) filter().add_sa_ids(i);
  EXPECT_TRUE(CompileIkeQuery(query_).ok());
  filter().add_sa_ids(256);
  EXPECT_EQ(FieldAtFault(), "query.filter");
}

TEST_F(IkeQueryTest, EveryFieldSelects) {
  const auto expect_selects = [this](const auto& match, const auto& mismatch) {
    query_.Clear();
    mismatch(filter());
    EXPECT_FALSE(Matches(Facts())) << filter().ShortDebugString();
    match(filter());
    EXPECT_TRUE(Matches(Facts())) << "values of a field are ORed: " << filter().ShortDebugString();
  };
  using Filter = v1::IkeFilter;
  expect_selects([](Filter& f) { f.add_local_addresses()->set_text("192.0.2.0/24"); },
                 [](Filter& f) { f.add_local_addresses()->set_text("198.51.100.0/24"); });
  expect_selects([](Filter& f) { f.add_remote_addresses()->set_text("198.51.100.2"); },
                 [](Filter& f) { f.add_remote_addresses()->set_text("192.0.2.1"); });
  expect_selects([](Filter& f) { f.add_key_modules(v1::IKE_KEY_MODULE_IKEV2); },
                 [](Filter& f) { f.add_key_modules(v1::IKE_KEY_MODULE_AUTHIP); });
  expect_selects(
      [](Filter& f) { f.add_authentication_methods(v1::IKE_AUTHENTICATION_METHOD_EAP); },
      [](Filter& f) { f.add_authentication_methods(v1::IKE_AUTHENTICATION_METHOD_KERBEROS); });
  expect_selects([](Filter& f) { f.add_sa_ids(7); }, [](Filter& f) { f.add_sa_ids(8); });
}

TEST_F(IkeQueryTest, FieldsAreAnded) {
  filter().add_sa_ids(7);
  filter().add_key_modules(v1::IKE_KEY_MODULE_IKE);
  IkeFacts facts = Facts();
  EXPECT_FALSE(Matches(facts));
  facts.key_module = v1::IKE_KEY_MODULE_IKE;
  EXPECT_TRUE(Matches(facts));
}

TEST_F(IkeQueryTest, WithoutAddressesNoRangeMatches) {
  filter().add_remote_addresses()->set_text("::/0");
  IkeFacts facts = Facts();
  EXPECT_TRUE(Matches(facts));
  facts.has_addresses = 0;
  EXPECT_FALSE(Matches(facts));
}

TEST_F(IkeQueryTest, ShortFactsMatchNothing) {
  filter().add_sa_ids(1);
  EXPECT_FALSE((*Compiled().selection.filter)("short"));
}

TEST_F(IkeQueryTest, DifferentQueriesHaveDifferentFingerprints) {
  const uint64_t before = Compiled().fingerprint;
  filter().add_sa_ids(1);
  EXPECT_NE(Compiled().fingerprint, before);
}

}  // namespace
}  // namespace farstat::families
