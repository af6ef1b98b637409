// "Did you mean": the nearest of the known names.

#ifndef FARSTAT_CLIENT_SUGGEST_H_
#define FARSTAT_CLIENT_SUGGEST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace farstat::client {

// The known name that `word` was most likely meant to be; empty if none is near.
std::string Nearest(absl::string_view word, const std::vector<std::string>& known);

// " Did you mean X?" or, where nothing is near and there are few, " There are: a, b, c."
std::string Suggestion(absl::string_view word, const std::vector<std::string>& known);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_SUGGEST_H_
