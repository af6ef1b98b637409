// The cost of a full TCP snapshot, against ss and against a bare dump.

#ifndef FARSTAT_TESTS_BENCH_SNAPSHOT_BENCH_H_
#define FARSTAT_TESTS_BENCH_SNAPSHOT_BENCH_H_

#include <vector>

#include "tests/bench/figures.h"

namespace farstat::bench {

std::vector<Figure> MeasureSnapshot(int connections, int rounds);

}  // namespace farstat::bench

#endif  // FARSTAT_TESTS_BENCH_SNAPSHOT_BENCH_H_
