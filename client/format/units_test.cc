#include "client/format/units.h"

#include "gtest/gtest.h"

namespace farstat::client {
namespace {

TEST(UnitsTest, BytesHaveTwoOrThreeDigits) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(1000), "1.0 kB");
  EXPECT_EQ(HumanBytes(1234), "1.2 kB");
  EXPECT_EQ(HumanBytes(9949), "9.9 kB");
  EXPECT_EQ(HumanBytes(9951), "10 kB");
  EXPECT_EQ(HumanBytes(999'499), "999 kB");
  EXPECT_EQ(HumanBytes(999'500), "1.0 MB");
  EXPECT_EQ(HumanBytes(18446744073709551615.0), "18 EB");
}

TEST(UnitsTest, CountsAreExactUpToFiveDigits) {
  EXPECT_EQ(HumanCount(0), "0");
  EXPECT_EQ(HumanCount(99'999), "99999");
  EXPECT_EQ(HumanCount(100'000), "100 k");
  EXPECT_EQ(HumanCount(1'234'567), "1.2 M");
}

TEST(UnitsTest, DurationsChooseTheirUnit) {
  EXPECT_EQ(HumanDuration(absl::ZeroDuration()), "0 s");
  EXPECT_EQ(HumanDuration(absl::Microseconds(850)), "850 µs");
  EXPECT_EQ(HumanDuration(absl::Nanoseconds(1500)), "1.5 µs");
  EXPECT_EQ(HumanDuration(absl::Microseconds(3500)), "3.5 ms");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(35)), "35 ms");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(1200)), "1.2 s");
  EXPECT_EQ(HumanDuration(absl::Seconds(59)), "59 s");
  EXPECT_EQ(HumanDuration(absl::Milliseconds(59'700)), "1m00s");
  EXPECT_EQ(HumanDuration(absl::Seconds(200)), "3m20s");
  EXPECT_EQ(HumanDuration(absl::Minutes(125)), "2h05m");
  EXPECT_EQ(HumanDuration(absl::Hours(76)), "3d04h");
  EXPECT_EQ(HumanDuration(-absl::Milliseconds(5)), "-5 ms");
  EXPECT_EQ(HumanDuration(absl::InfiniteDuration()), "forever");
}

TEST(UnitsTest, ValuesFollowTheirUnit) {
  const absl::Time now = absl::FromUnixMillis(10'000);
  EXPECT_EQ(HumanValue(v1::UNIT_BYTES, 1.2e6, now), "1.2 MB");
  EXPECT_EQ(HumanValue(v1::UNIT_KILOBYTES, 100'000, now), "102 MB");
  EXPECT_EQ(HumanValue(v1::UNIT_MILLISECONDS, 35, now), "35 ms");
  EXPECT_EQ(HumanValue(v1::UNIT_MICROSECONDS, 850, now), "850 µs");
  EXPECT_EQ(HumanValue(v1::UNIT_SECONDS, 3600, now), "1h00m");
  EXPECT_EQ(HumanValue(v1::UNIT_BITS_PER_SECOND, 1.2e6, now), "1.2 Mbit/s");
  EXPECT_EQ(HumanValue(v1::UNIT_BYTES_PER_SECOND, 1.2e6, now), "1.2 MB/s");
  EXPECT_EQ(HumanValue(v1::UNIT_UNIX_MILLISECONDS, 7000, now), "3 s ago");
  EXPECT_EQ(HumanValue(v1::UNIT_UNIX_MILLISECONDS, 10'004, now), "now");
  EXPECT_EQ(HumanValue(v1::UNIT_SEGMENTS, 12, now), "12");
}

TEST(UnitsTest, Rates) {
  EXPECT_EQ(HumanRate(v1::UNIT_BYTES, 1.2e6, false), "1.2 MB/s");
  EXPECT_EQ(HumanRate(v1::UNIT_SEGMENTS, 0.25, false), "0.2/s");
  EXPECT_EQ(HumanRate(v1::UNIT_COUNT, 0, false), "0/s");
  EXPECT_EQ(HumanRate(v1::UNIT_COUNT, 4567, false), "4.6 k/s");
  EXPECT_EQ(HumanRate(v1::UNIT_MICROSECONDS, 350'000, true), "35 %");
  EXPECT_EQ(HumanRate(v1::UNIT_MILLISECONDS, 500, true), "50 %");
  EXPECT_EQ(HumanRate(v1::UNIT_MILLISECONDS, 40, false), "40 ms/s");
}

}  // namespace
}  // namespace farstat::client
