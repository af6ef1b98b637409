// The columns that an administrator looks for first, family by family.

#ifndef FARSTAT_CLIENT_FORMAT_CURATED_COLUMNS_H_
#define FARSTAT_CLIENT_FORMAT_CURATED_COLUMNS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "client/format/columns.h"

namespace farstat::client {

struct CuratedColumn {
  absl::string_view id;
  absl::string_view title;
  // Alternative paths, or what Column::Shape makes of them, separated by "|".
  absl::string_view paths;
  Column::Shape shape = Column::Shape::kField;
  // Shown in 80 columns too.
  bool essential = true;
};

// In the order in which they are shown. Empty for "host", which has no rows of its own.
std::vector<CuratedColumn> CuratedColumns(v1::Family family);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FORMAT_CURATED_COLUMNS_H_
