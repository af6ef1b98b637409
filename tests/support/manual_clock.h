// A clock that stands still until a test moves it.

#ifndef FARSTAT_TESTS_SUPPORT_MANUAL_CLOCK_H_
#define FARSTAT_TESTS_SUPPORT_MANUAL_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "common/clock.h"

namespace farstat::testing {

class ManualClock : public Clock {
 public:
  SteadyTime Steady() const override {
    return SteadyTime(std::chrono::nanoseconds(nanoseconds_.load()));
  }
  absl::Time Wall() const override {
    return absl::FromUnixSeconds(1'700'000'000) + absl::Nanoseconds(nanoseconds_.load());
  }
  void Advance(absl::Duration duration) { nanoseconds_ += absl::ToInt64Nanoseconds(duration); }

 private:
  std::atomic<int64_t> nanoseconds_{int64_t{1} << 40};
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_MANUAL_CLOCK_H_
