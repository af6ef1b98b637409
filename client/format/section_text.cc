#include "client/format/section_text.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "client/format/ike_text.h"
#include "client/format/text.h"
#include "client/format/units.h"
#include "common/clock.h"
#include "common/status.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::client {
namespace {

constexpr absl::string_view kIndent = "     ";
constexpr size_t kDefaultWidth = 100;

// "1 connection", "2 connections", "3 SAs".
std::string RowCount(const Section& section) {
  const size_t count = section.rows().size();
  std::string noun = section.family().rows->name();
  if (noun == "sas") noun = "SAs";
  if (count == 1) noun.pop_back();
  return absl::StrCat(count, " ", noun);
}

std::string StatusText(const v1::SectionStatus& status) {
  absl::string_view state;
  switch (status.state()) {
    case v1::SECTION_STATE_UNAVAILABLE:
      state = status.error().reason() == kNotSupportedHere ? "not supported here" : "unavailable";
      break;
    case v1::SECTION_STATE_STALE:
      state = "stale";
      break;
    case v1::SECTION_STATE_PARTIAL:
      state = "incomplete";
      break;
    default:
      return status.has_effective_interval()
                 ? absl::StrCat("collected every ",
                                HumanDuration(FromProto(status.effective_interval())),
                                " only, to spare the agent's processor")
                 : "";
  }
  const std::string since =
      status.has_since() ? absl::StrCat(" since ", HumanTime(FromProto(status.since()))) : "";
  return absl::StrCat(state, since, status.message().empty() ? "" : ": ",
                      Printable(status.message()));
}

std::string CollectionText(const v1::CollectionInfo& collection) {
  if (!collection.has_duration()) return "";
  return absl::StrCat("collected in ", HumanDuration(FromProto(collection.duration())),
                      collection.has_age() && FromProto(collection.age()) >= absl::Milliseconds(1)
                          ? absl::StrCat(", ", HumanDuration(FromProto(collection.age())), " ago")
                          : "");
}

// The state histogram, which is of the whole host whatever the filter: the states that most
// connections are in come first.
std::string StatesOf(const Section& section) {
  if (section.totals().current == nullptr) return "";
  const auto* stack =
      google::protobuf::DynamicCastToGenerated<v1::TcpStack>(section.totals().current.get());
  std::vector<const v1::TcpStateCount*> counts;
  uint64_t sum = 0;
  for (const v1::TcpStateCount& count : stack->states()) {
    counts.push_back(&count);
    sum += count.count();
  }
  if (counts.empty()) return "";
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto* a, const auto* b) { return a->count() > b->count(); });
  return absl::StrCat(
      sum == section.rows().size() ? ": " : absl::StrCat(" of the host's ", sum, ": "),
      absl::StrJoin(counts, ", ", [](std::string* out, const v1::TcpStateCount* count) {
        const auto* value = v1::TcpState_descriptor()->FindValueByNumber(count->state());
        const std::string name = value == nullptr ? "?" : EnumText(value);
        absl::StrAppend(out, count->count(), " ", name == "ESTABLISHED" ? "ESTAB" : name);
      }));
}

// Windows collects extended statistics of a connection only where somebody switched them on.
std::string EstatsOffText(const Section& section) {
  size_t off = 0;
  std::set<int> groups;
  for (const auto& [key, row] : section.rows()) {
    const auto* connection =
        google::protobuf::DynamicCastToGenerated<v1::TcpConnection>(row.current.get());
    bool any = false;
    for (const v1::TcpMissingGroup& missing : connection->missing_groups()) {
      if (missing.absence() != v1::TCP_GROUP_ABSENCE_NOT_ENABLED) continue;
      groups.insert(missing.group());
      any = true;
    }
    if (any) ++off;
  }
  if (off == 0) return "";
  // As --groups takes them.
  const auto name = [](std::string* out, int group) {
    const auto* value = v1::TcpGroup_descriptor()->FindValueByNumber(group);
    absl::StrAppend(out, value == nullptr ? "?" : absl::AsciiStrToLower(EnumText(value)));
  };
  return absl::StrCat("extended statistics are off on ", off,
                      off == 1 ? " connection" : " connections", " (",
                      absl::StrJoin(groups, ",", name), "): farstat estats enable");
}

// One counter of the TCP stack, as total or as growth.
class StackCounters {
 public:
  StackCounters(const Section& section, bool rate) : section_(section), rate_(rate) {}

  // Empty if the counter is absent, or (unless `always`) if nothing of the kind happens.
  std::string Text(const char* name, absl::string_view after, bool always) const {
    const FieldPath path = {section_.totals().current->GetDescriptor()->FindFieldByName(name)};
    const absl::optional<double> value = Value(path);
    if (!value.has_value() || (rate_ && !always && *value == 0)) return "";
    const std::string number =
        rate_ ? HumanRate(v1::UNIT_COUNT, *value, false) : HumanCount(*value);
    return absl::StrCat(number, " ", after);
  }

 private:
  absl::optional<double> Value(const FieldPath& path) const {
    if (rate_) return section_.RateOf(section_.totals(), path);
    return NumberAt(*section_.totals().current, path);
  }

  const Section& section_;
  const bool rate_;
};

std::string StackLine(const Section& section, bool rate) {
  const StackCounters counters(section, rate);
  std::vector<std::string> parts;
  const auto add = [&](const char* name, absl::string_view after, bool always = false) {
    std::string text = counters.Text(name, after, always);
    if (!text.empty()) parts.push_back(std::move(text));
  };
  add("active_opens", "opened");
  add("passive_opens", "accepted");
  add("attempt_fails", "failed");
  add("established_resets", "reset");
  add("segments_in", "segments in", true);
  add("segments_out", "out", true);
  add("segments_retransmitted", "retransmitted");
  return absl::StrJoin(parts, ", ");
}

// Totals of any shape: a line for each sub-message, with what is not zero.
class TotalsText {
 public:
  TotalsText(const Section& section, size_t width, bool rate)
      : section_(section), width_(width), rate_(rate) {
    FieldPath path;
    Add(*section.totals().current, path);
  }

  std::string Take() { return std::move(text_); }

 private:
  void Add(const Message& message, FieldPath& path) {
    std::vector<std::string> parts;
    const Descriptor* type = message.GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      path.push_back(field);
      const std::string part = Part(field, path);
      if (!part.empty()) parts.push_back(part);
      path.pop_back();
    }
    if (!parts.empty()) AddLine(path, absl::StrJoin(parts, ", "));
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      if (field->is_repeated() || field->message_type() == nullptr ||
          !message.GetReflection()->HasField(message, field) ||
          field->message_type()->name() == "Accumulation") {
        continue;
      }
      path.push_back(field);
      Add(message.GetReflection()->GetMessage(message, field), path);
      path.pop_back();
    }
  }

  std::string Part(const FieldDescriptor* field, const FieldPath& path) {
    if (field->is_repeated() || field->message_type() != nullptr) return "";
    const v1::FieldInfo& info = InfoOf(field);
    const bool as_rate = rate_ && info.kind() == v1::FIELD_KIND_COUNTER;
    const absl::optional<double> value = as_rate ? section_.RateOf(section_.totals(), path)
                                                 : NumberAt(*section_.totals().current, path);
    if (value.value_or(0) == 0) return "";
    absl::string_view name = field->name();
    if (info.unit() == v1::UNIT_BYTES) absl::ConsumeSuffix(&name, "_bytes");
    if (info.unit() == v1::UNIT_MILLISECONDS) absl::ConsumeSuffix(&name, "_ms");
    return absl::StrCat(absl::StrReplaceAll(name, {{"_", " "}}), " ",
                        as_rate ? HumanRate(info.unit(), *value, false)
                                : HumanValue(info.unit(), *value, section_.time()));
  }

  void AddLine(const FieldPath& path, const std::string& parts) {
    const std::string label =
        absl::StrReplaceAll(absl::StrJoin(path, " ",
                                          [](std::string* out, const FieldDescriptor* field) {
                                            absl::StrAppend(out, field->name());
                                          }),
                            {{"_", " "}});
    absl::StrAppend(&text_, Wrapped(kIndent, absl::StrCat(label, ": ", parts), width_, "       "),
                    "\n");
  }

  const Section& section_;
  const size_t width_;
  const bool rate_;
  std::string text_;
};

std::string TotalsOf(const Section& section, size_t width, bool rate) {
  if (section.totals().current == nullptr) return "";
  const bool rates = rate && section.rate_interval() > absl::ZeroDuration();
  if (section.family().number == v1::FAMILY_IKE) {
    return IkeTotalsText(section, kIndent, width, rates);
  }
  if (section.family().number != v1::FAMILY_TCP) return TotalsText(section, width, rates).Take();
  const std::string line = StackLine(section, rates);
  if (line.empty()) return "";
  return absl::StrCat(Wrapped(kIndent, line, width, kIndent), "\n");
}

std::string RemarksOn(const Section& section, size_t width) {
  if (section.family().number != v1::FAMILY_TCP) return "";
  const std::string remark = EstatsOffText(section);
  return remark.empty() ? "" : absl::StrCat(Wrapped(kIndent, remark, width, kIndent), "\n");
}

// The order in which nobody asked for one: by state (what is connected first), the busiest first
// where rates are shown, then by address.
struct DefaultOrder {
  std::vector<Column> text_columns;
  std::vector<Column> busy_columns;
};

DefaultOrder DefaultOrderOf(const RowOptions& options) {
  DefaultOrder order;
  for (const Column& column : options.columns) {
    if (column.as_rate && (column.id == "in" || column.id == "out")) {
      order.busy_columns.push_back(column);
    } else if (!column.right_aligned()) {
      order.text_columns.push_back(column);
    }
  }
  return order;
}

struct SortKey {
  RowOfHost row;
  double state_rank = 0;
  double busy = 0;
  std::vector<SortValue> values;
};

// ESTABLISHED before what opens and closes, listening and finished ones last.
double StateRank(const Row& row) {
  const FieldDescriptor* field = row.current->GetDescriptor()->FindFieldByName("state");
  if (field == nullptr || field->enum_type() != v1::TcpState_descriptor()) return 0;
  const int state = row.current->GetReflection()->GetEnumValue(*row.current, field);
  switch (state) {
    case v1::TCP_STATE_ESTABLISHED:
      return 0;
    case v1::TCP_STATE_LISTEN:
      return 2;
    case v1::TCP_STATE_TIME_WAIT:
    case v1::TCP_STATE_CLOSED:
    case v1::TCP_STATE_BOUND:
      return 3;
    default:
      return 1;
  }
}

bool KeyBefore(const SortKey& a, const SortKey& b) {
  if (a.state_rank != b.state_rank) return a.state_rank < b.state_rank;
  if (a.busy != b.busy) return a.busy > b.busy;
  for (size_t i = 0; i < a.values.size(); ++i) {
    if (Before(a.values[i], b.values[i], false)) return true;
    if (Before(b.values[i], a.values[i], false)) return false;
  }
  return a.row.host != b.row.host && *a.row.host < *b.row.host;
}

SortKey KeyOf(const RowOfHost& row, const DefaultOrder& order, const RowOptions& options) {
  SortKey key = {row, 0, 0, {}};
  if (options.sort.has_value()) {
    key.values.push_back(SortValueOf(*options.sort, *row.section, *row.row));
  } else {
    key.state_rank = StateRank(*row.row);
    for (const Column& column : order.busy_columns) {
      key.busy += SortValueOf(column, *row.section, *row.row).number;
    }
  }
  for (const Column& column : order.text_columns) {
    key.values.push_back(SortValueOf(column, *row.section, *row.row));
  }
  return key;
}

}  // namespace

std::vector<RowOfHost> SortedRows(const std::vector<SectionOfHost>& sections,
                                  const RowOptions& options) {
  const DefaultOrder order = DefaultOrderOf(options);
  std::vector<SortKey> keys;
  for (const SectionOfHost& part : sections) {
    for (const auto& [identity, row] : part.section->rows()) {
      keys.push_back(KeyOf({part.host, part.section, &row}, order, options));
    }
  }
  const bool sorted = options.sort.has_value();
  std::sort(keys.begin(), keys.end(), [&](const SortKey& a, const SortKey& b) {
    if (sorted && Before(a.values[0], b.values[0], options.sort_reversed)) return true;
    if (sorted && Before(b.values[0], a.values[0], options.sort_reversed)) return false;
    return KeyBefore(a, b);
  });
  if (options.limit > 0 && keys.size() > options.limit) keys.resize(options.limit);
  std::vector<RowOfHost> rows;
  rows.reserve(keys.size());
  for (const SortKey& key : keys) rows.push_back(key.row);
  return rows;
}

std::string SectionHeading(const Section& section, const HeadingOptions& options) {
  const TableStyle& style = options.style;
  const size_t width = style.width == 0 ? kDefaultWidth : style.width;
  std::string title = section.family().title;
  title.resize(std::max(kIndent.size(), title.size() + 2), ' ');
  const std::string status = StatusText(section.status());
  if (section.status().state() == v1::SECTION_STATE_UNAVAILABLE) {
    return absl::StrCat(
        Styled(Wrapped(title, status, width, kIndent), Style::kWarning, style.color), "\n");
  }
  std::string line = RowCount(section);
  if (section.family().number == v1::FAMILY_TCP) absl::StrAppend(&line, StatesOf(section));
  const std::string collection = options.collection ? CollectionText(section.collection()) : "";
  if (!collection.empty()) absl::StrAppend(&line, "; ", collection);
  std::string text = absl::StrCat(Wrapped(title, line, width, kIndent), "\n");
  const bool usual = section.status().state() == v1::SECTION_STATE_PARTIAL &&
                     section.status().error().reason() == kNotSupportedHere;
  if (!status.empty() && !(usual && options.only_what_is_usual)) {
    absl::StrAppend(&text,
                    Styled(Wrapped(kIndent, status, width, kIndent), Style::kWarning, style.color),
                    "\n");
  }
  absl::StrAppend(&text, TotalsOf(section, width, options.rate), RemarksOn(section, width));
  return text;
}

std::vector<TableColumn> TableColumnsOf(const std::vector<Column>& columns, bool with_host) {
  std::vector<TableColumn> table;
  if (with_host) table.push_back({"HOST", false, TableColumn::Shrink::kEndpoint, false, true});
  for (const Column& column : columns) {
    TableColumn shaped;
    shaped.title = column.title;
    if (column.as_rate) absl::StrAppend(&shaped.title, "/s");
    shaped.right_aligned = column.right_aligned();
    if (column.shape == Column::Shape::kEndpoint) {
      shaped.shrink = TableColumn::Shrink::kEndpoint;
    } else if (column.paths[0].back()->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      shaped.shrink = TableColumn::Shrink::kText;
    }
    shaped.optional = column.optional;
    shaped.pinned = column.pinned;
    table.push_back(std::move(shaped));
  }
  return table;
}

std::vector<std::string> CellsOf(const std::vector<Column>& columns, bool with_host,
                                 const RowOfHost& row) {
  std::vector<std::string> cells;
  cells.reserve(columns.size() + 1);
  if (with_host) cells.push_back(Printable(*row.host));
  for (const Column& column : columns) cells.push_back(CellText(column, *row.section, *row.row));
  return cells;
}

}  // namespace farstat::client
