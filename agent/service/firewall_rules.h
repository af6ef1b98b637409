// Windows' firewall as its registry has it: rules as text ([MS-GPFAS] 2.2.2.19), read portably.

#ifndef FARSTAT_AGENT_SERVICE_FIREWALL_RULES_H_
#define FARSTAT_AGENT_SERVICE_FIREWALL_RULES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace farstat::service {

struct Firewall {
  // Profiles (domain, private, public) for which it is switched off.
  std::vector<std::string> profiles_off;
  // The rules' texts, environment variables in them expanded.
  std::vector<std::string> rules;
};

// What the firewall does with connections from outside to a TCP port of a program.
struct FirewallVerdict {
  bool allowed = false;
  // A rule that blocks wins over those that allow.
  bool blocked = false;
  // Of the first rule that decides.
  std::string rule_name;
  // Where they may come from, as the rules write it; empty: from anywhere.
  std::vector<std::string> remote_addresses;
};

FirewallVerdict JudgeInbound(const Firewall& firewall, uint16_t port, absl::string_view program);

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_FIREWALL_RULES_H_
