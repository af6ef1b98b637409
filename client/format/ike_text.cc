#include "client/format/ike_text.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "client/format/text.h"
#include "client/format/units.h"
#include "farstat/v1/ike.pb.h"

namespace farstat::client {
namespace {

constexpr std::pair<const char*, const char*> kModules[] = {
    {"ikev2", "IKEv2"}, {"ike", "IKE"}, {"authip", "AuthIP"}};
constexpr std::pair<const char*, const char*> kIpVersions[] = {{"ipv4", "IPv4"}, {"ipv6", "IPv6"}};

using Names = std::vector<const char*>;

// The numbers of the totals by the names of their fields.
class Numbers {
 public:
  Numbers(const Section& section, bool rate) : section_(section), rate_(rate) {}

  // 0 if it is absent.
  double Value(const Names& names) const {
    FieldPath path;
    const Descriptor* message = section_.totals().current->GetDescriptor();
    for (const char* name : names) {
      path.push_back(message->FindFieldByName(name));
      message = path.back()->message_type();
    }
    const bool counter = InfoOf(path.back()).kind() == v1::FIELD_KIND_COUNTER;
    return (rate_ && counter ? section_.RateOf(section_.totals(), path)
                             : NumberAt(*section_.totals().current, path))
        .value_or(0);
  }
  // Over all modules and both versions of IP.
  double Sum(const char* name) const {
    double sum = 0;
    for (const auto& [module, title] : kModules) {
      for (const auto& [ip, ip_title] : kIpVersions) sum += Value({module, ip, name});
    }
    return sum;
  }
  std::string Count(double count) const {
    return rate_ ? HumanRate(v1::UNIT_COUNT, count, false) : HumanCount(count);
  }

 private:
  const Section& section_;
  const bool rate_;
};

// "3 main modes", if there are any.
void AddCount(const Numbers& numbers, double count, absl::string_view what,
              std::vector<std::string>& parts) {
  if (count > 0) parts.push_back(absl::StrCat(numbers.Count(count), " ", what));
}

std::string FailuresLine(const Numbers& numbers) {
  std::vector<std::string> parts;
  AddCount(numbers, numbers.Sum("main_modes_failed"), "main modes", parts);
  AddCount(numbers, numbers.Sum("quick_modes_failed"), "quick modes", parts);
  AddCount(numbers, numbers.Sum("extended_modes_failed"), "extended modes", parts);
  for (const auto& [ip, title] : kIpVersions) {
    AddCount(numbers, numbers.Value({"common", ip, "send_failures"}),
             absl::StrCat("packets not sent over ", title), parts);
    AddCount(numbers, numbers.Value({"common", ip, "receive_failures"}),
             absl::StrCat("not received over ", title), parts);
  }
  AddCount(numbers, numbers.Value({"common", "invalid_packets_in"}), "invalid packets", parts);
  return parts.empty() ? "" : absl::StrCat("failed: ", absl::StrJoin(parts, ", "));
}

// An error as all modules together counted it.
struct ErrorCounts {
  std::string symbol;
  std::string text;
  uint64_t count = 0;
  std::vector<std::string> modules;
};

std::vector<std::pair<uint32_t, ErrorCounts>> ErrorsOf(const v1::IkeTotals& totals) {
  std::map<uint32_t, ErrorCounts> by_code;
  const auto add = [&](const v1::IkeKeyModuleStatistics& module, const char* title) {
    for (const v1::IkeErrorCount& error : module.errors()) {
      ErrorCounts& counts = by_code[error.code()];
      counts.symbol = Printable(error.symbol());
      counts.text = Printable(error.text());
      counts.count += error.count();
      counts.modules.push_back(
          absl::StrCat(title, " ", HumanCount(static_cast<double>(error.count()))));
    }
  };
  add(totals.ikev2(), "IKEv2");
  add(totals.ike(), "IKE");
  add(totals.authip(), "AuthIP");
  std::vector<std::pair<uint32_t, ErrorCounts>> errors(by_code.begin(), by_code.end());
  std::stable_sort(errors.begin(), errors.end(),
                   [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
  return errors;
}

// "315  ERROR_IPSEC_IKE_POLICY_MATCH (13868; IKEv2 315): The policies …"
std::string ErrorLine(uint32_t code, const ErrorCounts& error) {
  std::string where = absl::StrCat(code, "; ", absl::StrJoin(error.modules, ", "));
  return absl::StrCat(error.symbol, " (", where, ")", error.text.empty() ? "" : ": ", error.text);
}

// How the modes of one kind go: "main mode: 5 now, 463 begun (217 by peers), 5 made, 456 failed".
std::string ModeText(const Numbers& numbers, const char* module, const char* ip,
                     const std::string& mode) {
  const auto value = [&](const std::string& name) {
    return numbers.Value({module, ip, name.c_str()});
  };
  std::vector<std::string> parts;
  const double now = value(absl::StrCat("current_", mode, "_modes"));
  const double begun = value(absl::StrCat(mode, "_modes_started"));
  if (now + begun == 0) return "";
  parts.push_back(absl::StrCat(HumanCount(now), " now"));
  parts.push_back(absl::StrCat(numbers.Count(begun), " begun"));
  if (mode == "main") AddCount(numbers, value("responder_main_modes"), "by peers", parts);
  AddCount(numbers, value(absl::StrCat(mode, "_modes_succeeded")), "made", parts);
  AddCount(numbers, value(absl::StrCat(mode, "_modes_failed")), "failed", parts);
  if (mode != "quick") {
    AddCount(numbers, value(absl::StrCat("impersonation_", mode, "_modes")), "for users", parts);
  }
  return absl::StrCat(mode, " modes ", absl::StrJoin(parts, ", "));
}

std::string NegotiationsText(const Numbers& numbers, const char* module, const char* ip) {
  std::vector<std::string> parts;
  for (const char* mode : {"main", "quick", "extended"}) {
    std::string text = ModeText(numbers, module, ip, mode);
    if (!text.empty()) parts.push_back(std::move(text));
  }
  std::vector<std::string> acquires;
  AddCount(numbers, numbers.Value({module, ip, "acquires"}), "acquires", acquires);
  AddCount(numbers, numbers.Value({module, ip, "reinitiated_acquires"}), "repeated", acquires);
  if (!acquires.empty()) parts.push_back(absl::StrJoin(acquires, ", "));
  return absl::StrJoin(parts, "; ");
}

std::string TimesText(const Numbers& numbers, const char* module) {
  std::vector<std::string> parts;
  for (const char* mode : {"main", "quick", "extended"}) {
    const double ms =
        numbers.Value({module, absl::StrCat(mode, "_mode_negotiation_time_ms").c_str()});
    if (ms > 0) parts.push_back(absl::StrCat(mode, " ", HumanDuration(absl::Milliseconds(ms))));
  }
  return parts.empty() ? "" : absl::StrCat("negotiation times: ", absl::StrJoin(parts, ", "));
}

}  // namespace

std::string IkeTotalsText(const Section& section, absl::string_view indent, size_t width,
                          bool rate) {
  const Numbers numbers(section, rate);
  const std::string deeper = absl::StrCat(indent, "  ");
  std::string text;
  const auto add = [&](absl::string_view first, absl::string_view line, absl::string_view next) {
    if (!line.empty()) absl::StrAppend(&text, Wrapped(first, line, width, next), "\n");
  };
  add(indent, FailuresLine(numbers), deeper);
  const auto* totals =
      google::protobuf::DynamicCastToGenerated<v1::IkeTotals>(section.totals().current.get());
  for (const auto& [code, error] : ErrorsOf(*totals)) {
    const std::string count =
        absl::StrFormat("%6s  ", HumanCount(static_cast<double>(error.count)));
    add(absl::StrCat(indent, count), ErrorLine(code, error),
        absl::StrCat(indent, std::string(count.size(), ' ')));
  }
  for (const auto& [module, title] : kModules) {
    for (const auto& [ip, ip_title] : kIpVersions) {
      const std::string line = NegotiationsText(numbers, module, ip);
      if (!line.empty()) add(indent, absl::StrCat(title, " over ", ip_title, ": ", line), deeper);
    }
    const std::string times = TimesText(numbers, module);
    if (!times.empty()) add(indent, absl::StrCat(title, ": ", times), deeper);
  }
  std::vector<std::string> common;
  AddCount(numbers, numbers.Value({"common", "packets_in"}), "packets in", common);
  AddCount(numbers, numbers.Value({"common", "queued_work_items"}), "work items wait", common);
  add(indent, absl::StrJoin(common, ", "), deeper);
  return text;
}

}  // namespace farstat::client
