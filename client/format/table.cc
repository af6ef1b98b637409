#include "client/format/table.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/format/text.h"

namespace farstat::client {
namespace {

// No end point gets shorter than this: "192.0.2.1:443" still fits.
constexpr size_t kShortestEndpoint = 14;
constexpr size_t kShortestText = 8;

size_t Shortest(const TableColumn& column, size_t natural) {
  switch (column.shrink) {
    case TableColumn::Shrink::kEndpoint:
      return std::min(natural, kShortestEndpoint);
    case TableColumn::Shrink::kText:
      return std::min(natural, kShortestText);
    case TableColumn::Shrink::kNever:
      return natural;
  }
  return natural;
}

absl::string_view Code(Style style) {
  switch (style) {
    case Style::kBold:
      return "\033[1m";
    case Style::kDim:
      return "\033[2m";
    case Style::kGood:
      return "\033[32m";
    case Style::kWarning:
      return "\033[33m";
    case Style::kBad:
      return "\033[31m";
    case Style::kPlain:
      return "";
  }
  return "";
}

}  // namespace

std::string Styled(absl::string_view text, Style style, bool color) {
  if (!color || style == Style::kPlain || text.empty()) return std::string(text);
  return absl::StrCat(Code(style), text, "\033[0m");
}

std::string TableLayout::Render(const std::vector<Cells>& rows) {
  const std::vector<size_t> widths_before = widths_;
  Measure(rows);
  Fit();
  std::string text;
  if (heading_due_ || widths_ != widths_before) {
    Cells titles;
    for (const TableColumn& column : columns_) titles.push_back(column.title);
    absl::StrAppend(&text, Styled(Line(titles), Style::kBold, style_.color), "\n");
    heading_due_ = false;
  }
  for (const Cells& cells : rows) absl::StrAppend(&text, Line(cells), "\n");
  return text;
}

void TableLayout::Measure(const std::vector<Cells>& rows) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    natural_[i] = std::max(natural_[i], TextWidth(columns_[i].title));
    for (const Cells& cells : rows) natural_[i] = std::max(natural_[i], TextWidth(cells[i]));
  }
}

size_t TableLayout::Total(size_t gap) const {
  size_t total = 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (shown_[i]) total += widths_[i] + (total == 0 ? 0 : gap);
  }
  return total;
}

void TableLayout::Fit() {
  widths_ = natural_;
  shown_.assign(columns_.size(), true);
  gap_ = 2;
  if (style_.width == 0 || Total(2) <= style_.width) return;
  gap_ = 1;
  LeaveOut(/*only_optional=*/true);
  if (Total(2) <= style_.width) {
    gap_ = 2;
    return;
  }
  Shrink();
  if (Total(1) <= style_.width) return;
  LeaveOut(/*only_optional=*/false);
  // What is left may have more room now.
  widths_ = natural_;
  Shrink();
}

void TableLayout::LeaveOut(bool only_optional) {
  for (size_t i = columns_.size(); i > 0 && Total(1) > style_.width; --i) {
    const TableColumn& column = columns_[i - 1];
    if (!column.pinned && (column.optional || !only_optional)) shown_[i - 1] = false;
  }
}

void TableLayout::Shrink() {
  // One column off the widest each time, until all fits or nothing can give way any more.
  while (Total(1) > style_.width) {
    size_t widest = columns_.size();
    for (size_t i = 0; i < columns_.size(); ++i) {
      const bool can_shrink = shown_[i] && widths_[i] > Shortest(columns_[i], natural_[i]);
      if (can_shrink && (widest == columns_.size() || widths_[i] > widths_[widest])) widest = i;
    }
    if (widest == columns_.size()) return;
    --widths_[widest];
  }
}

std::string TableLayout::Shortened(const std::string& cell, size_t column) const {
  if (columns_[column].shrink == TableColumn::Shrink::kEndpoint) {
    return ShortenedEndpoint(cell, widths_[column]);
  }
  return Truncated(cell, widths_[column]);
}

std::string TableLayout::Line(const Cells& cells) const {
  std::string line;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!shown_[i]) continue;
    if (!line.empty()) line.append(gap_, ' ');
    const std::string text = Shortened(cells[i], i);
    const size_t padding = widths_[i] - std::min(widths_[i], TextWidth(text));
    if (columns_[i].right_aligned) line.append(padding, ' ');
    absl::StrAppend(&line, text);
    if (!columns_[i].right_aligned) line.append(padding, ' ');
  }
  absl::StripTrailingAsciiWhitespace(&line);
  return line;
}

}  // namespace farstat::client
