// What a tick over the TCP connections of a Windows host costs beside the calls into Windows.

#ifndef FARSTAT_TESTS_BENCH_WINDOWS_TICK_BENCH_H_
#define FARSTAT_TESTS_BENCH_WINDOWS_TICK_BENCH_H_

#include <vector>

#include "tests/bench/figures.h"

namespace farstat::bench {

// Collects that many simulated connections with three EStats groups into a table, and makes the
// same calls without doing anything with what they deliver, alternating.
std::vector<Figure> MeasureWindowsTick(int connections, int rounds);

}  // namespace farstat::bench

#endif  // FARSTAT_TESTS_BENCH_WINDOWS_TICK_BENCH_H_
