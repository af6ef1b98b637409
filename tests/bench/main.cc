// farstat_bench: the figures of the project's speed, printed as a table or as JSON.

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "tests/bench/figures.h"
#include "tests/bench/idle_bench.h"
#include "tests/bench/snapshot_bench.h"
#include "tests/bench/windows_tick_bench.h"

int main(int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "usage: farstat_bench AGENT [--json]\n");
    return 2;
  }
  const bool json = argc > 2 && std::strcmp(argv[2], "--json") == 0;
  std::vector<farstat::bench::Figure> figures = farstat::bench::MeasureIdle(argv[1]);
  for (auto& figure : farstat::bench::MeasureSnapshot(/*connections=*/9000, /*rounds=*/15)) {
    figures.push_back(std::move(figure));
  }
  for (auto& figure : farstat::bench::MeasureWindowsTick(/*connections=*/10000, /*rounds=*/15)) {
    figures.push_back(std::move(figure));
  }
  std::fputs((json ? ToJson(figures) : ToTable(figures)).c_str(), stdout);
  for (const farstat::bench::Figure& figure : figures) {
    if (!figure.holds()) return 1;
  }
  return 0;
}
