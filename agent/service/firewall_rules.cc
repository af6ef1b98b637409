#include "agent/service/firewall_rules.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "agent/service/host_paths.h"

namespace farstat::service {
namespace {

constexpr uint32_t kTcp = 6;

// One rule, as far as it matters here.
struct Rule {
  bool active = false;
  bool allows = false;
  bool inbound = false;
  // 256, the default: each.
  uint32_t protocol = 256;
  // "9847", "9000-9999"; empty: each.
  std::vector<std::string> ports;
  std::vector<std::string> remote_addresses;
  // Empty: each.
  std::string program;
  std::string service;
  std::string name;
};

void Take(absl::string_view key, absl::string_view value, Rule& rule) {
  if (key == "Active") rule.active = absl::EqualsIgnoreCase(value, "TRUE");
  if (key == "Action") rule.allows = absl::EqualsIgnoreCase(value, "Allow");
  if (key == "Dir") rule.inbound = absl::EqualsIgnoreCase(value, "In");
  if (key == "Protocol" && !absl::SimpleAtoi(value, &rule.protocol)) rule.protocol = 256;
  if (key == "LPort" || key == "LPort2_10") rule.ports.emplace_back(value);
  if (key == "RA4" || key == "RA6" || key == "RA42" || key == "RA62") {
    rule.remote_addresses.emplace_back(value);
  }
  if (key == "App") rule.program = std::string(value);
  if (key == "Svc") rule.service = std::string(value);
  if (key == "Name") rule.name = std::string(value);
}

// "v2.30|Action=Allow|Active=TRUE|…|": the version, then pairs.
Rule Parse(absl::string_view text) {
  Rule rule;
  for (const absl::string_view part : absl::StrSplit(text, '|', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    Take(pair.first, pair.second, rule);
  }
  return rule;
}

bool PortMatches(const Rule& rule, uint16_t port) {
  if (rule.ports.empty()) return true;
  for (const std::string& range : rule.ports) {
    const std::vector<absl::string_view> ends = absl::StrSplit(range, '-');
    uint32_t first = 0;
    uint32_t last = 0;
    if (absl::SimpleAtoi(ends.front(), &first) && absl::SimpleAtoi(ends.back(), &last) &&
        first <= port && port <= last) {
      return true;
    }
  }
  return false;
}

bool Matches(const Rule& rule, uint16_t port, absl::string_view program) {
  const bool protocol = rule.protocol == kTcp || rule.protocol == 256;
  const bool own_program = rule.program.empty() || absl::EqualsIgnoreCase(rule.program, program);
  const bool own_service = rule.service.empty() || rule.service == "*" ||
                           absl::EqualsIgnoreCase(rule.service, kServiceName);
  return rule.active && rule.inbound && protocol && own_program && own_service &&
         PortMatches(rule, port);
}

}  // namespace

FirewallVerdict JudgeInbound(const Firewall& firewall, uint16_t port, absl::string_view program) {
  FirewallVerdict verdict;
  bool from_anywhere = false;
  for (const std::string& text : firewall.rules) {
    Rule rule = Parse(text);
    if (!Matches(rule, port, program)) continue;
    if (!rule.allows) {
      verdict.blocked = true;
      verdict.rule_name = std::move(rule.name);
      return verdict;
    }
    if (!verdict.allowed) verdict.rule_name = rule.name;
    verdict.allowed = true;
    from_anywhere = from_anywhere || rule.remote_addresses.empty();
    for (std::string& address : rule.remote_addresses) {
      verdict.remote_addresses.push_back(std::move(address));
    }
  }
  if (from_anywhere) verdict.remote_addresses.clear();
  return verdict;
}

}  // namespace farstat::service
