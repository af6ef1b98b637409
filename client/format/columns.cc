#include "client/format/columns.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/format/curated_columns.h"
#include "client/format/text.h"
#include "client/format/units.h"
#include "client/suggest.h"
#include "common/clock.h"
#include "common/ip_address.h"
#include "google/protobuf/timestamp.pb.h"

namespace farstat::client {
namespace {

constexpr auto kEndpoint = Column::Shape::kEndpoint;
constexpr auto kHexadecimal = Column::Shape::kHexadecimal;
constexpr auto kSum = Column::Shape::kSum;

std::string PathText(const FieldPath& path) {
  return absl::StrJoin(path, ".", [](std::string* out, const FieldDescriptor* field) {
    absl::StrAppend(out, field->name());
  });
}

// Heading of a field that is on no curated list. The unit stands with the values.
std::string TitleOf(const FieldDescriptor* field) {
  if (!InfoOf(field).title().empty()) return InfoOf(field).title();
  absl::string_view name = field->name();
  for (const absl::string_view suffix : {"_bytes_per_second", "_bits_per_second", "_unix_ms",
                                         "_bytes", "_kilobytes", "_ms", "_us", "_seconds"}) {
    if (absl::ConsumeSuffix(&name, suffix)) break;
  }
  return absl::StrReplaceAll(absl::AsciiStrToUpper(name), {{"_", "-"}});
}

bool IsTime(const FieldDescriptor* field) {
  return field->message_type() == google::protobuf::Timestamp::descriptor();
}

// The paths to every value below `message`, in the order of the proto.
void CollectPaths(const Descriptor* message, FieldPath& prefix, std::vector<FieldPath>& paths) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    prefix.push_back(field);
    if (field->message_type() == nullptr || IsTime(field)) {
      paths.push_back(prefix);
    } else {
      CollectPaths(field->message_type(), prefix, paths);
    }
    prefix.pop_back();
  }
}

const std::vector<FieldPath>& PathsOf(const Family& family) {
  static auto& cache = *new std::map<int, std::vector<FieldPath>>;
  std::vector<FieldPath>& paths = cache[family.number];
  if (paths.empty()) {
    FieldPath prefix;
    CollectPaths(family.row, prefix, paths);
  }
  return paths;
}

FieldPath PathFrom(const Family& family, absl::string_view text) {
  FieldPath path;
  const Descriptor* message = family.row;
  for (const absl::string_view name : absl::StrSplit(text, '.')) {
    path.push_back(message->FindFieldByName(std::string(name)));
    message = path.back()->message_type();
  }
  return path;
}

Column FromCurated(const Family& family, const CuratedColumn& curated, bool rate) {
  Column column;
  column.id = std::string(curated.id);
  column.title = std::string(curated.title);
  column.shape = curated.shape;
  for (const absl::string_view path : absl::StrSplit(curated.paths, '|')) {
    column.paths.push_back(PathFrom(family, path));
  }
  column.as_rate = rate && column.is_counter();
  column.optional = !curated.essential;
  return column;
}

Column FromPath(const FieldPath& path, bool rate) {
  Column column;
  column.id = PathText(path);
  column.title = TitleOf(path.back());
  column.paths = {path};
  column.as_rate = rate && column.is_counter();
  column.pinned = true;
  return column;
}

// The paths whose text, or whose last part, is `name`.
std::vector<FieldPath> PathsNamed(const Family& family, absl::string_view name) {
  std::vector<FieldPath> found;
  for (const FieldPath& path : PathsOf(family)) {
    if (PathText(path) == name) return {path};
    if (path.back()->name() == name) found.push_back(path);
  }
  return found;
}

std::vector<std::string> KnownNames(const Family& family) {
  std::vector<std::string> names;
  for (const CuratedColumn& curated : CuratedColumns(family.number)) names.emplace_back(curated.id);
  for (const FieldPath& path : PathsOf(family)) {
    names.push_back(path.back()->name());
    names.push_back(PathText(path));
  }
  return names;
}

absl::StatusOr<Column> FindColumn(const Family& family, const std::string& name, bool rate) {
  for (const CuratedColumn& curated : CuratedColumns(family.number)) {
    if (curated.id != name) continue;
    Column column = FromCurated(family, curated, rate);
    column.optional = false;
    column.pinned = true;
    return column;
  }
  const std::vector<FieldPath> paths = PathsNamed(family, name);
  if (paths.size() == 1) return FromPath(paths[0], rate);
  if (paths.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(family.name, " has no column \"", name, "\".",
                                                   Suggestion(name, KnownNames(family)),
                                                   " --columns help lists them all."));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "column \"", name,
      "\" is ambiguous: ", absl::StrJoin(paths, ", ", [](std::string* out, const FieldPath& path) {
        absl::StrAppend(out, PathText(path));
      })));
}

// What a path leads to: a message and a field of it.
struct Place {
  const Message* holder;
  const FieldDescriptor* field;
  // Which of the values, where the field is a list.
  int index;
};

// The places that the path leads to from `index` on; several where it goes through a list.
void CollectPlaces(const Message& message, const FieldPath& path, size_t index,
                   std::vector<Place>& places) {
  const FieldDescriptor* field = path[index];
  const google::protobuf::Reflection& fields = *message.GetReflection();
  if (index + 1 == path.size()) {
    if (field->is_repeated()) {
      for (int i = 0; i < fields.FieldSize(message, field); ++i) {
        places.push_back({&message, field, i});
      }
    } else if (!field->has_presence() || fields.HasField(message, field)) {
      places.push_back({&message, field, 0});
    }
  } else if (field->is_repeated()) {
    for (int i = 0; i < fields.FieldSize(message, field); ++i) {
      CollectPlaces(fields.GetRepeatedMessage(message, field, i), path, index + 1, places);
    }
  } else if (fields.HasField(message, field)) {
    CollectPlaces(fields.GetMessage(message, field), path, index + 1, places);
  }
}

std::vector<Place> PlacesOf(const Message& row, const FieldPath& path) {
  std::vector<Place> places;
  CollectPlaces(row, path, 0, places);
  return places;
}

bool GoesThroughList(const FieldPath& path) {
  return std::any_of(path.begin(), path.end(),
                     [](const FieldDescriptor* field) { return field->is_repeated(); });
}

// The path of the column that `row` has; null if none.
const FieldPath* PresentPath(const Column& column, const Message& row) {
  for (const FieldPath& path : column.paths) {
    if (!PlacesOf(row, path).empty()) return &path;
  }
  return nullptr;
}

std::string StringAt(const Message& row, const FieldPath& path) {
  const Message* holder = HolderOf(row, path);
  if (holder == nullptr || path.back()->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return "";
  return holder->GetReflection()->GetString(*holder, path.back());
}

uint64_t UnsignedAt(const Message& row, const FieldPath& path) {
  const Message* holder = HolderOf(row, path);
  if (holder == nullptr) return 0;
  if (path.back()->cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
    return holder->GetReflection()->GetUInt64(*holder, path.back());
  }
  return static_cast<uint64_t>(NumberAt(row, path).value_or(0));
}

// An IPv6 socket that speaks IPv4 is shown by its IPv4 address: that is what people look for.
constexpr absl::string_view kMappedPrefix = "::ffff:";

std::string EndpointText(const Column& column, const Message& row) {
  std::string address = Printable(StringAt(row, column.paths[0]));
  if (address.empty()) return "-";
  if (absl::StartsWith(address, kMappedPrefix) && absl::StrContains(address, '.')) {
    address.erase(0, kMappedPrefix.size());
  }
  const uint64_t port = UnsignedAt(row, column.paths[1]);
  if (absl::StrContains(address, ':')) return absl::StrCat("[", address, "]:", port);
  return absl::StrCat(address, ":", port);
}

// Names, numbers that identify, and sizes of segments (1448 is not 1460) are shown digit by digit,
// quantities in human units.
bool IsQuantity(const FieldDescriptor* field) {
  if (absl::StrContains(field->name(), "mss_") || absl::StrContains(field->name(), "mtu_")) {
    return false;
  }
  const v1::FieldInfo& info = InfoOf(field);
  switch (info.kind()) {
    case v1::FIELD_KIND_COUNTER:
    case v1::FIELD_KIND_GAUGE:
    case v1::FIELD_KIND_MAX:
    case v1::FIELD_KIND_MIN:
      return true;
    default:
      return info.unit() != v1::UNIT_UNSPECIFIED && info.unit() != v1::UNIT_SHIFT;
  }
}

absl::Time TimeAt(const Message& holder, const FieldDescriptor* field) {
  return FromProto(*google::protobuf::DynamicCastToGenerated<google::protobuf::Timestamp>(
      &holder.GetReflection()->GetMessage(holder, field)));
}

std::string PlaceText(const Place& place, Column::Shape shape, absl::Time now) {
  const auto [holder, field, index] = place;
  const google::protobuf::Reflection& fields = *holder->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text =
          Printable(field->is_repeated() ? fields.GetRepeatedString(*holder, field, index)
                                         : fields.GetString(*holder, field));
      return text.empty() ? "-" : text;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value = fields.GetEnum(*holder, field);
      return value->number() == 0 ? "-" : EnumText(value);
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      return fields.GetBool(*holder, field) ? "yes" : "no";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return HumanTime(TimeAt(*holder, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      if (shape == kHexadecimal) return absl::StrFormat("0x%08x", fields.GetUInt64(*holder, field));
      if (!IsQuantity(field)) return absl::StrCat(fields.GetUInt64(*holder, field));
      break;
    default:
      break;
  }
  const double number = NumberAt(*holder, {field}).value_or(0);
  if (shape == kHexadecimal) return absl::StrFormat("0x%08x", static_cast<uint64_t>(number));
  if (!IsQuantity(field)) return absl::StrFormat("%.0f", number);
  return HumanValue(InfoOf(field).unit(), number, now);
}

// "-" if it is absent; the values of all entries where the path goes through a list.
std::string FieldText(const Message& row, const FieldPath& path, Column::Shape shape,
                      absl::Time now) {
  const std::vector<Place> places = PlacesOf(row, path);
  if (places.empty()) return "-";
  return absl::StrJoin(places, ",", [&](std::string* out, const Place& place) {
    absl::StrAppend(out, PlaceText(place, shape, now));
  });
}

// The column's number: of its field, or of all of them together.
absl::optional<double> NumberOf(const Column& column, const FieldPath& path, const Section& section,
                                const Row& row) {
  const auto number = [&](const FieldPath& one) {
    return column.as_rate ? section.RateOf(row, one) : NumberAt(*row.current, one);
  };
  if (GoesThroughList(path)) return absl::nullopt;
  if (column.shape != kSum) return number(path);
  double sum = 0;
  bool any = false;
  for (const FieldPath& one : column.paths) {
    const absl::optional<double> value = number(one);
    any = any || value.has_value();
    sum += value.value_or(0);
  }
  return any ? absl::make_optional(sum) : absl::nullopt;
}

// Time in a condition, as against a sum of measurements that are times.
bool IsShareOfTime(const FieldDescriptor* field) {
  return absl::StrContains(field->name(), "_time") || absl::StrContains(field->name(), "_limited");
}

// Bytes in network order, so that addresses sort as numbers do.
std::string SortableAddress(std::string address) {
  if (absl::StartsWith(address, kMappedPrefix) && absl::StrContains(address, '.')) {
    address.erase(0, kMappedPrefix.size());
  }
  const std::string bytes = ParseIpAddress(address.substr(0, address.find('%')));
  if (bytes.empty()) return absl::StrCat("x", address);
  return absl::StrCat(bytes.size() == 4 ? "4" : "6", bytes);
}

// One scale for times that come in different units.
double Comparable(v1::Unit unit, double value) {
  switch (unit) {
    case v1::UNIT_MILLISECONDS:
      return value * 1e3;
    case v1::UNIT_SECONDS:
      return value * 1e6;
    case v1::UNIT_KILOBYTES:
      return value * 1024;
    default:
      return value;
  }
}

absl::string_view KindText(v1::FieldKind kind) {
  switch (kind) {
    case v1::FIELD_KIND_COUNTER:
      return "counter";
    case v1::FIELD_KIND_GAUGE:
      return "gauge";
    case v1::FIELD_KIND_MAX:
      return "max";
    case v1::FIELD_KIND_MIN:
      return "min";
    case v1::FIELD_KIND_STATE:
      return "state";
    case v1::FIELD_KIND_IDENTITY:
      return "identity";
    case v1::FIELD_KIND_SEQUENCE:
      return "sequence";
    default:
      return "";
  }
}

}  // namespace

bool Column::right_aligned() const {
  const auto type = paths[0].back()->cpp_type();
  return shape != Shape::kEndpoint && !GoesThroughList(paths[0]) &&
         type != FieldDescriptor::CPPTYPE_STRING && type != FieldDescriptor::CPPTYPE_ENUM &&
         type != FieldDescriptor::CPPTYPE_BOOL && type != FieldDescriptor::CPPTYPE_MESSAGE;
}

bool Column::is_counter() const {
  const FieldDescriptor* field = paths[0].back();
  // How long something has been up grows by a second per second: no rate worth a column.
  return InfoOf(field).kind() == v1::FIELD_KIND_COUNTER && !GoesThroughList(paths[0]) &&
         !absl::StrContains(field->name(), "duration");
}

std::vector<Column> ColumnsOf(const Family& family, ColumnList list, bool rate) {
  std::vector<Column> columns;
  if (list == ColumnList::kAll) {
    for (const FieldPath& path : PathsOf(family)) columns.push_back(FromPath(path, rate));
    return columns;
  }
  for (const CuratedColumn& curated : CuratedColumns(family.number)) {
    if (curated.essential || list == ColumnList::kCurated) {
      columns.push_back(FromCurated(family, curated, rate));
    }
  }
  return columns;
}

absl::StatusOr<std::vector<Column>> FindColumns(const Family& family,
                                                const std::vector<std::string>& names, bool rate) {
  std::vector<Column> columns;
  for (const std::string& name : names) {
    if (name == "all") return ColumnsOf(family, ColumnList::kAll, rate);
    absl::StatusOr<Column> column = FindColumn(family, name, rate);
    if (!column.ok()) return column.status();
    columns.push_back(*std::move(column));
  }
  return columns;
}

std::string DescribeColumns(const Family& family) {
  std::string text = absl::StrCat("Columns of ", family.name, " by short name:\n");
  for (const CuratedColumn& curated : CuratedColumns(family.number)) {
    absl::StrAppend(
        &text, "  ", absl::StrFormat("%-20s", curated.id),
        absl::StrReplaceAll(curated.paths, {{"|", curated.shape == kEndpoint ? " and "
                                                  : curated.shape == kSum    ? " + "
                                                                             : ", else "}}),
        "\n");
  }
  absl::StrAppend(&text, "\nEvery field (its last part is enough where it is unique):\n");
  for (const FieldPath& path : PathsOf(family)) {
    const v1::FieldInfo& info = InfoOf(path.back());
    std::string unit = absl::AsciiStrToLower(v1::Unit_Name(info.unit()).substr(5));
    if (info.unit() == v1::UNIT_UNSPECIFIED) unit.clear();
    absl::StrAppend(&text, "  ",
                    absl::StrFormat("%-46s %-9s %s", PathText(path), KindText(info.kind()), unit),
                    "\n");
  }
  return text;
}

int GroupOf(const Family& family, const FieldPath& path) {
  if (family.group == nullptr) return 0;
  const std::string prefix =
      std::string(absl::StripSuffix(family.group->value(0)->name(), "UNSPECIFIED"));
  const auto* value =
      family.group->FindValueByName(prefix + absl::AsciiStrToUpper(path.front()->name()));
  return value == nullptr ? 0 : value->number();
}

std::set<int> GroupsOf(const Family& family, const std::vector<Column>& columns) {
  std::set<int> groups;
  for (const Column& column : columns) {
    for (const FieldPath& path : column.paths) groups.insert(GroupOf(family, path));
  }
  groups.erase(0);
  return groups;
}

bool HasRowGroups(const Family& family) {
  for (int i = 0; i < family.row->field_count(); ++i) {
    if (GroupOf(family, {family.row->field(i)}) != 0) return true;
  }
  return false;
}

bool NeedsOwner(const Column& column) {
  return std::any_of(column.paths.begin(), column.paths.end(),
                     [](const FieldPath& path) { return path.front()->name() == "owner"; });
}

std::string EnumText(const google::protobuf::EnumValueDescriptor* value) {
  const absl::string_view prefix =
      absl::StripSuffix(value->type()->value(0)->name(), "UNSPECIFIED");
  return std::string(absl::StripPrefix(value->name(), prefix));
}

std::string CellText(const Column& column, const Section& section, const Row& row) {
  const Message& message = *row.current;
  if (column.shape == kEndpoint) return EndpointText(column, message);
  const FieldPath* path = PresentPath(column, message);
  if (path == nullptr) return "-";
  if (column.as_rate || column.shape == kSum) {
    const absl::optional<double> number = NumberOf(column, *path, section, row);
    if (!number.has_value()) return "-";
    const v1::Unit unit = InfoOf(path->back()).unit();
    return column.as_rate ? HumanRate(unit, *number, IsShareOfTime(path->back()))
                          : HumanValue(unit, *number, section.time());
  }
  std::string text = FieldText(message, *path, column.shape, section.time());
  // As ss and netstat shorten it: nearly every row has it.
  return text == "ESTABLISHED" ? "ESTAB" : text;
}

SortValue SortValueOf(const Column& column, const Section& section, const Row& row) {
  SortValue value;
  const Message& message = *row.current;
  const FieldPath* path = PresentPath(column, message);
  if (path == nullptr) return value;
  value.present = true;
  if (column.shape == kEndpoint) {
    value.text = SortableAddress(StringAt(message, column.paths[0]));
    value.number = -static_cast<double>(UnsignedAt(message, column.paths[1]));
    value.present = value.text.size() > 1;
  } else if (GoesThroughList(*path)) {
    value.text = FieldText(message, *path, column.shape, section.time());
  } else if (column.as_rate || column.shape == kSum) {
    const absl::optional<double> number = NumberOf(column, *path, section, row);
    value.present = number.has_value();
    value.number = number.value_or(0);
  } else if (path->back()->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    value.text = StringAt(message, *path);
    value.present = !value.text.empty();
    if (absl::EndsWith(path->back()->name(), "address")) value.text = SortableAddress(value.text);
  } else if (path->back()->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    value.text = FieldText(message, *path, column.shape, section.time());
    value.present = value.text != "-";
  } else if (IsTime(path->back())) {
    value.number =
        absl::ToDoubleSeconds(TimeAt(*HolderOf(message, *path), path->back()) - absl::UnixEpoch());
  } else {
    value.number = Comparable(InfoOf(path->back()).unit(), NumberAt(message, *path).value_or(0));
  }
  return value;
}

bool Before(const SortValue& a, const SortValue& b, bool reversed) {
  if (a.present != b.present) return a.present;
  const SortValue& first = reversed ? b : a;
  const SortValue& second = reversed ? a : b;
  if (first.text != second.text) return first.text < second.text;
  return first.number > second.number;
}

}  // namespace farstat::client
