// Which rows are wanted, judged by their facts.

#ifndef FARSTAT_AGENT_FEED_FILTER_H_
#define FARSTAT_AGENT_FEED_FILTER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace farstat::feed {

class Filter {
 public:
  // Filters with equal keys match the same facts. Whoever compares filters compares their keys.
  Filter(std::string key, std::function<bool(absl::string_view facts)> matches)
      : key_(std::move(key)), matches_(std::move(matches)) {}

  bool operator()(absl::string_view facts) const { return matches_(facts); }
  const std::string& key() const { return key_; }

 private:
  const std::string key_;
  const std::function<bool(absl::string_view facts)> matches_;
};

// Null: every row.
using FilterPtr = std::shared_ptr<const Filter>;

inline bool SameFilter(const FilterPtr& a, const FilterPtr& b) {
  return a == b || (a != nullptr && b != nullptr && a->key() == b->key());
}

}  // namespace farstat::feed

#endif  // FARSTAT_AGENT_FEED_FILTER_H_
