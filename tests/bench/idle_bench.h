// What an agent costs when nobody asks it anything.

#ifndef FARSTAT_TESTS_BENCH_IDLE_BENCH_H_
#define FARSTAT_TESTS_BENCH_IDLE_BENCH_H_

#include <string>
#include <vector>

#include "tests/bench/figures.h"

namespace farstat::bench {

// `agent`: path of farstat-agent.
std::vector<Figure> MeasureIdle(const std::string& agent);

}  // namespace farstat::bench

#endif  // FARSTAT_TESTS_BENCH_IDLE_BENCH_H_
