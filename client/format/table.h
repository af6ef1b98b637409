// Lays out rows of cells in columns that fit the window.

#ifndef FARSTAT_CLIENT_FORMAT_TABLE_H_
#define FARSTAT_CLIENT_FORMAT_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace farstat::client {

struct TableColumn {
  enum class Shrink { kNever, kEndpoint, kText };

  std::string title;
  bool right_aligned = false;
  // How its cells get shorter when the window is narrow.
  Shrink shrink = Shrink::kNever;
  // Left out, the last ones first, before anything is shortened.
  bool optional = false;
  // Never left out, not even where the rest cannot get short enough.
  bool pinned = false;
};

struct TableStyle {
  // 0: as wide as it gets.
  size_t width = 0;
  bool color = false;
};

// Terminal styles, and nothing where colours are not wanted.
enum class Style { kPlain, kBold, kDim, kGood, kWarning, kBad };
std::string Styled(absl::string_view text, Style style, bool color);

class TableLayout {
 public:
  using Cells = std::vector<std::string>;

  TableLayout(std::vector<TableColumn> columns, TableStyle style)
      : columns_(std::move(columns)), style_(style), natural_(columns_.size(), 0) {}

  // Lines of `rows`, below the heading if it is the first time or if the columns had to move.
  // Columns stay as they are from one time to the next as far as they can.
  std::string Render(const std::vector<Cells>& rows);
  void ForceHeading() { heading_due_ = true; }

 private:
  void Measure(const std::vector<Cells>& rows);
  // Chooses which columns to show, how wide, and how far apart.
  void Fit();
  size_t Total(size_t gap) const;
  // Leaves out columns, the last ones first, until the rest fits.
  void LeaveOut(bool only_optional);
  void Shrink();
  std::string Line(const Cells& cells) const;
  std::string Shortened(const std::string& cell, size_t column) const;

  const std::vector<TableColumn> columns_;
  const TableStyle style_;
  std::vector<size_t> natural_;
  std::vector<size_t> widths_;
  std::vector<bool> shown_;
  size_t gap_ = 2;
  bool heading_due_ = true;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FORMAT_TABLE_H_
