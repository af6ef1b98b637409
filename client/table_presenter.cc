#include "client/table_presenter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "client/format/agent_text.h"
#include "client/format/operation_text.h"
#include "client/format/text.h"
#include "client/format/units.h"
#include "client/view.h"
#include "common/clock.h"

namespace farstat::client {
namespace {

// The table of a section, and what it leaves out.
std::string RowsText(const Section& section, const Options& options, const TableStyle& style,
                     size_t window, size_t most_rows) {
  RowOptions rows = RowOptionsFor(options, section.family(), window);
  if (most_rows > 0 && (rows.limit == 0 || most_rows < rows.limit)) rows.limit = most_rows;
  const std::string host;
  const std::vector<RowOfHost> sorted = SortedRows({{&host, &section}}, rows);
  if (sorted.empty()) return "";
  std::vector<TableLayout::Cells> cells;
  cells.reserve(sorted.size());
  for (const RowOfHost& row : sorted) cells.push_back(CellsOf(rows.columns, false, row));
  std::string text = TableLayout(TableColumnsOf(rows.columns, false), style).Render(cells);
  const size_t left_out = section.rows().size() - sorted.size();
  if (left_out > 0) {
    absl::StrAppend(&text, Styled(absl::StrCat("… ", left_out, " more"), Style::kDim, style.color),
                    "\n");
  }
  return text;
}

HeadingOptions HeadingOf(const Options& options, const TableStyle& style, bool collection) {
  return {style, options.rate, collection,
          options.columns.empty() && options.selection.groups.empty()};
}

}  // namespace

TablePresenter::TablePresenter(Output& output, Notes& notes, const Options& options,
                               const TableSettings& settings)
    : output_(output), notes_(notes), options_(options), settings_(settings) {}

std::vector<const Section*> TablePresenter::AsPointers(const std::vector<Section>& sections) const {
  std::vector<const Section*> pointers;
  pointers.reserve(sections.size());
  for (const Section& section : sections) pointers.push_back(&section);
  return pointers;
}

void TablePresenter::Snapshot(const Target& target, const Sections& sections) {
  notes_.ClearProgress();
  if (!settings_.several_targets) {
    WriteSections(AsPointers(*sections));
  } else if (options_.family->is_host()) {
    output_.Write(absl::StrCat(
        any_ ? "\n" : "", Styled(absl::StrCat("== ", target.name), Style::kBold, settings_.color),
        "\n"));
    WriteSections(AsPointers(*sections));
  } else if (!options_.sort.empty() || options_.limit > 0) {
    waiting_.emplace_back(&target, sections);
  } else {
    for (const Section& section : *sections) {
      NoteUnavailable(target, section);
      WriteRows({{&target.name, &section}});
    }
  }
  any_ = true;
  output_.Flush();
}

void TablePresenter::NoteUnavailable(const Target& target, const Section& section) {
  if (section.status().state() <= v1::SECTION_STATE_OK) return;
  notes_.Line(absl::StrCat(target.name, ": ", section.family().title, ": ",
                           Printable(section.status().message())));
}

void TablePresenter::WriteSections(const std::vector<const Section*>& sections) {
  const TableStyle style = {options_.format == Format::kWide ? 0 : settings_.width,
                            settings_.color};
  bool first = true;
  for (const Section* section : sections) {
    if (!first) output_.Write("\n");
    first = false;
    output_.Write(SectionHeading(*section, HeadingOf(options_, style, true)));
    output_.Write(RowsText(*section, options_, style, settings_.width, 0));
  }
}

void TablePresenter::WriteRows(const std::vector<SectionOfHost>& sections) {
  if (sections.empty()) return;
  const RowOptions rows = RowOptionsFor(options_, sections[0].section->family(), settings_.width);
  if (layout_ == nullptr) {
    const size_t width = options_.format == Format::kWide ? 0 : settings_.width;
    layout_ = std::make_unique<TableLayout>(TableColumnsOf(rows.columns, true),
                                            TableStyle{width, settings_.color});
  }
  std::vector<TableLayout::Cells> cells;
  for (const RowOfHost& row : SortedRows(sections, rows)) {
    cells.push_back(CellsOf(rows.columns, true, row));
  }
  if (!cells.empty()) output_.Write(layout_->Render(cells));
}

void TablePresenter::Changed(const Target& target, const StreamTable& table, const Change& change) {
  if (!change.tick_complete) return;
  std::vector<const Section*> sections;
  for (const auto& [number, section] : table.sections()) sections.push_back(&section);
  const absl::Time time = sections.empty() || sections[0]->time() == absl::InfinitePast()
                              ? absl::Now()
                              : sections[0]->time();
  output_.Write(absl::StrCat(
      any_ ? "\n" : "",
      Styled(absl::StrCat("== ", HumanTime(time), settings_.several_targets ? "  " : "",
                          settings_.several_targets ? target.name : ""),
             Style::kBold, settings_.color),
      "\n"));
  any_ = true;
  if (settings_.several_targets && !options_.family->is_host()) {
    if (layout_ != nullptr) layout_->ForceHeading();
    for (const Section* section : sections) WriteRows({{&target.name, section}});
  } else {
    WriteSections(sections);
  }
  output_.Flush();
}

void TablePresenter::Answer(const Target& target, const std::string& kind, const Message& answer) {
  notes_.ClearProgress();
  if (options_.changes_hosts()) return WriteResult(target, answer);
  const TableStyle style = {settings_.width, settings_.color};
  if (settings_.several_targets) {
    output_.Write(absl::StrCat(any_ ? "\n" : "",
                               Styled(absl::StrCat("== ", target.name), Style::kBold, style.color),
                               "\n"));
  }
  any_ = true;
  output_.Write(kind == "agent_info" ? AgentInfoText(answer, style)
                                     : AgentStatusText(answer, style));
  output_.Flush();
}

void TablePresenter::WriteResult(const Target& target, const Message& answer) {
  const bool with_host = settings_.several_targets;
  if (layout_ == nullptr) {
    layout_ = std::make_unique<TableLayout>(OperationColumns(answer, with_host),
                                            TableStyle{settings_.width, settings_.color});
  }
  output_.Write(layout_->Render({OperationCells(answer, with_host, target.name)}));
  output_.Write(OperationFailures(answer));
  output_.Flush();
}

void TablePresenter::Finish(const Summary& /*summary*/) {
  std::vector<SectionOfHost> sections;
  for (const auto& [target, parts] : waiting_) {
    for (const Section& section : *parts) {
      NoteUnavailable(*target, section);
      sections.push_back({&target->name, &section});
    }
  }
  WriteRows(sections);
  output_.Flush();
}

LivePresenter::LivePresenter(Output& output, Notes& notes, const Options& options, bool color)
    : output_(output), notes_(notes), options_(options), color_(color) {
  notes_.Hold(true);
}

LivePresenter::~LivePresenter() { notes_.Hold(false); }

void LivePresenter::Changed(const Target& target, const StreamTable& table, const Change& change) {
  Shown& shown = targets_[&target];
  shown.table = &table;
  shown.trouble.clear();
  if (change.accepted.has_value()) shown.interval = FromProto(change.accepted->interval());
}

void LivePresenter::TargetChanged(const Target& target, const TargetEvent& event) {
  Shown& shown = targets_[&target];
  shown.trouble.clear();
  if (event.state == TargetEvent::State::kConnected) return;
  shown.trouble = absl::StrCat(
      target.name, ": ", FailureClassName(event.failure.failure_class), ": ",
      event.lost_since.has_value() ? absl::StrCat("lost since ", HumanTime(*event.lost_since), ", ")
                                   : "",
      event.state == TargetEvent::State::kDisconnected
          ? absl::StrCat("next try in ", HumanDuration(event.retry_in), ": ")
          : "",
      Printable(event.failure.message));
}

std::vector<std::string> LivePresenter::Title(size_t width) const {
  std::vector<std::string> names;
  std::vector<std::string> troubles;
  absl::Duration interval = absl::ZeroDuration();
  for (const auto& [target, shown] : targets_) {
    names.push_back(target->name);
    interval = std::max(interval, shown.interval);
    if (!shown.trouble.empty()) troubles.push_back(shown.trouble);
  }
  const std::string who =
      names.size() > 3 ? absl::StrCat(names.size(), " targets") : absl::StrJoin(names, ", ");
  std::vector<std::string> lines = {Styled(
      Truncated(absl::StrCat("farstat watch ", options_.family->name, "  ", HumanTime(absl::Now()),
                             "  every ", HumanDuration(interval), "  ", who, "  Ctrl-C ends"),
                width),
      Style::kBold, color_)};
  for (size_t i = 0; i < std::min<size_t>(troubles.size(), 5); ++i) {
    lines.push_back(Styled(Truncated(troubles[i], width), Style::kWarning, color_));
  }
  for (const std::string& note : notes_.held()) lines.push_back(Truncated(note, width));
  return lines;
}

std::vector<std::string> LivePresenter::Body(const TableStyle& style, size_t lines) const {
  std::string text;
  const bool single_family = !options_.family->is_host();
  std::vector<SectionOfHost> all;
  for (const auto& [target, shown] : targets_) {
    // What a lost target said last is no longer so.
    if (shown.table == nullptr || !shown.table->has_complete_tick() || !shown.trouble.empty()) {
      continue;
    }
    for (const auto& [number, section] : shown.table->sections()) {
      all.push_back({&target->name, &section});
    }
  }
  if (targets_.size() > 1 && single_family && !all.empty()) {
    RowOptions rows = RowOptionsFor(options_, *options_.family, style.width);
    if (rows.limit == 0 || rows.limit > lines) rows.limit = lines;
    std::vector<TableLayout::Cells> cells;
    for (const RowOfHost& row : SortedRows(all, rows))
      cells.push_back(CellsOf(rows.columns, true, row));
    text = TableLayout(TableColumnsOf(rows.columns, true), style).Render(cells);
  } else {
    std::vector<std::string> headings;
    size_t used = 0;
    for (const SectionOfHost& part : all) {
      headings.push_back(SectionHeading(*part.section, HeadingOf(options_, style, false)));
      // The column heading and "… more" take a line each.
      used +=
          2 + static_cast<size_t>(std::count(headings.back().begin(), headings.back().end(), '\n'));
    }
    // Each section shows something, however low the window is.
    const size_t room = lines > used ? std::max<size_t>(1, (lines - used) / all.size()) : 1;
    const std::string* host_before = nullptr;
    for (size_t i = 0; i < all.size(); ++i) {
      if (targets_.size() > 1 && all[i].host != host_before) {
        absl::StrAppend(&text, "== ", *all[i].host, "\n");
      }
      host_before = all[i].host;
      absl::StrAppend(&text, headings[i],
                      RowsText(*all[i].section, options_, style, style.width, room));
    }
  }
  std::vector<std::string> body = absl::StrSplit(text, '\n');
  if (!body.empty() && body.back().empty()) body.pop_back();
  if (body.size() > lines) body.resize(lines);
  return body;
}

void LivePresenter::Redraw() {
  const WindowSize window = SizeOfWindow(1);
  const TableStyle style = {options_.width > 0 ? options_.width : window.columns, color_};
  std::vector<std::string> lines = Title(style.width);
  const size_t room = window.rows > lines.size() + 1 ? window.rows - lines.size() - 1 : 1;
  for (std::string& line : Body(style, room)) lines.push_back(std::move(line));
  // Over what is there, so that nothing flickers. A line is erased before it is written: after one
  // that fills the window the cursor stands on its last character.
  // Lines that are too long are cut by the terminal (no automatic margin meanwhile).
  std::string screen = begun_ ? "\033[H\033[?7l" : "\033[2J\033[H\033[?7l";
  begun_ = true;
  for (const std::string& line : lines) absl::StrAppend(&screen, "\033[K", line, "\r\n");
  absl::StrAppend(&screen, "\033[J\033[?7h");
  output_.Write(screen);
  output_.Flush();
}

void LivePresenter::Finish(const Summary& /*summary*/) { notes_.Hold(false); }

}  // namespace farstat::client
