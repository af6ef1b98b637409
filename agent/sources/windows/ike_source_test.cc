// Which groups are read by which calls, and what becomes of failures. ike_totals_test.cc looks at
// the totals, ike_sa_row_test.cc at what is in the rows.

#include "agent/sources/windows/ike_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "agent/sources/ike_rows.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"
#include "tests/support/filter_engine_fake.h"
#include "tests/support/filter_engine_rows.h"
#include "tests/support/ike_sas.h"
#include "tests/support/manual_clock.h"

namespace farstat::sources::windows {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Rows = farstat::testing::FilterEngineRows<v1::IkeSa, v1::IkeTotals, IkeFacts>;

constexpr PartMask kTotals = PartBit(kIkeTotalsPart);
constexpr PartMask kSas = PartBit(kIkeSasPart);
constexpr PartMask kAll = kTotals | kSas;
constexpr uint32_t kCallFailed = 1726;
constexpr uint32_t kNotRegistered = 1753;
constexpr uint32_t kIkeNotRunning = 0x80320044;

class IkeSourceTest : public ::testing::Test {
 protected:
  IkeSourceTest() { AddSas(3); }

  void AddSas(size_t count) {
    sa_ = farstat::testing::MakeIkeSa(secrets_);
    fake_.ike_sas.assign(count, sa_->details);
    for (size_t i = 0; i < count; ++i) fake_.ike_sas[i].sa_id = i + 1;
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
  std::unique_ptr<farstat::testing::TestIkeSa> sa_;
  farstat::testing::FakeFilterEngine fake_;
  farstat::testing::ManualClock clock_;
  IkeSource source_{fake_.api, clock_};
  Outcome outcome_;
};

TEST_F(IkeSourceTest, CallsOnlyForTheGroupsThatAreAskedFor) {
  const Rows totals = Collect(kTotals);
  EXPECT_TRUE(outcome_.status.ok());
  EXPECT_EQ(totals.totals_count(), 1);
  EXPECT_FALSE(outcome_.rows_listed);
  EXPECT_THAT(fake_.calls(), ElementsAre("FwpmEngineOpen0", "service_status",
                                         "IkeextGetStatistics1", "service_status"));
  const Rows sas = Collect(kSas);
  EXPECT_EQ(sas.totals_count(), 0);
  EXPECT_EQ(sas.rows().size(), 3u);
  EXPECT_TRUE(outcome_.rows_listed);
  EXPECT_EQ(outcome_.revisit_within, absl::InfiniteDuration());
  EXPECT_THAT(fake_.calls(), ElementsAre("IkeextSaCreateEnumHandle0", "IkeextSaEnum2",
                                         "FwpmFreeMemory0", "IkeextSaDestroyEnumHandle0"));
  const Rows all = Collect(kAll);
  EXPECT_EQ(all.bytes().size(), 4u);
  EXPECT_TRUE(outcome_.partial.ok());
  Collect(PartBit(0));
  EXPECT_THAT(fake_.calls(), IsEmpty());
}

TEST_F(IkeSourceTest, ReadsMoreSasThanAPageHolds) {
  for (const size_t count : {size_t{FilterEngine::kPageSize}, size_t{250}}) {
    AddSas(count);
    const Rows rows = Collect(kSas);
    ASSERT_EQ(rows.rows().size(), count);
    for (size_t i = 0; i < count; ++i) EXPECT_EQ(rows.rows()[i].key().sa_id(), i + 1);
  }
}

TEST_F(IkeSourceTest, WindowsBefore8HasAnOlderEnumeration) {
  fake_.api.ikeext_sa_enum2 = nullptr;
  EXPECT_EQ(Collect(kSas).rows().size(), 3u);
  EXPECT_EQ(fake_.Count("IkeextSaEnum1"), 1);
  fake_.api.ikeext_sa_enum1 = nullptr;
  Collect(kAll);
  EXPECT_TRUE(outcome_.status.ok());
  EXPECT_EQ(ErrorInfoOf(outcome_.partial).metadata().at("api"), "IkeextSaEnum1");
}

// Pre-shared keys, certificates, names and correlation keys are planted wherever Windows would have
// some.
// Pitfall 31.
TEST_F(IkeSourceTest, NoSecretIsInAnyRow) {
  AddSas(150);
  for (IkeSaDetails& details : fake_.ike_sas) details.ike_credentials.num_credentials = 2;
  const Rows rows = Collect(kAll);
  EXPECT_EQ(rows.bytes().size(), 151u);
  EXPECT_GE(secrets_.planted(), 5u);
  for (const std::string& row : rows.bytes()) secrets_.ExpectNoneIn(row);
}

// --- Failures ---

TEST_F(IkeSourceTest, AStoppedKeyingServiceIsAStatus) {
  fake_.Refuse("IkeextGetStatistics1", kIkeNotRunning);
  fake_.ike_sas.clear();
  Collect(kAll);
  EXPECT_EQ(ErrorInfoOf(outcome_.status).reason(), kSourceStopped);
  EXPECT_EQ(ErrorInfoOf(outcome_.status).metadata().at("win32_symbol"), "FWP_E_IKEEXT_NOT_RUNNING");
  EXPECT_EQ(fake_.sessions(), 1u) << "the filter engine itself is well";
  // It is asked again each time: nothing is expensive about that.
  Collect(kTotals);
  EXPECT_EQ(fake_.Count("IkeextGetStatistics1"), 1);
  fake_.Refuse("IkeextGetStatistics1", kSuccess);
  EXPECT_EQ(Collect(kAll).totals_count(), 1);
  EXPECT_TRUE(outcome_.status.ok());
}

// Pitfall 26.
TEST_F(IkeSourceTest, WithoutTheRightTheOtherGroupGoesOn) {
  fake_.Refuse("IkeextGetStatistics1", kErrorAccessDenied);
  EXPECT_EQ(Collect(kAll).rows().size(), 3u);
  EXPECT_TRUE(outcome_.status.ok());
  EXPECT_EQ(ErrorInfoOf(outcome_.partial).reason(), kAgentLacksPrivilege);
  fake_.Refuse("IkeextGetStatistics1", kSuccess);
  fake_.Refuse("IkeextSaCreateEnumHandle0", kErrorAccessDenied);
  EXPECT_EQ(Collect(kAll).totals_count(), 1);
  EXPECT_TRUE(outcome_.status.ok());
  EXPECT_EQ(ErrorInfoOf(outcome_.partial).metadata().at("api"), "IkeextSaCreateEnumHandle0");
  fake_.Refuse("IkeextGetStatistics1", kErrorAccessDenied);
  Collect(kAll);
  EXPECT_EQ(ErrorInfoOf(outcome_.status).reason(), kAgentLacksPrivilege);
}

TEST_F(IkeSourceTest, AListThatBreaksOffIsVoid) {
  AddSas(250);
  for (const uint32_t code : {kErrorAccessDenied, kCallFailed}) {
    fake_.Script("IkeextSaEnum2", {kSuccess, kSuccess, code});
    Collect(kAll);
    EXPECT_EQ(Win32CodeOf(outcome_.status), code);
    clock_.Advance(FilterEngine::kLongestWait);
  }
  EXPECT_EQ(Collect(kAll).rows().size(), 250u);
  EXPECT_TRUE(outcome_.status.ok());
}

// Pitfall 24.
TEST_F(IkeSourceTest, AStoppedEngineIsOneStatusAndFewCalls) {
  fake_.Stop(kNotRegistered);
  Collect(kAll);
  EXPECT_EQ(ErrorInfoOf(outcome_.status).reason(), kSourceStopped);
  EXPECT_THAT(fake_.calls(), ElementsAre("FwpmEngineOpen0"));
  Collect(kAll);
  EXPECT_THAT(fake_.calls(), IsEmpty());
  fake_.Start();
  clock_.Advance(FilterEngine::kLongestWait);
  EXPECT_EQ(Collect(kAll).rows().size(), 3u);
}

}  // namespace
}  // namespace farstat::sources::windows
