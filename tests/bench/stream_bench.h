// What subscriptions and snapshots cost beyond gRPC itself: the product's server against one that
// only sends prebuilt buffers of the same sizes.

#ifndef FARSTAT_TESTS_BENCH_STREAM_BENCH_H_
#define FARSTAT_TESTS_BENCH_STREAM_BENCH_H_

#include <string>
#include <vector>

#include "tests/bench/figures.h"

namespace farstat::bench {

std::vector<Figure> MeasureStreams();
// With the real agent and real connections: what a tick costs when few of them are active.
std::vector<Figure> MeasureActiveShare(const std::string& agent, int connections, int active);

// When farstat_bench is started as one of the servers: serves and does not return.
void ServeIfAsked(int argc, char** argv);

}  // namespace farstat::bench

#endif  // FARSTAT_TESTS_BENCH_STREAM_BENCH_H_
