// Every member of the statistics in its field, and totals that go on over wraps and restarts.

#include "agent/sources/windows/ipsec_totals.h"

#include <gtest/gtest.h>

#include "agent/sources/ipsec_rows.h"
#include "agent/sources/windows/ipsec_source.h"
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
using Rows = farstat::testing::FilterEngineRows<v1::IpsecSa, v1::IpsecTotals, IpsecFacts>;

constexpr uint64_t kRound = uint64_t{1} << 32;

class IpsecTotalsTest : public ::testing::Test {
 protected:
  IpsecTotalsTest() { Fill(fake_.ipsec1, 1000, 10'000'000'000); }

  template <typename Statistics>
  static void Fill(Statistics& statistics, uint32_t first32, uint64_t first64) {
    FillMembers<uint32_t>(first32, statistics.aggregate_sa_statistics);
    FillMembers<uint32_t>(first32 + 10, statistics.esp_drop_packet_statistics);
    FillMembers<uint32_t>(first32 + 20, statistics.ah_drop_packet_statistics);
    FillMembers<uint32_t>(first32 + 30, statistics.aggregate_drop_packet_statistics);
    FillMembers<uint64_t>(first64, statistics.inbound_traffic_statistics);
    FillMembers<uint64_t>(first64 + 10, statistics.outbound_traffic_statistics);
  }

  v1::IpsecTotals Collect(PartMask parts = PartBit(kIpsecTotalsPart)) {
    Rows rows;
    outcome_ = source_.Collect(parts, rows);
    EXPECT_TRUE(outcome_.status.ok()) << outcome_.status;
    EXPECT_EQ(rows.totals_count(), 1);
    return rows.totals();
  }
  void Restart(uint64_t process_start) {
    fake_.services[kFilterEngineService] = farstat::testing::RunningService(process_start);
  }
  uint32_t& replays() {
    return fake_.ipsec1.aggregate_drop_packet_statistics.replay_check_failures_on_inbound;
  }

  farstat::testing::FakeFilterEngine fake_;
  farstat::testing::ManualClock clock_;
  IpsecSource source_{fake_.api, clock_};
  Outcome outcome_;
};

template <typename Statistics>
void ExpectCommonMembers(const v1::IpsecTotals& totals, const Statistics& statistics) {
  EXPECT_EQ(
      ValuesBySource(totals.sas()),
      MembersOf<uint32_t>(statistics.aggregate_sa_statistics, "IPSEC_AGGREGATE_SA_STATISTICS0",
                          {"activeSas", "pendingSaNegotiations", "totalSasAdded", "totalSasDeleted",
                           "successfulRekeys", "activeTunnels", "offloadedSas"}));
  EXPECT_EQ(
      ValuesBySource(totals.esp_drops()),
      MembersOf<uint32_t>(
          statistics.esp_drop_packet_statistics, "IPSEC_ESP_DROP_PACKET_STATISTICS0",
          {"invalidSpisOnInbound", "decryptionFailuresOnInbound", "authenticationFailuresOnInbound",
           "replayCheckFailuresOnInbound", "saNotInitializedOnInbound"}));
  EXPECT_EQ(
      ValuesBySource(totals.ah_drops()),
      MembersOf<uint32_t>(statistics.ah_drop_packet_statistics, "IPSEC_AH_DROP_PACKET_STATISTICS0",
                          {"invalidSpisOnInbound", "authenticationFailuresOnInbound",
                           "replayCheckFailuresOnInbound", "saNotInitializedOnInbound"}));
}

TEST_F(IpsecTotalsTest, EveryMemberOfVersion1) {
  const v1::IpsecTotals totals = Collect();
  ExpectCommonMembers(totals, fake_.ipsec1);
  EXPECT_EQ(
      ValuesBySource(totals.drops()),
      MembersOf<uint32_t>(
          fake_.ipsec1.aggregate_drop_packet_statistics, "IPSEC_AGGREGATE_DROP_PACKET_STATISTICS1",
          {"invalidSpisOnInbound", "decryptionFailuresOnInbound", "authenticationFailuresOnInbound",
           "udpEspValidationFailuresOnInbound", "replayCheckFailuresOnInbound",
           "invalidClearTextInbound", "saNotInitializedOnInbound", "receiveOverIncorrectSaInbound",
           "secureReceivesNotMatchingFilters", "totalDropPacketsInbound"}));
  const auto traffic = [](const IpsecTrafficStatistics1& statistics) {
    return MembersOf<uint64_t>(
        statistics, "IPSEC_TRAFFIC_STATISTICS1",
        {"encryptedByteCount", "authenticatedAHByteCount", "authenticatedESPByteCount",
         "transportByteCount", "tunnelByteCount", "offloadByteCount", "totalSuccessfulPackets"});
  };
  EXPECT_EQ(ValuesBySource(totals.inbound()), traffic(fake_.ipsec1.inbound_traffic_statistics));
  EXPECT_EQ(ValuesBySource(totals.outbound()), traffic(fake_.ipsec1.outbound_traffic_statistics));
  EXPECT_FALSE(totals.has_linux());
}

TEST_F(IpsecTotalsTest, EveryMemberOfVersion0AndNoOthers) {
  fake_.api.ipsec_get_statistics1 = nullptr;
  Fill(fake_.ipsec0, 2000, 20'000'000'000);
  const v1::IpsecTotals totals = Collect();
  ExpectCommonMembers(totals, fake_.ipsec0);
  EXPECT_EQ(
      ValuesBySource(totals.drops()),
      MembersOf<uint32_t>(
          fake_.ipsec0.aggregate_drop_packet_statistics, "IPSEC_AGGREGATE_DROP_PACKET_STATISTICS1",
          {"invalidSpisOnInbound", "decryptionFailuresOnInbound", "authenticationFailuresOnInbound",
           "udpEspValidationFailuresOnInbound", "replayCheckFailuresOnInbound",
           "invalidClearTextInbound", "saNotInitializedOnInbound", "receiveOverIncorrectSaInbound",
           "secureReceivesNotMatchingFilters"}));
  const auto traffic = [](const IpsecTrafficStatistics0& statistics) {
    return MembersOf<uint64_t>(
        statistics, "IPSEC_TRAFFIC_STATISTICS1",
        {"encryptedByteCount", "authenticatedAHByteCount", "authenticatedESPByteCount",
         "transportByteCount", "tunnelByteCount", "offloadByteCount"});
  };
  EXPECT_EQ(ValuesBySource(totals.inbound()), traffic(fake_.ipsec0.inbound_traffic_statistics));
  EXPECT_EQ(ValuesBySource(totals.outbound()), traffic(fake_.ipsec0.outbound_traffic_statistics));
  EXPECT_FALSE(totals.drops().has_total_packets()) << "only in version 1: absent, not 0";
  EXPECT_FALSE(totals.inbound().has_successful_packets());
}

TEST_F(IpsecTotalsTest, EveryMemberOfDosProtection) {
  FillMembers<uint64_t>(30'000'000'000, fake_.dosp);
  EXPECT_EQ(
      ValuesBySource(Collect(PartBit(kIpsecDosProtectionPart)).dos_protection()),
      MembersOf<uint64_t>(
          fake_.dosp, "IPSEC_DOSP_STATISTICS0",
          {"totalStateEntriesCreated", "currentStateEntries",
           "totalInboundAllowedIPv6IPsecUnauthPkts",
           "totalInboundRatelimitDiscardedIPv6IPsecUnauthPkts",
           "totalInboundPerIPRatelimitDiscardedIPv6IPsecUnauthPkts",
           "totalInboundOtherDiscardedIPv6IPsecUnauthPkts", "totalInboundAllowedIPv6IPsecAuthPkts",
           "totalInboundRatelimitDiscardedIPv6IPsecAuthPkts",
           "totalInboundOtherDiscardedIPv6IPsecAuthPkts", "totalInboundAllowedICMPv6Pkts",
           "totalInboundRatelimitDiscardedICMPv6Pkts", "totalInboundAllowedIPv6FilterExemptPkts",
           "totalInboundRatelimitDiscardedIPv6FilterExemptPkts",
           "totalInboundDiscardedIPv6FilterBlockPkts", "totalInboundAllowedDefBlockExemptPkts",
           "totalInboundRatelimitDiscardedDefBlockExemptPkts", "totalInboundDiscardedDefBlockPkts",
           "currentInboundIPv6IPsecUnauthPerIPRateLimitQueues"}));
}

// DoS protection that has done nothing but holds one entry is in use.
TEST_F(IpsecTotalsTest, OneMemberThatIsNotZeroShowsThatDosProtectionIsInUse) {
  for (size_t at = 0; at < sizeof(IpsecDospStatistics); at += sizeof(uint64_t)) {
    const uint64_t one = 1;
    fake_.dosp = {};
    std::memcpy(reinterpret_cast<char*>(&fake_.dosp) + at, &one, sizeof(one));
    EXPECT_TRUE(Collect(PartBit(kIpsecDosProtectionPart)).has_dos_protection());
  }
}

TEST_F(IpsecTotalsTest, TheSameStateIsTheSameBytes) {
  Rows first;
  source_.Collect(PartBit(kIpsecTotalsPart), first);
  clock_.Advance(absl::Seconds(1));
  Rows second;
  source_.Collect(PartBit(kIpsecTotalsPart), second);
  EXPECT_EQ(first.bytes(), second.bytes());
}

// --- Wraps and restarts ---

// Pitfall 29.
TEST_F(IpsecTotalsTest, CountersOf32BitsGoOnAcrossWraps) {
  replays() = 0xFFFFFFF0;
  const v1::IpsecTotals before = Collect();
  EXPECT_EQ(before.drops().replay_check_failure_packets(), 0xFFFFFFF0u);
  EXPECT_EQ(before.accumulation().wraps(), 0u);
  clock_.Advance(absl::Seconds(1));
  replays() = 0x10;
  const v1::IpsecTotals after = Collect();
  EXPECT_EQ(after.drops().replay_check_failure_packets(), kRound + 0x10);
  EXPECT_EQ(after.accumulation().wraps(), 1u);
  EXPECT_EQ(after.accumulation().resets(), 0u);
  EXPECT_FALSE(after.accumulation().uncertain());
}

// Pitfall 29.
TEST_F(IpsecTotalsTest, EveryCounterGoesOnOverARestartOfTheService) {
  const v1::IpsecTotals before = Collect();
  clock_.Advance(absl::Seconds(1));
  Restart(5000);
  Fill(fake_.ipsec1, 2000, 20'000'000'000);
  const v1::IpsecTotals after = Collect();
  EXPECT_EQ(after.accumulation().resets(), 1u);
  EXPECT_EQ(after.accumulation().wraps(), 0u);
  // Counters add up, although they do not fall; gauges are what they are now.
  int counters = 0;
  const auto compare = [&](const google::protobuf::Message& was,
                           const google::protobuf::Message& is, uint64_t read_later) {
    const google::protobuf::Descriptor& descriptor = *was.GetDescriptor();
    for (int i = 0; i < descriptor.field_count(); ++i) {
      const google::protobuf::FieldDescriptor& field = *descriptor.field(i);
      const bool counter = field.options().GetExtension(v1::field).kind() == v1::FIELD_KIND_COUNTER;
      counters += counter ? 1 : 0;
      const uint64_t now = ValueOf(was, field) + read_later;
      EXPECT_EQ(ValueOf(is, field), counter ? ValueOf(was, field) + now : now) << field.full_name();
    }
  };
  compare(before.sas(), after.sas(), 1000);
  compare(before.drops(), after.drops(), 1000);
  compare(before.esp_drops(), after.esp_drops(), 1000);
  compare(before.ah_drops(), after.ah_drops(), 1000);
  compare(before.inbound(), after.inbound(), 10'000'000'000);
  compare(before.outbound(), after.outbound(), 10'000'000'000);
  EXPECT_EQ(counters, 36);
}

// Pitfall 29.
TEST_F(IpsecTotalsTest, AFallThatNobodyToldOfIsBridgedAndSaid) {
  replays() = 100'000;
  Collect();
  clock_.Advance(absl::Seconds(1));
  replays() = 20;
  const v1::IpsecTotals totals = Collect();
  EXPECT_EQ(totals.drops().replay_check_failure_packets(), 100'020u);
  EXPECT_EQ(totals.accumulation().resets(), 1u);
  EXPECT_TRUE(totals.accumulation().uncertain());
}

TEST_F(IpsecTotalsTest, TrafficOf64BitsDoesNotFallEither) {
  Collect();
  clock_.Advance(absl::Seconds(1));
  fake_.ipsec1.inbound_traffic_statistics = {};
  fake_.ipsec1.inbound_traffic_statistics.tunnel_byte_count = 3;
  EXPECT_EQ(Collect().inbound().tunnel_bytes(), 10'000'000'004 + 3);
}

TEST_F(IpsecTotalsTest, AFailedReadingIsNoReset) {
  Collect();
  clock_.Advance(absl::Seconds(1));
  fake_.Script("IPsecGetStatistics1", {1726, 1726});
  Rows rows;
  EXPECT_FALSE(source_.Collect(PartBit(kIpsecTotalsPart), rows).status.ok());
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(Collect().accumulation().resets(), 0u);
}

// --- How often ---

TEST_F(IpsecTotalsTest, IsToBeReadBeforeACounterCanWrapUnseen) {
  Collect();
  EXPECT_GT(outcome_.revisit_within, absl::Seconds(10));
  EXPECT_LT(outcome_.revisit_within, absl::Seconds(60));
  // Readings that far apart, and a little late, are certain.
  clock_.Advance(outcome_.revisit_within + absl::Seconds(5));
  EXPECT_FALSE(Collect().accumulation().uncertain());
  ++fake_.ipsec1.esp_drop_packet_statistics.invalid_spis_on_inbound;
  clock_.Advance(2 * outcome_.revisit_within + absl::Seconds(1));
  EXPECT_TRUE(Collect().accumulation().uncertain());
}

}  // namespace
}  // namespace farstat::sources::windows
