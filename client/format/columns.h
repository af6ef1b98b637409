// The columns of a family's table. What can be a column comes from the annotated descriptor: every
// field of the row, named by its path ("path.cur_rto_ms") or, where that is unique, by its last
// part. A field inside a list ("links.index") shows the values of all its entries. A curated list
// per family names the columns that an administrator looks for first, some of which two systems
// deliver in different fields.

#ifndef FARSTAT_CLIENT_FORMAT_COLUMNS_H_
#define FARSTAT_CLIENT_FORMAT_COLUMNS_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "client/family.h"
#include "client/section.h"

namespace farstat::client {

struct Column {
  enum class Shape {
    // The first of `paths` that is present.
    kField,
    // An address and a port, which are the first two of `paths`.
    kEndpoint,
    // As kField, in hexadecimal.
    kHexadecimal,
    // The sum of those of `paths` that are present.
    kSum,
  };

  // What --columns and --sort call it.
  std::string id;
  std::string title;
  Shape shape = Shape::kField;
  std::vector<FieldPath> paths;
  // Show what the counter grew by per second.
  bool as_rate = false;
  // Not among the essential ones: left out where the window is too narrow.
  bool optional = false;
  // Asked for by name: never left out.
  bool pinned = false;

  // Numbers stand on the right.
  bool right_aligned() const;
  // May be shown as a rate.
  bool is_counter() const;
};

enum class ColumnList {
  // What 80 columns hold.
  kEssential,
  // The whole curated list.
  kCurated,
  // Every field of the row.
  kAll,
};

// `rate`: counters become rates.
std::vector<Column> ColumnsOf(const Family& family, ColumnList list, bool rate);

// By names as people type them. An unknown or ambiguous name is an error with a suggestion.
absl::StatusOr<std::vector<Column>> FindColumns(const Family& family,
                                                const std::vector<std::string>& names, bool rate);

// Every column with its unit, kind and source, for people.
std::string DescribeColumns(const Family& family);

// The group that the field at `path` belongs to; 0 if it comes with every row.
int GroupOf(const Family& family, const FieldPath& path);
// The groups that must be selected so that the columns can be filled. Empty also for families
// whose rows have no groups.
std::set<int> GroupsOf(const Family& family, const std::vector<Column>& columns);
// Rows of the family are made of groups that are selected one by one.
bool HasRowGroups(const Family& family);
// The column shows something of the owning process, which is delivered on request only.
bool NeedsOwner(const Column& column);

// "ESTAB", "yes", "12 kB", "[2001:db8::1]:443"; "-" if it is absent.
std::string CellText(const Column& column, const Section& section, const Row& row);

// What rows are sorted by. Compare with Before.
struct SortValue {
  bool present = false;
  double number = 0;
  std::string text;
};
SortValue SortValueOf(const Column& column, const Section& section, const Row& row);
// Absent values come last, whatever the direction. Numbers: largest first. Text: A to Z.
// `reversed` turns both.
bool Before(const SortValue& a, const SortValue& b, bool reversed);

// "ESTABLISHED" of TCP_STATE_ESTABLISHED.
std::string EnumText(const google::protobuf::EnumValueDescriptor* value);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FORMAT_COLUMNS_H_
