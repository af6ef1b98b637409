#include "client/option_values.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/format/columns.h"
#include "client/suggest.h"
#include "common/ip_address.h"

namespace farstat::client {
namespace {

// Other names of values: those of ss and netstat, and of the EStats types of Windows.
struct Alias {
  absl::string_view alias;
  absl::string_view name;
};
constexpr Alias kStateAliases[] = {{"estab", "established"},     {"listening", "listen"},
                                   {"syn_recv", "syn_received"}, {"fin_wait_1", "fin_wait1"},
                                   {"fin_wait_2", "fin_wait2"},  {"timewait", "time_wait"}};
constexpr Alias kGroupAliases[] = {{"synopts", "syn_options"},     {"sndcong", "send_congestion"},
                                   {"sendbuff", "send_buffer"},    {"rec", "receive"},
                                   {"obsrec", "observed_receive"}, {"finertt", "fine_rtt"}};

template <size_t N>
std::string WithoutAlias(absl::string_view text, const Alias (&aliases)[N]) {
  std::string name = absl::StrReplaceAll(absl::AsciiStrToLower(text), {{"-", "_"}});
  for (const Alias& alias : aliases) {
    if (name == alias.alias) return std::string(alias.name);
  }
  return name;
}

std::vector<std::string> ValueNames(const EnumDescriptor* type) {
  std::vector<std::string> names;
  for (int i = 1; i < type->value_count(); ++i) {
    names.push_back(absl::AsciiStrToLower(EnumText(type->value(i))));
  }
  return names;
}

template <size_t N>
absl::StatusOr<int> ParseValue(const EnumDescriptor* type, absl::string_view what,
                               absl::string_view text, const Alias (&aliases)[N]) {
  const std::string name = WithoutAlias(text, aliases);
  for (int i = 1; i < type->value_count(); ++i) {
    if (absl::EqualsIgnoreCase(EnumText(type->value(i)), name)) return type->value(i)->number();
  }
  const std::vector<std::string> names = ValueNames(type);
  std::vector<std::string> known = names;
  for (const Alias& alias : aliases) known.emplace_back(alias.alias);
  const std::string nearest = Nearest(name, known);
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown ", what, " \"", text, "\".",
      nearest.empty() ? Suggestion(name, names) : absl::StrCat(" Did you mean ", nearest, "?")));
}

}  // namespace

absl::StatusOr<absl::Duration> ParseDurationOption(absl::string_view flag, absl::string_view text) {
  constexpr absl::string_view kForm = "write a number with its unit, such as 500ms, 2s or 1h30m";
  absl::Duration duration;
  double number = 0;
  if (!absl::ParseDuration(text, &duration)) {
    const bool unit_missing = absl::SimpleAtod(text, &number);
    return absl::InvalidArgumentError(absl::StrCat(
        flag, " \"", text, "\": ",
        unit_missing ? absl::StrCat("the unit is missing: ", text, "s is seconds") : kForm));
  }
  if (duration <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, " \"", text, "\" must be longer than zero: ", kForm));
  }
  if (duration > absl::Hours(24 * 365)) {
    return absl::InvalidArgumentError(absl::StrCat(flag, " \"", text, "\" is more than a year"));
  }
  return duration;
}

absl::StatusOr<uint64_t> ParseNumberOption(absl::string_view flag, absl::string_view text,
                                           uint64_t smallest, uint64_t largest) {
  uint64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < smallest || number > largest) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, " \"", text, "\": write a number from ", smallest, " to ", largest));
  }
  return number;
}

absl::Status CheckCidr(absl::string_view flag, const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  const auto bits = static_cast<uint32_t>(ParseIpAddress(parts[0]).size()) * 8;
  if (bits == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        flag, " \"", text, "\": \"", parts[0], "\" is no IP address. Write 10.0.0.0/8, ",
        "2001:db8::/32 or one address; names are not looked up here"));
  }
  uint32_t prefix = 0;
  if (parts.size() > 1 && (!absl::SimpleAtoi(parts[1], &prefix) || prefix > bits)) {
    return absl::InvalidArgumentError(absl::StrCat(flag, " \"", text, "\": the prefix length \"",
                                                   parts[1], "\" is not a number from 0 to ",
                                                   bits));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::pair<uint32_t, uint32_t>> ParsePorts(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('-', 1));
  uint32_t first = 0;
  uint32_t last = 0;
  const bool numbers = absl::SimpleAtoi(parts[0], &first) && absl::SimpleAtoi(parts.back(), &last);
  if (!numbers || first > 65535 || last > 65535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--port \"", text, "\": write a port from 0 to 65535, or a range such as 8000-8100"));
  }
  if (first > last) {
    return absl::InvalidArgumentError(
        absl::StrCat("--port \"", text, "\": the range ends before it begins"));
  }
  return std::make_pair(first, last);
}

const EnumDescriptor* StatesOf(const Family& family) {
  if (family.is_host()) return nullptr;
  const Descriptor* query = family.get_request->FindFieldByName("query")->message_type();
  const FieldDescriptor* states =
      query->FindFieldByName("filter")->message_type()->FindFieldByName("states");
  return states == nullptr ? nullptr : states->enum_type();
}

absl::StatusOr<int> ParseState(const Family& family, absl::string_view text) {
  return ParseValue(StatesOf(family), "state", text, kStateAliases);
}

absl::StatusOr<int> ParseGroup(const Family& family, absl::string_view text) {
  return ParseValue(family.group, absl::StrCat("group of ", family.name), text, kGroupAliases);
}

}  // namespace farstat::client
