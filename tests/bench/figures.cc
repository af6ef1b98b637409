#include "tests/bench/figures.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace farstat::bench {
namespace {

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

}  // namespace

std::string ToJson(const std::vector<Figure>& figures) {
  std::vector<std::string> objects;
  for (const Figure& figure : figures) {
    objects.push_back(absl::StrFormat(
        "  {\"name\": %s, \"ours\": %.4g, \"baseline\": %.4g, \"unit\": %s, \"ratio\": %.3f, "
        "\"bar\": %s, \"holds\": %s, \"note\": %s}",
        Quoted(figure.name), figure.ours, figure.baseline, Quoted(figure.unit), figure.ratio(),
        figure.bar == 0 ? "null" : absl::StrFormat("%g", figure.bar),
        figure.holds() ? "true" : "false", Quoted(figure.note)));
  }
  return absl::StrCat("[\n", absl::StrJoin(objects, ",\n"), "\n]\n");
}

std::string ToTable(const std::vector<Figure>& figures) {
  size_t width = 6;
  for (const Figure& figure : figures) width = std::max(width, figure.name.size());
  const int column = static_cast<int>(width);
  std::string out = absl::StrFormat("%-*s  %9s  %9s  %-4s  %6s  %5s  %s\n", column, "FIGURE",
                                    "OURS", "BASELINE", "UNIT", "RATIO", "BAR", "HOLDS");
  for (const Figure& figure : figures) {
    absl::StrAppendFormat(&out, "%-*s  %9.4g  %9.4g  %-4s  %6.3f  %5s  %s\n", column, figure.name,
                          figure.ours, figure.baseline, figure.unit, figure.ratio(),
                          figure.bar == 0 ? "-" : absl::StrFormat("%g", figure.bar),
                          figure.bar == 0 ? "-" : (figure.holds() ? "yes" : "NO"));
    absl::StrAppendFormat(&out, "    %s\n", figure.note);
  }
  return out;
}

}  // namespace farstat::bench
