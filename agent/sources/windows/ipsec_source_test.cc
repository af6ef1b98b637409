// Which groups are read by which calls, and what becomes of failures. ipsec_totals_test.cc looks at
// the totals, ipsec_sa_row_test.cc at what is in the rows.

#include "agent/sources/windows/ipsec_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "agent/sources/ipsec_rows.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"
#include "tests/support/filter_engine_fake.h"
#include "tests/support/filter_engine_rows.h"
#include "tests/support/ipsec_sas.h"
#include "tests/support/manual_clock.h"

namespace farstat::sources::windows {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Rows = farstat::testing::FilterEngineRows<v1::IpsecSa, v1::IpsecTotals, IpsecFacts>;

constexpr PartMask kTotals = PartBit(kIpsecTotalsPart);
constexpr PartMask kDosProtection = PartBit(kIpsecDosProtectionPart);
constexpr PartMask kNamedDosProtection = kDosProtection | PartBit(kIpsecDosProtectionNamedPart);
constexpr PartMask kSas = PartBit(kIpsecSasPart);
constexpr PartMask kAll = kTotals | kDosProtection | kSas;
constexpr uint32_t kCallFailed = 1726;
constexpr uint32_t kNotRegistered = 1753;
constexpr uint32_t kFwpTimeout = 0x80320012;

class IpsecSourceTest : public ::testing::Test {
 protected:
  IpsecSourceTest() {
    fake_.ipsec1.aggregate_sa_statistics.active_sas = 5;
    fake_.dosp.total_state_entries_created = 9;
    AddContexts(2);
  }

  // Contexts with one SA that all of them share.
  void AddContexts(size_t count) {
    sa_ = farstat::testing::MakeIpsecSa(secrets_);
    fake_.contexts.clear();
    for (size_t i = 0; i < count; ++i) {
      fake_.contexts.push_back({i + 1, &sa_->details, &sa_->details});
    }
  }
  Rows Collect(PartMask parts) {
    fake_.ForgetCalls();
    Rows rows;
    outcome_ = source_.Collect(parts, rows);
    EXPECT_EQ(outcome_.native_calls, fake_.calls().size());
    EXPECT_EQ(fake_.enumerations(), 0u);
    EXPECT_EQ(fake_.arrays(), 0u);
    return rows;
  }

  farstat::testing::PlantedSecrets secrets_;
  std::unique_ptr<farstat::testing::TestIpsecSa> sa_;
  farstat::testing::FakeFilterEngine fake_;
  farstat::testing::ManualClock clock_;
  IpsecSource source_{fake_.api, clock_};
  Outcome outcome_;
};

// --- What is asked for ---

TEST_F(IpsecSourceTest, ReadsEveryGroup) {
  const Rows rows = Collect(kAll);
  EXPECT_TRUE(outcome_.status.ok());
  EXPECT_TRUE(outcome_.partial.ok());
  EXPECT_TRUE(outcome_.rows_listed);
  EXPECT_EQ(rows.totals_count(), 1);
  EXPECT_EQ(rows.totals().sas().active_sas(), 5u);
  EXPECT_EQ(rows.totals().dos_protection().state_entries_created(), 9u);
  // One row for each SA context and direction.
  std::set<std::pair<uint64_t, int>> keys;
  for (const v1::IpsecSa& sa : rows.rows()) {
    keys.emplace(sa.key().sa_context_id(), sa.key().direction());
  }
  EXPECT_THAT(keys,
              ElementsAre(std::pair(1u, 1), std::pair(1u, 2), std::pair(2u, 1), std::pair(2u, 2)));
  EXPECT_EQ(rows.rows().size(), 4u);
}

TEST_F(IpsecSourceTest, CallsOnlyForTheGroupsThatAreAskedFor) {
  EXPECT_EQ(Collect(kTotals).totals_count(), 1);
  EXPECT_THAT(fake_.calls(), ElementsAre("FwpmEngineOpen0", "service_status", "IPsecGetStatistics1",
                                         "service_status"));
  EXPECT_FALSE(outcome_.rows_listed);
  EXPECT_EQ(Collect(kDosProtection).totals_count(), 1);
  EXPECT_THAT(fake_.calls(), ElementsAre("IPsecDospGetStatistics0"));
  EXPECT_FALSE(outcome_.rows_listed);
  EXPECT_EQ(outcome_.revisit_within, absl::InfiniteDuration()) << "nothing of it wraps";
  const Rows sas = Collect(kSas);
  EXPECT_THAT(fake_.calls(), ElementsAre("IPsecSaContextCreateEnumHandle0", "IPsecSaContextEnum1",
                                         "FwpmFreeMemory0", "IPsecSaContextDestroyEnumHandle0"));
  EXPECT_EQ(sas.totals_count(), 0);
  EXPECT_TRUE(outcome_.rows_listed);
  Collect(PartBit(0));
  EXPECT_THAT(fake_.calls(), IsEmpty());
}

TEST_F(IpsecSourceTest, TotalsHaveAPartForEachOfTheirGroups) {
  class Sink : public RowSink {
   public:
    void Put(RowKind, RowWriter& row) override {
      ends.assign(row.part_ends().begin(), row.part_ends().end());
      bytes = std::string(row.bytes());
    }
    std::vector<uint32_t> ends;
    std::string bytes;
  } sink;
  source_.Collect(kTotals | kDosProtection, sink);
  const auto part = [&](int number) {
    v1::IpsecTotals totals;
    const uint32_t begin = sink.ends[number - 1];
    EXPECT_TRUE(totals.ParseFromString(sink.bytes.substr(begin, sink.ends[number] - begin)));
    return totals;
  };
  EXPECT_TRUE(part(kIpsecTotalsPart).has_sas());
  EXPECT_TRUE(part(kIpsecTotalsPart).has_accumulation());
  EXPECT_FALSE(part(kIpsecTotalsPart).has_dos_protection());
  EXPECT_TRUE(part(kIpsecDosProtectionPart).has_dos_protection());
  EXPECT_FALSE(part(kIpsecDosProtectionPart).has_sas());
}

TEST_F(IpsecSourceTest, HalfAContextIsOneRow) {
  fake_.contexts = {
      {1, &sa_->details, nullptr}, {2, nullptr, &sa_->details}, {3, nullptr, nullptr}};
  const Rows rows = Collect(kSas);
  ASSERT_EQ(rows.rows().size(), 2u);
  EXPECT_EQ(rows.rows()[0].key().direction(), v1::IPSEC_DIRECTION_INBOUND);
  EXPECT_EQ(rows.rows()[1].key().direction(), v1::IPSEC_DIRECTION_OUTBOUND);
}

TEST_F(IpsecSourceTest, ReadsMoreSasThanAPageHolds) {
  for (const size_t count : {size_t{FilterEngine::kPageSize}, size_t{250}}) {
    AddContexts(count);
    EXPECT_EQ(Collect(kSas).rows().size(), 2 * count);
    EXPECT_TRUE(outcome_.status.ok());
  }
}

// Keys, tokens and filters are planted wherever Windows would have some.
// Pitfall 31.
TEST_F(IpsecSourceTest, NoSecretIsInAnyRow) {
  AddContexts(150);
  sa_->details.sa_bundle.num_sas = 2;
  const Rows rows = Collect(kAll);
  EXPECT_EQ(rows.bytes().size(), 301u);
  EXPECT_GE(secrets_.planted(), 5u);
  for (const std::string& row : rows.bytes()) secrets_.ExpectNoneIn(row);
}

// The structure ends with another one, not with a pointer to it: as the mingw headers have it, the
// id would be taken for an address and followed.
// Pitfall 33.
TEST_F(IpsecSourceTest, TheTunnelInfoIsInTheDetailsThemselves) {
  static_assert(offsetof(IpsecSaDetails, virtual_if_tunnel_info) == 208);
  static_assert(sizeof(IpsecSaDetails) == 224);
  sa_->details.virtual_if_tunnel_info = {1, 2};
  const Rows rows = Collect(kSas);
  EXPECT_EQ(rows.rows()[0].virtual_interface_tunnel_id(), 1u);
  EXPECT_EQ(rows.rows()[0].traffic_selector_id(), 2u);
}

// --- DoS protection ---

// Pitfall 34.
TEST_F(IpsecSourceTest, DosProtectionIsOptional) {
  for (auto take_out : {+[](farstat::testing::FakeFilterEngine& fake) {
                          fake.Refuse("IPsecDospGetStatistics0", kErrorDospNotInstalled);
                        },
                        +[](farstat::testing::FakeFilterEngine& fake) {
                          fake.Refuse("IPsecDospGetStatistics0", kSuccess);
                          fake.dosp = {};
                        },
                        +[](farstat::testing::FakeFilterEngine& fake) {
                          fake.api.ipsec_dosp_get_statistics = nullptr;
                        }}) {
    take_out(fake_);
    // An ordinary host lacks nothing.
    Rows rows = Collect(kAll);
    EXPECT_TRUE(outcome_.status.ok());
    EXPECT_TRUE(outcome_.partial.ok());
    EXPECT_TRUE(rows.totals().has_sas());
    EXPECT_FALSE(rows.totals().has_dos_protection());
    // Who names the group is told why it is not there.
    rows = Collect(kAll | kNamedDosProtection);
    EXPECT_TRUE(outcome_.status.ok());
    EXPECT_EQ(ErrorInfoOf(outcome_.partial).reason(), kNotSupportedHere);
    EXPECT_EQ(ErrorInfoOf(outcome_.partial).metadata().at("api"), "IPsecDospGetStatistics0");
    EXPECT_TRUE(rows.totals().has_sas());
    EXPECT_EQ(Collect(kNamedDosProtection).totals_count(), 0);
    EXPECT_EQ(ErrorInfoOf(outcome_.status).reason(), kNotSupportedHere);
  }
}

TEST_F(IpsecSourceTest, NamedDosProtectionThatMayNotBeReadIsMissing) {
  fake_.Refuse("IPsecDospGetStatistics0", kErrorAccessDenied);
  Collect(kAll | kNamedDosProtection);
  EXPECT_EQ(ErrorInfoOf(outcome_.partial).reason(), kAgentLacksPrivilege);
}

// Pitfall 34.
TEST_F(IpsecSourceTest, DosProtectionThatNobodyNamedDisturbsNothing) {
  Collect(kAll);
  for (const uint32_t code :
       {5u, 6u, 8u, 1062u, 1722u, 1726u, 1753u, 0x80320010u, 0x80320012u, 424242u}) {
    SCOPED_TRACE(code);
    fake_.Refuse("IPsecDospGetStatistics0", code);
    const Rows rows = Collect(kAll);
    EXPECT_TRUE(outcome_.status.ok() && outcome_.partial.ok());
    EXPECT_EQ(rows.rows().size(), 4u);
    EXPECT_TRUE(rows.totals().has_sas());
    EXPECT_FALSE(rows.totals().has_dos_protection());
    EXPECT_EQ(fake_.Count("FwpmEngineClose0"), 0);
  }
  // Who names it is told.
  fake_.Refuse("IPsecDospGetStatistics0", 1062);
  Collect(kAll | kNamedDosProtection);
  EXPECT_EQ(Win32CodeOf(outcome_.status), 1062u);
}

// --- Failures ---

// Everybody may open a session, but not read statistics.
// Pitfall 26.
TEST_F(IpsecSourceTest, WithoutTheRightTheOtherGroupsGoOn) {
  fake_.Refuse("IPsecGetStatistics1", kErrorAccessDenied);
  const Rows rows = Collect(kAll);
  EXPECT_TRUE(outcome_.status.ok());
  EXPECT_EQ(ErrorInfoOf(outcome_.partial).reason(), kAgentLacksPrivilege);
  EXPECT_EQ(ErrorInfoOf(outcome_.partial).metadata().at("api"), "IPsecGetStatistics1");
  EXPECT_FALSE(rows.totals().has_sas());
  EXPECT_TRUE(rows.totals().has_dos_protection());
  EXPECT_EQ(rows.rows().size(), 4u);
  EXPECT_EQ(outcome_.revisit_within, absl::InfiniteDuration());
}

// Pitfall 26.
TEST_F(IpsecSourceTest, WithoutTheRightToListTheTotalsGoOn) {
  fake_.Refuse("IPsecSaContextCreateEnumHandle0", kErrorAccessDenied);
  const Rows rows = Collect(kAll);
  EXPECT_TRUE(outcome_.status.ok());
  EXPECT_EQ(ErrorInfoOf(outcome_.partial).reason(), kAgentLacksPrivilege);
  EXPECT_TRUE(outcome_.rows_listed) << "rows of before are not shown as if they were";
  EXPECT_THAT(rows.rows(), IsEmpty());
  EXPECT_EQ(rows.totals_count(), 1);
}

// Pitfall 26.
TEST_F(IpsecSourceTest, WithoutAnyRightThereIsNothing) {
  fake_.Refuse("IPsecGetStatistics1", kErrorAccessDenied);
  fake_.Refuse("IPsecSaContextCreateEnumHandle0", kErrorAccessDenied);
  fake_.Refuse("IPsecDospGetStatistics0", kErrorDospNotInstalled);
  Collect(kAll);
  EXPECT_EQ(ErrorInfoOf(outcome_.status).reason(), kAgentLacksPrivilege);
  EXPECT_TRUE(outcome_.partial.ok());
}

// The sink has the rows that were read and would take the others for gone.
TEST_F(IpsecSourceTest, AListThatBreaksOffIsVoid) {
  AddContexts(3 * FilterEngine::kPageSize);
  for (const uint32_t code : {kErrorAccessDenied, kCallFailed, kFwpTimeout}) {
    fake_.Script("IPsecSaContextEnum1", {kSuccess, code});
    Collect(kAll);
    EXPECT_EQ(Win32CodeOf(outcome_.status), code);
    clock_.Advance(FilterEngine::kLongestWait);
  }
  EXPECT_EQ(Collect(kAll).rows().size(), 600u);
  EXPECT_TRUE(outcome_.status.ok());
}

// Pitfall 24.
TEST_F(IpsecSourceTest, AStoppedEngineIsOneStatusAndFewCalls) {
  fake_.Stop(kNotRegistered);
  const Rows rows = Collect(kAll);
  EXPECT_EQ(ErrorInfoOf(outcome_.status).reason(), kSourceStopped);
  EXPECT_THAT(fake_.calls(), ElementsAre("FwpmEngineOpen0"));
  EXPECT_THAT(rows.bytes(), IsEmpty());
  const absl::Status status = outcome_.status;
  Collect(kAll);
  EXPECT_EQ(outcome_.status, status);
  EXPECT_THAT(fake_.calls(), IsEmpty());
  fake_.Start();
  clock_.Advance(FilterEngine::kLongestWait);
  EXPECT_EQ(Collect(kAll).rows().size(), 4u);
  EXPECT_TRUE(outcome_.status.ok());
}

// It restarted while nobody watched: whoever asks once gets everything.
// Pitfall 24.
TEST_F(IpsecSourceTest, AnEngineThatRestartedUnseenIsReadAtOnce) {
  Collect(kAll);
  clock_.Advance(absl::Hours(1));
  fake_.Stop(kNotRegistered);
  fake_.Start();
  for (const PartMask parts : {kAll, kTotals, kSas}) {
    const Rows rows = Collect(parts);
    EXPECT_TRUE(outcome_.status.ok() && outcome_.partial.ok());
    EXPECT_EQ(rows.totals_count(), parts == kSas ? 0 : 1);
    EXPECT_EQ(rows.rows().size(), parts == kTotals ? 0u : 4u);
    fake_.Stop(kNotRegistered);
    fake_.Start();
  }
}

// Older rows stay, marked as old, instead of vanishing until the engine is back.
TEST_F(IpsecSourceTest, AnEngineThatGoesAwayInBetweenVoidsTheCollection) {
  Collect(kAll);
  fake_.during["IPsecSaContextCreateEnumHandle0"] = [&] { fake_.Stop(kCallFailed); };
  Collect(kAll);
  EXPECT_EQ(ErrorInfoOf(outcome_.status).reason(), kSourceStopped);
  clock_.Advance(FilterEngine::kLongestWait);
  fake_.Start();
  // It is there again and lets nobody in.
  fake_.during["IPsecSaContextCreateEnumHandle0"] = [&] {
    fake_.Stop(kCallFailed);
    fake_.Script("FwpmEngineOpen0", {kErrorAccessDenied});
  };
  Collect(kAll);
  EXPECT_EQ(Win32CodeOf(outcome_.status), kErrorAccessDenied);
  EXPECT_TRUE(outcome_.partial.ok());
  for (const uint32_t code : {kErrorInvalidHandle, uint32_t{0x80070006}}) {
    clock_.Advance(FilterEngine::kLongestWait);
    fake_.Start();
    fake_.during.clear();
    fake_.Script("IPsecSaContextCreateEnumHandle0", {code, code});
    Collect(kAll);
    EXPECT_EQ(Win32CodeOf(outcome_.status), code);
  }
}

// Pitfall 25.
TEST_F(IpsecSourceTest, ABusyEngineIsNotTakenForAnEmptyOne) {
  for (const char* call : {"IPsecGetStatistics1", "IPsecSaContextCreateEnumHandle0"}) {
    fake_.Script(call, {kFwpTimeout});
    Collect(kAll);
    EXPECT_EQ(ErrorInfoOf(outcome_.status).reason(), kSourceBusy) << call;
    Collect(kAll);
    EXPECT_TRUE(outcome_.status.ok());
  }
}

// Only what stays is missing: SAs that are left out for a moment would be taken for gone, all of
// them, and come back with the next collection.
TEST_F(IpsecSourceTest, AFailureThatMayPassVoidsTheCollection) {
  for (const uint32_t code :
       {8u, 14u, 1721u, 1728u, 1825u, 1168u, 0x80320008u, 0x8032000Eu, 424242u}) {
    for (const char* call : {"IPsecGetStatistics1", "IPsecSaContextCreateEnumHandle0"}) {
      SCOPED_TRACE(call);
      fake_.Script(call, {code});
      Collect(kAll);
      EXPECT_EQ(Win32CodeOf(outcome_.status), code);
      EXPECT_TRUE(outcome_.partial.ok());
      EXPECT_EQ(Collect(kAll).rows().size(), 4u);
      EXPECT_TRUE(outcome_.status.ok());
    }
  }
}

TEST_F(IpsecSourceTest, AFailureThatMayPassIsToldBeforeOneThatStays) {
  fake_.Refuse("IPsecGetStatistics1", kErrorAccessDenied);
  fake_.Script("IPsecSaContextCreateEnumHandle0", {kFwpTimeout});
  Collect(kAll);
  EXPECT_EQ(Win32CodeOf(outcome_.status), kFwpTimeout);
}

TEST_F(IpsecSourceTest, GroupsThatThisWindowsDoesNotHaveAreMissing) {
  for (const uint32_t code : {kErrorNotSupported, uint32_t{120}, uint32_t{1745}}) {
    fake_.Refuse("IPsecSaContextCreateEnumHandle0", code);
    EXPECT_EQ(Collect(kAll).totals_count(), 1);
    EXPECT_TRUE(outcome_.status.ok());
    EXPECT_EQ(Win32CodeOf(outcome_.partial), code);
  }
}

// There is no entry that could begin a transaction, in which statistics cannot be read; if somebody
// else's code in the process did, that is said as it is.
// Pitfall 27.
TEST_F(IpsecSourceTest, StatisticsInATransactionAreAFailedCall) {
  VisitEntries(fake_.api, [](absl::string_view, absl::string_view name, const auto&) {
    EXPECT_EQ(name.find("Transaction"), absl::string_view::npos) << name;
  });
  fake_.Refuse("IPsecGetStatistics1", 0x8032000E);
  Collect(kTotals);
  EXPECT_EQ(ErrorInfoOf(outcome_.status).reason(), kNativeCallFailed);
}

TEST_F(IpsecSourceTest, NeitherVersionOfTheStatistics) {
  fake_.api.ipsec_get_statistics1 = nullptr;
  fake_.api.ipsec_get_statistics0 = nullptr;
  const Rows rows = Collect(kAll);
  EXPECT_TRUE(outcome_.status.ok());
  EXPECT_EQ(ErrorInfoOf(outcome_.partial).reason(), kNotSupportedHere);
  EXPECT_EQ(rows.rows().size(), 4u);
}

}  // namespace
}  // namespace farstat::sources::windows
