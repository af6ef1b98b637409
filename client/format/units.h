// Values as people read them: two or three digits and the unit that fits.

#ifndef FARSTAT_CLIENT_FORMAT_UNITS_H_
#define FARSTAT_CLIENT_FORMAT_UNITS_H_

#include <string>

#include "absl/time/time.h"
#include "farstat/v1/annotations.pb.h"

namespace farstat::client {

// "999 B", "1.2 MB": powers of 1000.
std::string HumanBytes(double bytes);
// "12345", "1.2 M": exact as long as five digits hold it.
std::string HumanCount(double count);
// "850 µs", "35 ms", "1.2 s", "3m20s", "2h05m", "3d04h".
std::string HumanDuration(absl::Duration duration);
// "2024-05-17 12:30:05", in local time.
std::string HumanTime(absl::Time time);

// A value of `unit`. `now` is what "3 s ago" is counted from.
std::string HumanValue(v1::Unit unit, double value, absl::Time now);
// The growth per second of a counter of `unit`. `share_of_time`: the counter is time in a
// condition, so its growth is a share.
std::string HumanRate(v1::Unit unit, double per_second, bool share_of_time);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FORMAT_UNITS_H_
