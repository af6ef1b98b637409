#include "client/json_presenter.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "client/view.h"

namespace farstat::client {
namespace {

constexpr absl::string_view kSchema = "farstat/1";

std::string Seconds(absl::Duration duration) {
  return absl::StrCat(absl::ToDoubleSeconds(duration));
}

// In the order and number that --sort and --limit ask for.
std::vector<RowOfHost> RowsToShow(const Target& target, const Section& section,
                                  const Options& options) {
  return SortedRows({{&target.name, &section}}, RowOptionsFor(options, section.family(), 0));
}

}  // namespace

void JsonLinesPresenter::Snapshot(const Target& target, const Sections& sections) {
  for (const Section& section : *sections) {
    WriteStatus(target, section);
    for (const RowOfHost& row : RowsToShow(target, section, options_)) {
      WriteRow("row", target, section, *row.row);
    }
    if (section.totals().current != nullptr) {
      WriteRow("totals", target, section, section.totals());
    }
  }
  output_.Flush();
}

void JsonLinesPresenter::Changed(const Target& target, const StreamTable& table,
                                 const Change& change) {
  if (change.accepted.has_value()) {
    // What cannot be delivered here is known before any frame is about it.
    for (const auto& [number, section] : table.sections()) {
      if (section.status().state() == v1::SECTION_STATE_UNAVAILABLE) WriteStatus(target, section);
    }
  }
  if (change.section != nullptr) {
    if (change.gap.has_value()) WriteGap(target, *change.section, *change.gap);
    for (const Row* row : change.rows) WriteRow("row", target, *change.section, *row);
    for (const std::unique_ptr<Message>& key : change.removed) {
      JsonObject record = SectionRecord("removed", target, *change.section);
      record.Add("data", absl::StrCat("{\"key\":", JsonMessage(*key), "}"));
      Write(std::move(record));
    }
    if (change.totals_changed) {
      WriteRow("totals", target, *change.section, change.section->totals());
    }
    if (change.status_changed || change.sync_ended) WriteStatus(target, *change.section);
  }
  output_.Flush();
}

void JsonLinesPresenter::Answer(const Target& target, const std::string& kind,
                                const Message& answer) {
  JsonObject record = Record(kind, target, absl::Now());
  record.Add("data", JsonMessage(answer));
  Write(std::move(record));
  output_.Flush();
}

void JsonLinesPresenter::TargetChanged(const Target& target, const TargetEvent& event) {
  JsonObject data;
  data.AddString("state", TargetStateName(event.state));
  if (event.state == TargetEvent::State::kConnected) {
    data.Add("resumed", event.resumed ? "true" : "false");
  } else {
    data.AddString("class", FailureClassName(event.failure.failure_class));
    data.AddString("message", event.failure.message);
  }
  if (event.lost_since.has_value()) data.Add("lost_since", JsonTime(*event.lost_since));
  if (event.state == TargetEvent::State::kDisconnected) {
    data.Add("retry_in_seconds", Seconds(event.retry_in));
  }
  JsonObject record = Record("target_state", target, absl::Now());
  record.Add("data", data.Take());
  Write(std::move(record));
  output_.Flush();
}

void JsonLinesPresenter::Finish(const Summary& summary) {
  std::vector<std::string> failures;
  for (const FailedTarget& failed : summary.failures) {
    failures.push_back(JsonObject()
                           .AddString("target", failed.target->name)
                           .AddString("class", FailureClassName(failed.failure.failure_class))
                           .AddString("message", failed.failure.message)
                           .Take());
  }
  JsonObject data;
  data.Add("targets", absl::StrCat(summary.targets));
  data.Add("answered", absl::StrCat(summary.answered));
  data.Add("failed", absl::StrCat(summary.failures.size()));
  data.Add("failures", absl::StrCat("[", absl::StrJoin(failures, ","), "]"));
  data.Add("interrupted", summary.interrupted ? "true" : "false");
  data.Add("duration_seconds", Seconds(summary.took));
  data.Add("exit_code", absl::StrCat(summary.exit_code));
  JsonObject record;
  record.AddString("schema", kSchema);
  record.Add("target", "null");
  record.Add("time", JsonTime(absl::Now()));
  record.AddString("kind", "summary");
  record.Add("data", data.Take());
  Write(std::move(record));
  output_.Flush();
}

JsonObject JsonLinesPresenter::Record(absl::string_view kind, const Target& target,
                                      absl::Time time) const {
  JsonObject record;
  record.AddString("schema", kSchema);
  record.AddString("target", target.name);
  record.Add("time", JsonTime(time));
  record.AddString("kind", kind);
  return record;
}

JsonObject JsonLinesPresenter::SectionRecord(absl::string_view kind, const Target& target,
                                             const Section& section) const {
  // A section that was never collected has no time of its own.
  const bool collected = section.time() != absl::InfinitePast();
  JsonObject record = Record(kind, target, collected ? section.time() : absl::Now());
  record.AddString("family", section.family().name);
  record.Add("tick", absl::StrCat(section.tick()));
  return record;
}

void JsonLinesPresenter::WriteRow(absl::string_view kind, const Target& target,
                                  const Section& section, const Row& row) {
  JsonObject record = SectionRecord(kind, target, section);
  record.Add("data", JsonMessage(*row.current));
  if (options_.rate && section.rate_interval() > absl::ZeroDuration()) {
    record.Add("rates", JsonRates(section, row));
  }
  Write(std::move(record));
}

void JsonLinesPresenter::WriteStatus(const Target& target, const Section& section) {
  JsonObject record = SectionRecord("status", target, section);
  record.Add("data", JsonObject()
                         .Add("status", JsonMessage(section.status()))
                         .Add("collection", JsonMessage(section.collection()))
                         .Take());
  Write(std::move(record));
}

void JsonLinesPresenter::WriteGap(const Target& target, const Section& section, const Gap& gap) {
  JsonObject data;
  data.AddString("reason", GapReasonName(gap.reason));
  data.Add("from", JsonTime(gap.from));
  data.Add("until", JsonTime(gap.until));
  if (gap.skipped_ticks > 0) data.Add("skipped_ticks", absl::StrCat(gap.skipped_ticks));
  JsonObject record = SectionRecord("gap", target, section);
  record.Add("data", data.Take());
  Write(std::move(record));
}

void JsonLinesPresenter::Write(JsonObject record) {
  output_.Write(record.Take());
  output_.Write("\n");
}

void JsonPresenter::Snapshot(const Target& target, const Sections& sections) {
  Begin(target);
  bool first = true;
  for (const Section& section : *sections)
    WriteSection(target, section, std::exchange(first, false));
  End();
}

void JsonPresenter::Changed(const Target& target, const StreamTable& table, const Change& change) {
  if (!change.tick_complete) return;
  Begin(target);
  bool first = true;
  for (const auto& [number, section] : table.sections()) {
    WriteSection(target, section, std::exchange(first, false));
  }
  End();
}

void JsonPresenter::Answer(const Target& target, const std::string& kind, const Message& answer) {
  Begin(target);
  output_.Write(absl::StrCat("  ", JsonString(kind), ": ", PrettyJsonMessage(answer, 2)));
  End();
}

void JsonPresenter::Begin(const Target& target) {
  if (array_) output_.Write(any_ ? ",\n" : "[\n");
  any_ = true;
  output_.Write(absl::StrCat("{\n  \"target\": ", JsonString(target.name), ",\n"));
}

void JsonPresenter::WriteSection(const Target& target, const Section& section, bool first) {
  output_.Write(
      absl::StrCat(first ? "" : ",\n", "  ", JsonString(section.family().name),
                   ": {\n    \"status\": ", PrettyJsonMessage(section.status(), 4),
                   ",\n    \"collection\": ", PrettyJsonMessage(section.collection(), 4)));
  if (section.totals().current != nullptr) {
    output_.Write(absl::StrCat(",\n    ", JsonString(section.family().totals->name()), ": ",
                               PrettyJsonMessage(*section.totals().current, 4)));
  }
  output_.Write(absl::StrCat(",\n    ", JsonString(section.family().rows->name()), ": ["));
  bool first_row = true;
  for (const RowOfHost& row : RowsToShow(target, section, options_)) {
    output_.Write(absl::StrCat(std::exchange(first_row, false) ? "\n      " : ",\n      ",
                               PrettyJsonMessage(*row.row->current, 6)));
  }
  output_.Write(first_row ? "]\n  }" : "\n    ]\n  }");
}

void JsonPresenter::End() {
  output_.Write(array_ ? "\n}" : "\n}\n");
  output_.Flush();
}

void JsonPresenter::Finish(const Summary& /*summary*/) {
  if (array_) output_.Write(any_ ? "\n]\n" : "[]\n");
  output_.Flush();
}

}  // namespace farstat::client
