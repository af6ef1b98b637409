#include "client/suggest.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace farstat::client {
namespace {

// More names than this help nobody.
constexpr size_t kMostListed = 16;

// Edits (insert, delete, replace, swap neighbours) that turn `a` into `b`.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> current(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        current[j] = std::min(current[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(current);
  }
  return last[b.size()];
}

std::string Folded(absl::string_view word) {
  std::string folded = absl::AsciiStrToLower(word);
  std::replace(folded.begin(), folded.end(), '-', '_');
  return folded;
}

}  // namespace

std::string Nearest(absl::string_view word, const std::vector<std::string>& known) {
  const std::string wanted = Folded(word);
  if (wanted.empty()) return "";
  std::string nearest;
  // A third of the letters may be wrong.
  size_t best = std::max<size_t>(1, wanted.size() / 3) + 1;
  for (const std::string& name : known) {
    const std::string folded = Folded(name);
    size_t distance = EditDistance(wanted, folded);
    // A beginning of three letters or more is as good as one slip.
    if (wanted.size() >= 3 && absl::StartsWith(folded, wanted)) distance = 1;
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  return nearest;
}

std::string Suggestion(absl::string_view word, const std::vector<std::string>& known) {
  const std::string nearest = Nearest(word, known);
  if (!nearest.empty()) return absl::StrCat(" Did you mean ", nearest, "?");
  if (known.size() <= kMostListed)
    return absl::StrCat(" There are: ", absl::StrJoin(known, ", "), ".");
  return "";
}

}  // namespace farstat::client
