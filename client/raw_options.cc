#include "client/raw_options.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/format/columns.h"
#include "client/option_values.h"
#include "client/suggest.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::client {
namespace {

// Keeps the first thing that is wrong, so that checks can follow each other without ado.
class Checks {
 public:
  template <typename T>
  T Value(absl::StatusOr<T> value) {
    Note(value.status());
    return value.ok() ? *std::move(value) : T();
  }
  void Note(const absl::Status& status) { status_.Update(status); }
  void Refuse(const std::string& message) { Note(absl::InvalidArgumentError(message)); }

  void Duration(absl::string_view flag, const std::string& text, absl::Duration& value) {
    if (!text.empty()) value = Value(ParseDurationOption(flag, text));
  }

  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

// A flag that was given and lists nothing, such as --entry "$VPN" where VPN is not set. Taken for
// one that was left out, it would mean everything.
void RefuseEmpty(absl::string_view flag, absl::string_view value, Checks& checks) {
  checks.Refuse(absl::StrCat(flag, " \"", value, "\" lists nothing: give a value, or leave ", flag,
                             " out (is a variable of the shell empty?)"));
}

// Several times a flag, and commas, are both lists.
std::vector<std::string> Listed(absl::string_view flag, const std::vector<std::string>& values,
                                Checks& checks) {
  std::vector<std::string> list;
  for (const std::string& value : values) {
    const size_t before = list.size();
    for (const absl::string_view part : absl::StrSplit(value, ',', absl::SkipWhitespace())) {
      list.emplace_back(absl::StripAsciiWhitespace(part));
    }
    if (list.size() == before) RefuseEmpty(flag, value, checks);
  }
  return list;
}

// Names are free text: commas and spaces belong to them.
std::vector<std::string> Verbatim(absl::string_view flag, const std::vector<std::string>& values,
                                  Checks& checks) {
  for (const std::string& value : values) {
    if (absl::StripAsciiWhitespace(value).empty()) RefuseEmpty(flag, value, checks);
  }
  return values;
}

// Flags that only some families understand.
struct FamilyFlag {
  absl::string_view name;
  bool given = false;
  std::vector<v1::Family> families;
};

std::string FamilyList(const std::vector<v1::Family>& numbers) {
  return absl::StrJoin(numbers, ", ", [](std::string* out, v1::Family number) {
    absl::StrAppend(out, FindFamily(number)->name);
  });
}

void CheckFamilyFlags(const RawOptions& raw, const Family& family, Checks& checks) {
  using v1::FAMILY_IKE;
  using v1::FAMILY_IPSEC;
  using v1::FAMILY_RAS;
  using v1::FAMILY_TCP;
  const std::vector<v1::Family> all = {FAMILY_RAS, FAMILY_TCP, FAMILY_IPSEC, FAMILY_IKE};
  const std::vector<FamilyFlag> flags = {
      {"--local", !raw.local.empty(), {FAMILY_TCP, FAMILY_IPSEC, FAMILY_IKE}},
      {"--remote", !raw.remote.empty(), {FAMILY_TCP, FAMILY_IPSEC, FAMILY_IKE}},
      {"--port", !raw.ports.empty(), {FAMILY_TCP}},
      {"--state", !raw.states.empty(), {FAMILY_TCP, FAMILY_RAS}},
      {"--pid", !raw.pids.empty(), {FAMILY_TCP}},
      {"--process", !raw.processes.empty(), {FAMILY_TCP}},
      {"--owner", raw.owner, {FAMILY_TCP}},
      {"--groups", !raw.groups.empty(), all},
      {"--columns", !raw.columns.empty(), all},
      {"--sort", !raw.sort.empty(), all}};
  for (const FamilyFlag& flag : flags) {
    const bool fits =
        std::find(flag.families.begin(), flag.families.end(), family.number) != flag.families.end();
    if (flag.given && !fits) {
      checks.Refuse(absl::StrCat(flag.name, " does not go with ", family.name, ", only with ",
                                 FamilyList(flag.families)));
    }
  }
}

void CheckSelection(const RawOptions& raw, const Family& family, Selection& selection,
                    Checks& checks) {
  selection.local = Listed("--local", raw.local, checks);
  selection.remote = Listed("--remote", raw.remote, checks);
  for (const std::string& cidr : selection.local) checks.Note(CheckCidr("--local", cidr));
  for (const std::string& cidr : selection.remote) checks.Note(CheckCidr("--remote", cidr));
  for (const std::string& port : Listed("--port", raw.ports, checks)) {
    selection.ports.push_back(checks.Value(ParsePorts(port)));
  }
  for (const std::string& state : Listed("--state", raw.states, checks)) {
    selection.states.push_back(checks.Value(ParseState(family, state)));
  }
  for (const std::string& pid : Listed("--pid", raw.pids, checks)) {
    selection.pids.push_back(
        static_cast<uint32_t>(checks.Value(ParseNumberOption("--pid", pid, 0, 0xFFFFFFFF))));
  }
  selection.processes = Listed("--process", raw.processes, checks);
  selection.owner = raw.owner;
}

void CheckColumns(const RawOptions& raw, const Family& family, Options& options, Checks& checks) {
  options.columns = Listed("--columns", raw.columns, checks);
  if (options.columns.size() == 1 && options.columns[0] == "help") {
    options.command = Command::kListColumns;
    return;
  }
  if (!options.columns.empty() && !options.is_table()) {
    checks.Refuse(
        "--columns is for tables: json and jsonl always hold whole rows; --groups makes "
        "them smaller");
  }
  checks.Note(FindColumns(family, options.columns, options.rate).status());
  absl::string_view sort = raw.sort;
  options.sort_reversed = absl::ConsumePrefix(&sort, "-");
  options.sort = std::string(sort);
  if (!options.sort.empty()) {
    checks.Note(FindColumns(family, {options.sort}, options.rate).status());
  }
}

void CheckFormat(const RawOptions& raw, Options& options, Checks& checks) {
  if (raw.output == "table") {
    options.format = Format::kTable;
  } else if (raw.output == "wide") {
    options.format = Format::kWide;
  } else if (raw.output == "json") {
    options.format = Format::kJson;
  } else if (raw.output == "jsonl") {
    options.format = Format::kJsonLines;
  } else if (raw.output == "csv" || raw.output == "prototext" || raw.output == "prometheus") {
    checks.Refuse(absl::StrCat("-o ", raw.output,
                               " is not there yet. There are: table, wide, json, ",
                               "jsonl; jsonl is the one for programs"));
  } else {
    checks.Refuse(absl::StrCat("unknown output format \"", raw.output, "\".",
                               Suggestion(raw.output, {"table", "wide", "json", "jsonl"})));
  }
  if (raw.color == "always") {
    options.color = ColorMode::kAlways;
  } else if (raw.color == "never") {
    options.color = ColorMode::kNever;
  } else if (raw.color != "auto") {
    checks.Refuse(absl::StrCat("--color \"", raw.color, "\": write auto, always or never"));
  }
  if (!raw.width.empty()) {
    options.width = checks.Value(ParseNumberOption("--width", raw.width, 40, 10'000));
  }
}

void CheckTls(const RawOptions& raw, Options& options, Checks& checks) {
  options.tls = {raw.ca, raw.cert, raw.key};
  options.server_name = raw.server_name;
  if (options.tls.empty()) {
    if (!raw.server_name.empty()) {
      checks.Refuse("--server-name is for TLS: give --ca, --cert and --key with it");
    }
    return;
  }
  std::vector<std::string> missing;
  if (raw.ca.empty()) missing.emplace_back("--ca");
  if (raw.cert.empty()) missing.emplace_back("--cert");
  if (raw.key.empty()) missing.emplace_back("--key");
  if (!missing.empty()) {
    checks.Refuse(absl::StrCat("TLS is mutual: --ca, --cert and --key go together, and ",
                               absl::StrJoin(missing, " and "),
                               missing.size() > 1 ? " are missing" : " is missing"));
  }
}

void CheckFanOut(const RawOptions& raw, Options& options, Checks& checks) {
  options.targets = raw.targets;
  options.tags = raw.tags;
  if (!raw.max_parallel.empty()) {
    options.max_parallel =
        checks.Value(ParseNumberOption("--max-parallel", raw.max_parallel, 1, 10'000));
  }
  checks.Duration("--connect-timeout", raw.connect_timeout, options.connect_timeout);
  checks.Duration("--timeout", raw.timeout, options.timeout);
  checks.Duration("--deadline", raw.deadline, options.deadline);
}

void CheckWatch(const RawOptions& raw, Options& options, Checks& checks) {
  checks.Duration("--interval", raw.interval, options.interval);
  checks.Duration("--duration", raw.duration, options.duration);
  if (!raw.count.empty()) {
    options.count = checks.Value(ParseNumberOption("--count", raw.count, 1, 1'000'000'000));
  }
  options.keep_trying = raw.keep_trying;
  if (options.command == Command::kWatch && options.format == Format::kJsonLines &&
      (!raw.sort.empty() || !raw.limit.empty())) {
    checks.Refuse(
        "--sort and --limit do not go with watch -o jsonl, which tells every change as it "
        "comes");
  }
  if (options.command == Command::kGet && !raw.interval.empty() && !raw.rate) {
    checks.Refuse(
        "--interval goes with --rate here: get takes one snapshot. For more: farstat watch");
  }
}

void CheckEstatsGroups(absl::string_view flag, const std::vector<std::string>& groups,
                       Options& options, Checks& checks) {
  const Family& tcp = *FindFamily(v1::FAMILY_TCP);
  for (const std::string& group : Listed(flag, groups, checks)) {
    if (group == "all") {
      for (int number = v1::TCP_GROUP_DATA; number <= v1::TCP_GROUP_FINE_RTT; ++number) {
        options.estats_groups.push_back(number);
      }
      continue;
    }
    const int number = checks.Value(ParseGroup(tcp, group));
    if (number == v1::TCP_GROUP_SYN_OPTIONS || number == v1::TCP_GROUP_LINUX) {
      checks.Refuse(absl::StrCat(flag, ": ", group, " has no switch: it is always on"));
    }
    options.estats_groups.push_back(number);
  }
  std::sort(options.estats_groups.begin(), options.estats_groups.end());
  options.estats_groups.erase(
      std::unique(options.estats_groups.begin(), options.estats_groups.end()),
      options.estats_groups.end());
}

void CheckRelease(const RawOptions& raw, bool has_end, Options& options, Checks& checks) {
  // What is on only because somebody watches goes off again with them.
  const bool watching = options.command == Command::kWatch;
  options.release_disables = raw.release == "disable" || (raw.release.empty() && watching);
  if (!raw.release.empty() && raw.release != "disable" && raw.release != "keep") {
    checks.Refuse(absl::StrCat("--release \"", raw.release, "\": write keep or disable"));
  }
  if (options.release_disables && !has_end) {
    checks.Refuse("--release disable needs an end at which to switch off: give --ttl, such as 10m");
  }
}

// A selection that was forgotten must not change every connection of a fleet.
void CheckScope(const RawOptions& raw, bool clear, Checks& checks) {
  const bool selects = !raw.local.empty() || !raw.remote.empty() || !raw.ports.empty() ||
                       !raw.pids.empty() || !raw.processes.empty() || !raw.entries.empty() ||
                       !raw.states.empty();
  const absl::string_view flags =
      clear ? "--entry or --state" : "--local, --remote, --port, --pid or --process";
  if (!selects && !raw.all_connections) {
    checks.Refuse(absl::StrCat("which connections? Select some with ", flags,
                               ", or give --all for every connection of every target"));
  }
  if (selects && raw.all_connections) {
    checks.Refuse(absl::StrCat("--all means every connection, so it does not go with ", flags));
  }
}

// For farstat watch: what is on while it lasts.
void CheckInlineEstats(const RawOptions& raw, Options& options, Checks& checks) {
  if (raw.estats.empty()) {
    if (!raw.release.empty()) checks.Refuse("--release goes with --estats");
    if (!raw.reason.empty()) checks.Refuse("--reason goes with --estats");
    if (raw.all_connections) checks.Refuse("--all goes with --estats");
    return;
  }
  if (options.family->number != v1::FAMILY_TCP) {
    checks.Refuse(
        absl::StrCat("--estats does not go with ", options.family->name, ", only with tcp"));
  }
  CheckEstatsGroups("--estats", raw.estats, options, checks);
  CheckRelease(raw, /*has_end=*/true, options, checks);
  CheckScope(raw, /*clear=*/false, checks);
  options.reason = raw.reason;
}

void CheckSwitching(const RawOptions& raw, Options& options, Checks& checks) {
  if (raw.groups.empty()) {
    checks.Refuse("which groups? Give --groups, such as --groups data,path, or --groups all");
  }
  CheckEstatsGroups("--groups", raw.groups, options, checks);
  checks.Duration("--ttl", raw.ttl, options.ttl);
  CheckRelease(raw, !raw.ttl.empty(), options, checks);
}

// For the commands that change hosts.
void CheckOperation(const RawOptions& raw, Options& options, Checks& checks) {
  // A host may have ten thousand connections to switch.
  if (raw.timeout.empty()) options.timeout = absl::Seconds(30);
  options.reason = raw.reason;
  options.all_links = raw.all_links;
  const bool clear = options.command == Command::kClearRas;
  options.family = FindFamily(clear ? v1::FAMILY_RAS : v1::FAMILY_TCP);
  options.selection.entries = Verbatim("--entry", raw.entries, checks);
  CheckSelection(raw, *options.family, options.selection, checks);
  if (!clear) CheckSwitching(raw, options, checks);
  CheckScope(raw, clear, checks);
}

const Family* CheckFamily(const RawOptions& raw, Checks& checks) {
  const Family* family = FindFamily(raw.family);
  if (family == nullptr) {
    checks.Refuse(raw.family.empty()
                      ? absl::StrCat("what of? There are: ", absl::StrJoin(FamilyNames(), ", "))
                      : absl::StrCat("unknown family \"", raw.family, "\".",
                                     Suggestion(raw.family, FamilyNames())));
  }
  return family;
}

}  // namespace

absl::StatusOr<Options> CheckOptions(const RawOptions& raw) {
  Options options;
  options.command = raw.command;
  options.rate = raw.rate;
  Checks checks;
  CheckFormat(raw, options, checks);
  CheckFanOut(raw, options, checks);
  CheckTls(raw, options, checks);
  if (options.changes_hosts()) CheckOperation(raw, options, checks);
  if (raw.command == Command::kGet || raw.command == Command::kWatch) {
    options.family = CheckFamily(raw, checks);
    if (options.family == nullptr) return checks.status();
    CheckFamilyFlags(raw, *options.family, checks);
    if (!checks.status().ok()) return checks.status();
    CheckSelection(raw, *options.family, options.selection, checks);
    for (const std::string& group : Listed("--groups", raw.groups, checks)) {
      options.selection.groups.push_back(checks.Value(ParseGroup(*options.family, group)));
    }
    if (!options.family->is_host()) CheckColumns(raw, *options.family, options, checks);
    if (!raw.limit.empty()) {
      options.limit = static_cast<int64_t>(
          checks.Value(ParseNumberOption("--limit", raw.limit, 0, 1'000'000'000)));
    }
    CheckWatch(raw, options, checks);
    CheckInlineEstats(raw, options, checks);
  }
  if (!checks.status().ok()) return checks.status();
  return options;
}

}  // namespace farstat::client
