#include "client/format/json.h"

#include <cmath>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/format/proto_json.h"

namespace farstat::client {
namespace {

void CollectRates(const Section& section, const Row& row, const Descriptor* type, FieldPath& path,
                  const std::string& prefix, JsonObject& rates) {
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated()) continue;
    path.push_back(field);
    if (field->message_type() != nullptr) {
      if (absl::StartsWith(field->message_type()->full_name(), "farstat.") &&
          HolderOf(*row.current, path) != nullptr) {
        CollectRates(section, row, field->message_type(), path,
                     absl::StrCat(prefix, field->name(), "."), rates);
      }
    } else if (InfoOf(field).kind() == v1::FIELD_KIND_COUNTER) {
      const absl::optional<double> rate = section.RateOf(row, path);
      if (rate.has_value() && std::isfinite(*rate)) {
        rates.Add(absl::StrCat(prefix, field->name()), absl::StrFormat("%.6g", *rate));
      }
    }
    path.pop_back();
  }
}

}  // namespace

std::string JsonString(absl::string_view text) {
  std::string json;
  AppendJsonString(text, json);
  return json;
}

std::string JsonTime(absl::Time time) {
  if (time == absl::InfinitePast() || time == absl::InfiniteFuture()) return "null";
  return JsonString(absl::FormatTime("%Y-%m-%d%ET%H:%M:%E*SZ", time, absl::UTCTimeZone()));
}

std::string JsonMessage(const Message& message) {
  std::string json;
  AppendJson(message, /*pretty=*/false, 0, json);
  return json;
}

std::string PrettyJsonMessage(const Message& message, int indent) {
  std::string json;
  AppendJson(message, /*pretty=*/true, indent, json);
  return json;
}

std::string JsonRates(const Section& section, const Row& row) {
  JsonObject rates;
  FieldPath path;
  CollectRates(section, row, row.current->GetDescriptor(), path, "", rates);
  return rates.Take();
}

JsonObject& JsonObject::Add(absl::string_view name, absl::string_view json) {
  absl::StrAppend(&text_, text_.size() > 1 ? "," : "", JsonString(name), ":", json);
  return *this;
}

std::string JsonObject::Take() {
  text_.push_back('}');
  return std::exchange(text_, "{");
}

}  // namespace farstat::client
