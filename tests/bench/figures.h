// What a benchmark yields: figures, each a ratio of ours against a baseline measured in the same
// run.

#ifndef FARSTAT_TESTS_BENCH_FIGURES_H_
#define FARSTAT_TESTS_BENCH_FIGURES_H_

#include <string>
#include <vector>

namespace farstat::bench {

struct Figure {
  std::string name;
  double ours = 0;
  double baseline = 0;
  std::string unit;
  // The ratio may be this large; 0: no bar, the figure is for information.
  double bar = 0;
  std::string note;

  double ratio() const { return baseline == 0 ? 0 : ours / baseline; }
  bool holds() const { return bar == 0 || ratio() <= bar; }
};

// One JSON list, an object per figure.
std::string ToJson(const std::vector<Figure>& figures);
// An aligned table for people.
std::string ToTable(const std::vector<Figure>& figures);

}  // namespace farstat::bench

#endif  // FARSTAT_TESTS_BENCH_FIGURES_H_
