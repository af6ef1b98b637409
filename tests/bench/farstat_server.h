// The product's own server and engine over a TCP family whose rows are made up, so that what is
// measured is the engine and not a kernel.

#ifndef FARSTAT_TESTS_BENCH_FARSTAT_SERVER_H_
#define FARSTAT_TESTS_BENCH_FARSTAT_SERVER_H_

namespace farstat::bench {

struct MadeUpRows {
  int rows = 0;
  // So many of them change in each collection; the first of them carries the publish mark.
  int changing = 0;
};

[[noreturn]] void RunFarstatServer(const MadeUpRows& rows);

}  // namespace farstat::bench

#endif  // FARSTAT_TESTS_BENCH_FARSTAT_SERVER_H_
