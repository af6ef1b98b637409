// Time as our code sees it: a steady clock for intervals and ages, a wall clock for what people
// read. Tests drive a clock of their own.

#ifndef FARSTAT_COMMON_CLOCK_H_
#define FARSTAT_COMMON_CLOCK_H_

#include <chrono>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace farstat {

// Steady time since an arbitrary start.
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime Steady() const = 0;
  virtual absl::Time Wall() const = 0;
};

// The clock of the system.
const Clock& SystemClock();

google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);
absl::Time FromProto(const google::protobuf::Timestamp& timestamp);
// Out of range gives an infinite duration of the right sign.
absl::Duration FromProto(const google::protobuf::Duration& duration);

}  // namespace farstat

#endif  // FARSTAT_COMMON_CLOCK_H_
