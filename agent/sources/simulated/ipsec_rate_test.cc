#include "agent/sources/simulated/ipsec_rate.h"

#include <gtest/gtest.h>

namespace farstat::sources::simulated {
namespace {

TEST(IpsecRateTest, AWholePeriodHasTheAverage) {
  const IpsecRate rate(100, 0.9, absl::Seconds(60), 0.3);
  EXPECT_NEAR(static_cast<double>(rate.Between(absl::Seconds(-7), absl::Seconds(53))), 6000, 1);
  EXPECT_EQ(rate.Between(absl::Seconds(5), absl::Seconds(5)), 0u);
  EXPECT_EQ(IpsecRate().Between(absl::ZeroDuration(), absl::Hours(1)), 0u);
}

TEST(IpsecRateTest, PartsAddUp) {
  const IpsecRate rate(1234.5, 0.8, absl::Seconds(10), 0.7);
  uint64_t sum = 0;
  for (int i = 0; i < 1000; ++i) {
    sum += rate.Between(absl::Milliseconds(37 * i), absl::Milliseconds(37 * (i + 1)));
  }
  EXPECT_EQ(sum, rate.Between(absl::ZeroDuration(), absl::Seconds(37)));
}

TEST(IpsecRateTest, AnAmountIsReachedWhenItSays) {
  const IpsecRate rate(50, 0.9, absl::Seconds(20), 0.1);
  for (const double amount : {0.0, 1.0, 77.0, 12'345.0}) {
    const absl::Duration begin = absl::Seconds(3);
    const absl::Duration reached = rate.WhenReached(begin, amount);
    EXPECT_NEAR(static_cast<double>(rate.Between(begin, reached)), amount, 1.1) << amount;
  }
  EXPECT_EQ(IpsecRate().WhenReached(absl::ZeroDuration(), 1), absl::InfiniteDuration());
}

}  // namespace
}  // namespace farstat::sources::simulated
