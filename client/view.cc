#include "client/view.h"

#include <algorithm>
#include <string>
#include <utility>

namespace farstat::client {
namespace {

// From here on more than the essential columns find room.
constexpr size_t kRoomyWindow = 110;
// Of several families together, so many rows each; whoever wants more asks for one family.
constexpr size_t kRowsOfEachFamily = 10;

std::vector<Column> ShownColumns(const Options& options, const Family& family, size_t window) {
  if (!options.columns.empty()) {
    // Names were checked with the options.
    return FindColumns(family, options.columns, options.rate).value_or(std::vector<Column>());
  }
  const bool curated = options.format == Format::kWide || window >= kRoomyWindow;
  std::vector<Column> columns =
      ColumnsOf(family, curated ? ColumnList::kCurated : ColumnList::kEssential, options.rate);
  const Selection& selection = options.selection;
  if (selection.owner || selection.filters_owner()) {
    // Behind the addresses.
    const size_t position = std::min<size_t>(3, columns.size());
    const auto owner = FindColumns(family, {"process", "pid"}, options.rate);
    if (owner.ok()) {
      columns.insert(columns.begin() + static_cast<ptrdiff_t>(position), owner->begin(),
                     owner->end());
    }
  }
  return columns;
}

}  // namespace

RowOptions RowOptionsFor(const Options& options, const Family& family, size_t window) {
  RowOptions rows;
  rows.columns = ShownColumns(options, family, window);
  if (!options.sort.empty()) {
    const auto sort = FindColumns(family, {options.sort}, options.rate);
    if (sort.ok()) rows.sort = sort->front();
  }
  rows.sort_reversed = options.sort_reversed;
  if (options.limit >= 0) {
    rows.limit = static_cast<size_t>(options.limit);
  } else if (options.is_table() && options.family != nullptr && options.family->is_host()) {
    rows.limit = kRowsOfEachFamily;
  }
  return rows;
}

std::vector<Column> ColumnsToFill(const Options& options, size_t window) {
  if (!options.is_table() || options.family->is_host()) return {};
  RowOptions rows = RowOptionsFor(options, *options.family, window);
  if (rows.sort.has_value()) rows.columns.push_back(*std::move(rows.sort));
  return std::move(rows.columns);
}

}  // namespace farstat::client
