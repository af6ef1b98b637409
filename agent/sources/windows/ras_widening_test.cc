// The totals in RAS rows against counters of 64 bits that the simulated RAS keeps beside those that
// wrap, looked at at random times, through everything that can happen to the counters of Windows.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>

#include "absl/types/optional.h"
#include "agent/sources/windows/ras_clear.h"
#include "agent/sources/windows/ras_source.h"
#include "tests/support/ras_host.h"
#include "tests/support/ras_rows.h"

namespace farstat::sources::windows {
namespace {

using simulated::RasTraffic;

RasTraffic CountersIn(const v1::RasStats& stats) {
  return {stats.bytes_out(),        stats.bytes_in(),
          stats.frames_out(),       stats.frames_in(),
          stats.crc_errors(),       stats.timeout_errors(),
          stats.alignment_errors(), stats.hardware_overrun_errors(),
          stats.framing_errors(),   stats.buffer_overrun_errors()};
}

// What the totals must be, kept with 64 bits.
class Expected {
 public:
  // Read at a time when this has been carried since the connection or link was made.
  void Read(const RasTraffic& carried) {
    for (size_t i = 0; i < carried.size(); ++i) {
      totals_[i] += first_ ? static_cast<uint32_t>(carried[i]) : carried[i] - since_[i];
    }
    first_ = false;
    since_ = carried;
  }
  // The counters were set to zero: what they counted since the newest reading is lost.
  void Cleared(const RasTraffic& carried) { since_ = carried; }
  // It was made anew.
  void BeganAnew() { since_ = {}; }

  const RasTraffic& totals() const { return totals_; }

 private:
  bool first_ = true;
  RasTraffic since_ = {};
  RasTraffic totals_ = {};
};

// 1.6 and 2 Gbit/s on average: bytes wrap within some 10 to 25 s.
constexpr char kFast[] = R"(connections { name: "VPN" out_kbps: 1600000 in_kbps: 2000000 })";

class RasWideningTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  // Times as they are while somebody watches: at most RasRevisitTime apart.
  absl::Duration RandomTime() {
    return absl::Milliseconds(std::uniform_int_distribution<int>(1, 1'700)(random_));
  }
  bool Chance(int of) { return std::uniform_int_distribution<int>(1, of)(random_) == 1; }

  std::mt19937_64 random_{GetParam()};
};

// Pitfall 15.
TEST_P(RasWideningTest, ThroughWraps) {
  RasHost host(std::string("ras {") + kFast + "}", GetParam());
  Expected expected;
  uint64_t wraps = 0;
  for (int i = 0; i < 400; ++i) {
    host.clock().Advance(RandomTime());
    const v1::RasConnection row = host.Collect(kRasStatistics).Get("VPN");
    const absl::optional<RasTraffic> carried = host.model().TrafficOf(row.key().handle(), 0);
    ASSERT_TRUE(carried.has_value());
    expected.Read(*carried);
    ASSERT_EQ(CountersIn(row.statistics()), expected.totals());
    ASSERT_FALSE(row.accumulation().uncertain());
    ASSERT_EQ(row.accumulation().resets(), 0u);
    wraps = row.accumulation().wraps();
  }
  EXPECT_GT(wraps, 20u);
}

TEST_P(RasWideningTest, ThroughOwnClearings) {
  for (const char* behaviour :
       {"", "clear { with_links: true }", "clear { with_duration: true with_links: true }"}) {
    RasHost host(std::string("ras {") + kFast + behaviour + "}", GetParam());
    const bool with_links = std::string(behaviour).find("with_links") != std::string::npos;
    Expected connection;
    Expected link;
    uint64_t clearings = 0;
    for (int i = 0; i < 200; ++i) {
      host.clock().Advance(RandomTime());
      const v1::RasConnection row = host.Collect(kRasStatistics | kRasLinks).Get("VPN");
      const Handle handle = row.key().handle();
      connection.Read(*host.model().TrafficOf(handle, 0));
      link.Read(*host.model().TrafficOf(handle, 1));
      ASSERT_EQ(CountersIn(row.statistics()), connection.totals()) << behaviour;
      ASSERT_EQ(CountersIn(row.links(0).statistics()), link.totals()) << behaviour;
      ASSERT_EQ(row.accumulation().resets(), clearings) << behaviour;
      ASSERT_FALSE(row.accumulation().uncertain()) << behaviour;
      if (!Chance(4)) continue;
      // At another time than that of the readings.
      host.clock().Advance(RandomTime() / 10);
      RasClearRequest request;
      request.connection = RasIdentity{row.key().entry_guid(), handle};
      request.link = Chance(2) ? 1 : 0;
      ASSERT_TRUE(ClearRasStatistics(host.api(), host.source().clearings(), request).ok());
      if (request.link == 0 || with_links) {
        connection.Cleared(*host.model().TrafficOf(handle, 0));
        ++clearings;
      }
      if (request.link == 1 || with_links) link.Cleared(*host.model().TrafficOf(handle, 1));
    }
    EXPECT_GT(clearings, 10u);
  }
}

TEST_P(RasWideningTest, ThroughRestartsOfTheService) {
  RasHost host(std::string("ras {") + kFast + R"( }
      service_outages { service: "RasMan" after_s: 40 duration_s: 3 every_s: 60 })",
               GetParam());
  Expected expected;
  absl::optional<RasTraffic> last;
  std::string key;
  uint64_t restarts = 0;
  for (int i = 0; i < 400; ++i) {
    host.clock().Advance(RandomTime());
    const CollectedRasRows rows = host.Collect(kRasStatistics);
    if (!rows.Has("VPN")) continue;
    const v1::RasConnection row = rows.Get("VPN");
    const RasTraffic carried = *host.model().TrafficOf(row.key().handle(), 0);
    // The service counts handles from the beginning, so that the row has the same key. But while
    // the service dials, the list is there and empty, and the row begins anew.
    if (last && carried[0] < (*last)[0]) {
      ++restarts;
      expected = Expected();
    }
    if (key.empty()) key = rows.Find("VPN").key;
    EXPECT_EQ(rows.Find("VPN").key, key);
    last = carried;
    expected.Read(carried);
    ASSERT_EQ(CountersIn(row.statistics()), expected.totals());
    ASSERT_FALSE(row.accumulation().uncertain());
  }
  EXPECT_GT(restarts, 3u);
}

TEST_P(RasWideningTest, ThroughRestartsThatNobodySees) {
  RasHost host(std::string("ras {") + kFast + R"( }
      service_outages { service: "RasMan" after_s: 40 duration_s: 3 every_s: 60 })",
               GetParam());
  host.clock().Advance(absl::Seconds(30));
  Expected expected;
  v1::RasConnection row = host.Collect(kRasStatistics).Get("VPN");
  expected.Read(*host.model().TrafficOf(row.key().handle(), 0));
  // The outage and the redial fall between two readings.
  host.clock().Advance(absl::Seconds(60));
  row = host.Collect(kRasStatistics).Get("VPN");
  expected.BeganAnew();
  const RasTraffic carried = *host.model().TrafficOf(row.key().handle(), 0);
  expected.Read(carried);
  // Of what was carried, only the lower 32 bits can be known after so long.
  for (size_t i = 0; i < carried.size(); ++i) {
    EXPECT_EQ(CountersIn(row.statistics())[i], expected.totals()[i] - (carried[i] >> 32 << 32));
  }
  EXPECT_EQ(row.accumulation().resets(), 1u);
  EXPECT_TRUE(row.accumulation().uncertain());
}

TEST_P(RasWideningTest, ThroughRedials) {
  RasHost host(std::string(R"(ras { connections { name: "VPN" out_kbps: 1600000 in_kbps: 2000000
                   dial_s: 1 up_s: 20 down_s: 2 } })"),
               GetParam());
  Expected expected;
  uint64_t handle = 0;
  int redials = 0;
  for (int i = 0; i < 400; ++i) {
    host.clock().Advance(RandomTime());
    const CollectedRasRows rows = host.Collect(kRasStatistics);
    if (!rows.Has("VPN")) continue;
    const v1::RasConnection row = rows.Get("VPN");
    if (row.key().handle() != handle) {
      handle = row.key().handle();
      expected = Expected();
      ++redials;
    }
    expected.Read(*host.model().TrafficOf(handle, 0));
    ASSERT_EQ(CountersIn(row.statistics()), expected.totals());
    ASSERT_EQ(row.accumulation().resets(), 0u) << "another handle is another row";
  }
  EXPECT_GT(redials, 10);
}

// Pitfall 16.
TEST_P(RasWideningTest, ThroughLinksThatComeAndGo) {
  RasHost host(R"(ras { connections { name: "Bundle" kind: RAS_KIND_ISDN links: 3 dial_s: 2
                   link_up_s: 30 link_down_s: 8 out_kbps: 2000000 in_kbps: 2000000 } })",
               GetParam());
  Expected connection;
  std::array<Expected, 4> links;
  std::array<bool, 4> was_up = {};
  uint64_t redials = 0;
  uint64_t resets = 0;
  for (int i = 0; i < 400; ++i) {
    host.clock().Advance(RandomTime());
    const v1::RasConnection row = host.Collect(kRasStatistics | kRasLinks).Get("Bundle");
    const Handle handle = row.key().handle();
    connection.Read(*host.model().TrafficOf(handle, 0));
    ASSERT_EQ(CountersIn(row.statistics()), connection.totals());
    ASSERT_EQ(row.accumulation().resets(), 0u);
    resets = 0;
    for (const v1::RasLink& link : row.links()) {
      const bool up = link.has_statistics();
      if (up && !was_up[link.index()]) {
        links[link.index()].BeganAnew();
        ++redials;
      }
      was_up[link.index()] = up;
      if (!up) continue;
      links[link.index()].Read(*host.model().TrafficOf(handle, link.index()));
      ASSERT_EQ(CountersIn(link.statistics()), links[link.index()].totals())
          << link.index() << " at " << i;
      resets += link.accumulation().resets();
    }
  }
  EXPECT_GT(redials, 10u);
  EXPECT_GT(resets, 5u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RasWideningTest, ::testing::Values(1, 2, 3, 42, 1234567));

}  // namespace
}  // namespace farstat::sources::windows
