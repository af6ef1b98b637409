// farstat_bench: the figures of the project's speed, printed as a table or as JSON.

#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "tests/bench/figures.h"
#include "tests/bench/idle_bench.h"
#include "tests/bench/snapshot_bench.h"
#include "tests/bench/stream_bench.h"
#include "tests/bench/windows_tick_bench.h"

namespace farstat::bench {
namespace {

// A part of the benchmark; the table has them in this order.
struct Part {
  std::string name;
  std::vector<Figure> (*measure)(const std::string& agent);
};

const std::vector<Part>& Parts() {
  static const auto* const parts = new std::vector<Part>{
      // allow(new): never destroyed
      {"idle", [](const std::string& agent) { return MeasureIdle(agent); }},
      {"snapshot", [](const std::string&) { return MeasureSnapshot(9000, /*rounds=*/15); }},
      {"active", [](const std::string& agent) { return MeasureActiveShare(agent, 9000, 90); }},
      {"windows", [](const std::string&) { return MeasureWindowsTick(10000, /*rounds=*/15); }},
      {"streams", [](const std::string&) { return MeasureStreams(); }},
  };
  return *parts;
}

int Usage() {
  std::fprintf(stderr, "usage: farstat_bench AGENT [--json] [PART...]\nparts:");
  for (const Part& part : Parts()) std::fprintf(stderr, " %s", part.name.c_str());
  std::fprintf(stderr, "; all if none is named\n");
  return 2;
}

int Main(int argc, char** argv) {
  ServeIfAsked(argc, argv);
  if (argc < 2 || argv[1][0] == '-') return Usage();
  std::set<std::string> wanted(argv + 2, argv + argc);
  const bool json = wanted.erase("--json") != 0;
  const bool all = wanted.empty();
  std::vector<Figure> figures;
  for (const Part& part : Parts()) {
    if (wanted.erase(part.name) == 0 && !all) continue;
    std::fprintf(stderr, "measuring: %s\n", part.name.c_str());
    for (Figure& figure : part.measure(argv[1])) figures.push_back(std::move(figure));
  }
  if (!wanted.empty()) return Usage();
  std::fputs((json ? ToJson(figures) : ToTable(figures)).c_str(), stdout);
  for (const Figure& figure : figures) {
    if (!figure.holds()) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace farstat::bench

int main(int argc, char** argv) { return farstat::bench::Main(argc, argv); }
