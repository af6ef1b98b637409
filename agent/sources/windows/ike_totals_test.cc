// Every member of the statistics in its field, and totals that go on over wraps and restarts.

#include "agent/sources/windows/ike_totals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "agent/sources/ike_rows.h"
#include "agent/sources/windows/ike_source.h"
#include "agent/sources/windows/win32_status.h"
#include "tests/support/filter_engine_fake.h"
#include "tests/support/filter_engine_members.h"
#include "tests/support/filter_engine_rows.h"
#include "tests/support/manual_clock.h"

namespace farstat::sources::windows {
namespace {

using farstat::testing::FillMembers;
using farstat::testing::MembersOf;
using farstat::testing::MemberValues;
using farstat::testing::ValuesBySource;
using Rows = farstat::testing::FilterEngineRows<v1::IkeSa, v1::IkeTotals, IkeFacts>;

constexpr uint64_t kRound = uint64_t{1} << 32;

class IkeTotalsTest : public ::testing::Test {
 protected:
  IkeTotalsTest() { FillMembers<uint32_t>(100'000, fake_.ike1); }

  v1::IkeTotals Collect() {
    Rows rows;
    outcome_ = source_.Collect(PartBit(kIkeTotalsPart), rows);
    EXPECT_TRUE(outcome_.status.ok()) << outcome_.status;
    EXPECT_EQ(rows.totals_count(), 1);
    return rows.totals();
  }
  void Restart(uint64_t process_start) {
    fake_.services[kIkeService] = farstat::testing::RunningService(process_start);
  }

  farstat::testing::FakeFilterEngine fake_;
  farstat::testing::ManualClock clock_;
  IkeSource source_{fake_.api, clock_};
  Outcome outcome_;
};

MemberValues Negotiations(const IkeIpVersionStatistics& statistics) {
  return MembersOf<uint32_t>(
      statistics, "IKEEXT_IP_VERSION_SPECIFIC_KEYMODULE_STATISTICS1",
      {"currentActiveMainModes", "totalMainModesStarted", "totalSuccessfulMainModes",
       "totalFailedMainModes", "totalResponderMainModes", "currentNewResponderMainModes",
       "currentActiveQuickModes", "totalQuickModesStarted", "totalSuccessfulQuickModes",
       "totalFailedQuickModes", "totalAcquires", "totalReinitAcquires",
       "currentActiveExtendedModes", "totalExtendedModesStarted", "totalSuccessfulExtendedModes",
       "totalFailedExtendedModes", "totalImpersonationExtendedModes",
       "totalImpersonationMainModes"});
}

void ExpectModule(const v1::IkeKeyModuleStatistics& module,
                  const IkeKeyModuleStatistics& statistics) {
  EXPECT_EQ(ValuesBySource(module.ipv4()), Negotiations(statistics.v4_statistics));
  EXPECT_EQ(ValuesBySource(module.ipv6()), Negotiations(statistics.v6_statistics));
  EXPECT_EQ(module.main_mode_negotiation_time_ms(), statistics.main_mode_negotiation_time);
  EXPECT_EQ(module.quick_mode_negotiation_time_ms(), statistics.quick_mode_negotiation_time);
  EXPECT_EQ(module.extended_mode_negotiation_time_ms(), statistics.extended_mode_negotiation_time);
  ASSERT_EQ(module.errors_size(), kIkeErrorCodeCount);
  for (int i = 0; i < kIkeErrorCodeCount; ++i) {
    EXPECT_EQ(module.errors(i).code(), 13800u + static_cast<uint32_t>(i));
    EXPECT_EQ(module.errors(i).count(), statistics.error_frequency_table[i]);
    EXPECT_EQ(module.errors(i).symbol(), std::string(IkeErrorAt(i).symbol));
    EXPECT_FALSE(module.errors(i).text().empty());
  }
}

void ExpectCommon(const v1::IkeCommon& common, const IkeCommonStatistics& statistics) {
  const auto sockets = [](const IkeIpVersionCommonStatistics& of_version) {
    return MembersOf<uint32_t>(of_version, "IKEEXT_IP_VERSION_SPECIFIC_COMMON_STATISTICS1",
                               {"totalSocketReceiveFailures", "totalSocketSendFailures"});
  };
  EXPECT_EQ(ValuesBySource(common.ipv4()), sockets(statistics.v4_statistics));
  EXPECT_EQ(ValuesBySource(common.ipv6()), sockets(statistics.v6_statistics));
  EXPECT_EQ(common.packets_in(), statistics.total_packets_received);
  EXPECT_EQ(common.invalid_packets_in(), statistics.total_invalid_packets_received);
  EXPECT_EQ(common.queued_work_items(), statistics.current_queued_workitems);
}

// --- Members ---

TEST_F(IkeTotalsTest, EveryMemberOfVersion1) {
  const v1::IkeTotals totals = Collect();
  ExpectModule(totals.ike(), fake_.ike1.ike_statistics);
  ExpectModule(totals.authip(), fake_.ike1.authip_statistics);
  ExpectModule(totals.ikev2(), fake_.ike1.ike_v2_statistics);
  ExpectCommon(totals.common(), fake_.ike1.common_statistics);
}

TEST_F(IkeTotalsTest, EveryMemberOfVersion0AndNoOthers) {
  fake_.api.ikeext_get_statistics1 = nullptr;
  FillMembers<uint32_t>(200'000, fake_.ike0);
  const v1::IkeTotals totals = Collect();
  ExpectModule(totals.ike(), fake_.ike0.ike_statistics);
  ExpectModule(totals.authip(), fake_.ike0.authip_statistics);
  EXPECT_FALSE(totals.has_ikev2()) << "absent, not 0";
  ExpectCommon(totals.common(), fake_.ike0.common_statistics);
}

// By the numbers of the SDK, not by our mirror: what Windows writes at these bytes.
// Pitfall 28.
TEST_F(IkeTotalsTest, TheErrorTableHas97Places) {
  std::memset(&fake_.ike1, 0, sizeof(fake_.ike1));
  char* bytes = reinterpret_cast<char*>(&fake_.ike1);
  const auto put = [&](size_t offset, uint32_t value) {
    std::memcpy(bytes + offset, &value, sizeof(value));
  };
  put(144 + 96 * 4, 5);  // IKE: the last error, 13896
  put(532, 101);         // IKE: mainModeNegotiationTime
  put(536, 102);         // IKE: quickModeNegotiationTime
  put(540, 103);         // IKE: extendedModeNegotiationTime
  put(544, 104);         // AuthIP: currentActiveMainModes, IPv4
  put(1088 + 72, 105);   // IKEv2: currentActiveMainModes, IPv6
  put(1088 + 536, 106);  // IKEv2: quickModeNegotiationTime
  put(1632 + 16, 107);   // totalPacketsReceived
  put(1632 + 24, 108);   // currentQueuedWorkitems
  const v1::IkeTotals totals = Collect();
  ASSERT_EQ(totals.ike().errors_size(), 1);
  EXPECT_EQ(totals.ike().errors(0).code(), 13896u);
  EXPECT_EQ(totals.ike().errors(0).symbol(), "ERROR_IPSEC_IKE_TOO_MANY_FILTERS");
  EXPECT_EQ(totals.ike().errors(0).count(), 5u);
  EXPECT_EQ(totals.ike().main_mode_negotiation_time_ms(), 101u);
  EXPECT_EQ(totals.ike().quick_mode_negotiation_time_ms(), 102u);
  EXPECT_EQ(totals.ike().extended_mode_negotiation_time_ms(), 103u);
  EXPECT_EQ(totals.authip().ipv4().current_main_modes(), 104u);
  EXPECT_EQ(totals.ikev2().ipv6().current_main_modes(), 105u);
  EXPECT_EQ(totals.ikev2().quick_mode_negotiation_time_ms(), 106u);
  EXPECT_EQ(totals.common().packets_in(), 107u);
  EXPECT_EQ(totals.common().queued_work_items(), 108u);
}

// Pitfall 28.
TEST_F(IkeTotalsTest, ErrorsAreSparse) {
  std::memset(&fake_.ike1, 0, sizeof(fake_.ike1));
  EXPECT_EQ(Collect().ike().errors_size(), 0);
  fake_.ike1.ike_statistics.error_frequency_table[5] = 7;
  fake_.ike1.ike_v2_statistics.error_frequency_table[1] = 9;
  const v1::IkeTotals totals = Collect();
  ASSERT_EQ(totals.ike().errors_size(), 1);
  EXPECT_EQ(totals.ike().errors(0).symbol(), "ERROR_IPSEC_IKE_TIMED_OUT");
  EXPECT_EQ(totals.ike().errors(0).count(), 7u);
  EXPECT_EQ(totals.authip().errors_size(), 0);
  ASSERT_EQ(totals.ikev2().errors_size(), 1);
  EXPECT_EQ(totals.ikev2().errors(0).code(), 13801u);
}

// A build of Windows whose structure is longer than the one that we know.
TEST_F(IkeTotalsTest, ALongerStructureDoesNoHarm) {
  const auto deliver = fake_.api.ikeext_get_statistics1;
  fake_.api.ikeext_get_statistics1 = [deliver](Handle engine, IkeStatistics1* statistics) {
    const uint32_t code = deliver(engine, statistics);
    std::memset(static_cast<void*>(statistics + 1), 0xff, 4096 - sizeof(*statistics));
    return code;
  };
  const v1::IkeTotals totals = Collect();
  ExpectCommon(totals.common(), fake_.ike1.common_statistics);
}

// What a call that only pretends to succeed leaves is zeros, not what was on the stack.
TEST_F(IkeTotalsTest, TheBufferIsFilledWithZerosBefore) {
  Collect();
  fake_.api.ikeext_get_statistics1 = [](Handle, IkeStatistics1* statistics) {
    const auto* bytes = reinterpret_cast<const char*>(statistics);
    EXPECT_TRUE(std::all_of(bytes, bytes + 4096, [](char byte) { return byte == 0; }));
    return kSuccess;
  };
  Collect();
}

// --- Wraps and restarts ---

// Pitfall 29.
TEST_F(IkeTotalsTest, CountersGoOnAcrossWraps) {
  fake_.ike1.common_statistics.total_packets_received = 0xFFFFFFF0;
  fake_.ike1.ike_v2_statistics.error_frequency_table[1] = 0xFFFFFFFF;
  Collect();
  clock_.Advance(absl::Seconds(1));
  fake_.ike1.common_statistics.total_packets_received = 0x10;
  fake_.ike1.ike_v2_statistics.error_frequency_table[1] = 0;
  const v1::IkeTotals totals = Collect();
  EXPECT_EQ(totals.common().packets_in(), kRound + 0x10);
  EXPECT_EQ(totals.ikev2().errors(1).count(), kRound) << "a count that wrapped to 0 stays listed";
  EXPECT_EQ(totals.accumulation().wraps(), 2u);
  EXPECT_EQ(totals.accumulation().resets(), 0u);
  EXPECT_FALSE(totals.accumulation().uncertain());
}

// Pitfall 29.
TEST_F(IkeTotalsTest, CountersGoOnOverARestartOfTheService) {
  const v1::IkeTotals before = Collect();
  clock_.Advance(absl::Seconds(1));
  Restart(5000);
  std::memset(&fake_.ike1, 0, sizeof(fake_.ike1));
  fake_.ike1.authip_statistics.v6_statistics.total_acquires = 3;
  fake_.ike1.authip_statistics.v6_statistics.current_active_main_modes = 2;
  fake_.ike1.ike_statistics.error_frequency_table[5] = 4;
  const v1::IkeTotals after = Collect();
  EXPECT_EQ(after.accumulation().resets(), 1u);
  EXPECT_FALSE(after.accumulation().uncertain()) << "the restart was told";
  EXPECT_EQ(after.authip().ipv6().acquires(), before.authip().ipv6().acquires() + 3);
  EXPECT_EQ(after.authip().ipv6().current_main_modes(), 2u) << "now, not before";
  EXPECT_EQ(after.ike().errors(5).count(), before.ike().errors(5).count() + 4);
  EXPECT_EQ(after.ike().errors(6).count(), before.ike().errors(6).count());
  EXPECT_EQ(after.ike().main_mode_negotiation_time_ms(), 0u);
  EXPECT_EQ(after.common().packets_in(), before.common().packets_in());
}

// The service stops, and a call starts it again: its counters begin at 0 within one collection.
// Pitfall 29.
TEST_F(IkeTotalsTest, ARestartAroundTheCallIsOneReset) {
  fake_.ike1.common_statistics.total_packets_received = 1000;
  Collect();
  clock_.Advance(absl::Seconds(1));
  fake_.services[kIkeService] = {kServiceStopped, 0, 0};
  fake_.during["IkeextGetStatistics1"] = [&] {
    Restart(5000);
    fake_.ike1.common_statistics.total_packets_received = 7;
  };
  EXPECT_EQ(Collect().common().packets_in(), 1007u);
  fake_.during.clear();
  clock_.Advance(absl::Seconds(1));
  const v1::IkeTotals totals = Collect();
  EXPECT_EQ(totals.common().packets_in(), 1007u);
  EXPECT_EQ(totals.accumulation().resets(), 1u);
}

TEST_F(IkeTotalsTest, IsToBeReadBeforeACounterCanWrapUnseen) {
  Collect();
  EXPECT_GT(outcome_.revisit_within, absl::Minutes(1));
  EXPECT_LT(outcome_.revisit_within, absl::Minutes(10));
  clock_.Advance(outcome_.revisit_within + absl::Seconds(5));
  EXPECT_FALSE(Collect().accumulation().uncertain());
  ++fake_.ike1.common_statistics.total_packets_received;
  clock_.Advance(2 * outcome_.revisit_within + absl::Seconds(1));
  EXPECT_TRUE(Collect().accumulation().uncertain());
}

}  // namespace
}  // namespace farstat::sources::windows
