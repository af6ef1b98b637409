// A section as people read it: a heading that says how it is, its totals, and its rows in columns.

#ifndef FARSTAT_CLIENT_FORMAT_SECTION_TEXT_H_
#define FARSTAT_CLIENT_FORMAT_SECTION_TEXT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "client/format/columns.h"
#include "client/format/table.h"
#include "client/section.h"

namespace farstat::client {

// What becomes of a section's rows.
struct RowOptions {
  std::vector<Column> columns;
  // Nothing: by state or name, then by address.
  absl::optional<Column> sort;
  bool sort_reversed = false;
  // 0: all of them.
  size_t limit = 0;
};

// A row with where it is from.
struct RowOfHost {
  const std::string* host = nullptr;
  const Section* section = nullptr;
  const Row* row = nullptr;
};
struct SectionOfHost {
  const std::string* host = nullptr;
  const Section* section = nullptr;
};

// The rows of all the sections, which are of one family, in order: at most `limit` of them.
std::vector<RowOfHost> SortedRows(const std::vector<SectionOfHost>& sections,
                                  const RowOptions& options);

struct HeadingOptions {
  TableStyle style;
  // Totals as growth per second where that is known.
  bool rate = false;
  // How and when it was collected; a display that goes on shows it all the time anyway.
  bool collection = true;
  // Parts that this kind of host never has were not asked for by name: their absence is no news.
  bool only_what_is_usual = false;
};

// "TCP  45 connections: 17 ESTAB, 5 LISTEN …", or why there are none.
std::string SectionHeading(const Section& section, const HeadingOptions& options);

// With a first column HOST where there are several hosts.
std::vector<TableColumn> TableColumnsOf(const std::vector<Column>& columns, bool with_host);
std::vector<std::string> CellsOf(const std::vector<Column>& columns, bool with_host,
                                 const RowOfHost& row);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FORMAT_SECTION_TEXT_H_
