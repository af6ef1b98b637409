// What is shown of a family, by the options and the window: columns, order, number of rows.

#ifndef FARSTAT_CLIENT_VIEW_H_
#define FARSTAT_CLIENT_VIEW_H_

#include <cstddef>
#include <vector>

#include "client/format/section_text.h"
#include "client/options.h"

namespace farstat::client {

// `window`: columns of the window; 0 if the output is none.
RowOptions RowOptionsFor(const Options& options, const Family& family, size_t window);

// The columns that must be filled: those that are shown and the one that is sorted by. Empty if
// whole rows are wanted.
std::vector<Column> ColumnsToFill(const Options& options, size_t window);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_VIEW_H_
