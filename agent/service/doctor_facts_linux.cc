// What doctor looks at on Linux.

#include <linux/capability.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "agent/hosts/this_host.h"
#include "agent/rpc/listen_probe.h"
#include "agent/service/doctor.h"
#include "agent/service/family_examination.h"
#include "agent/sources/durable_file.h"
#include "common/file_facts.h"

namespace farstat::service {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

// The effective capabilities of this process, as bits.
uint64_t Capabilities() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    absl::string_view rest = line;
    uint64_t bits = 0;
    if (absl::ConsumePrefix(&rest, "CapEff:\t") && absl::SimpleHexAtoi(rest, &bits)) return bits;
  }
  return 0;
}

std::vector<Right> Rights() {
  const uint64_t held = Capabilities();
  const auto has = [held](int capability) { return (held >> capability & 1) != 0; };
  constexpr char kHow[] =
      "run doctor as root; the service gets it from its unit, if wanted: "
      "/usr/share/doc/farstat-agent/examples";
  return {{"CAP_NET_ADMIN", has(CAP_NET_ADMIN),
           "security associations of IPsec, and details of other accounts' sockets", kHow},
          {"CAP_SYS_PTRACE", has(CAP_SYS_PTRACE), "the owners of other accounts' sockets", kHow},
          {"CAP_DAC_READ_SEARCH", has(CAP_DAC_READ_SEARCH), "the owners of other accounts' sockets",
           kHow}};
}

// It holds the lock in its state directory. The lock is not made if it is not there: it would
// belong to the wrong account.
bool AgentRuns(const std::string& state_directory) {
  const std::string lock_file = state_directory + "/agent.lock";
  std::error_code error;
  if (!std::filesystem::exists(lock_file, error)) return false;
  sources::FileLock lock;
  return absl::IsUnavailable(lock.Take(lock_file));
}

}  // namespace

DoctorFacts ThisHostsFacts(const std::string& settings_file) {
  DoctorFacts facts;
  facts.paths = ThisHostsPaths();
  facts.settings_file = settings_file.empty() ? facts.paths.settings_file : settings_file;
  facts.now = &absl::Now;
  facts.rights = &Rights;
  facts.agent_runs = [state = facts.paths.state_directory] { return AgentRuns(state); };
  facts.probe_listen = &rpc::ProbeListen;
  facts.command_to_close_file = &CommandToCloseFile;
  facts.examine_families = [] {
    return ExamineFamilies(std::make_unique<hosts::Host>(hosts::ThisHost("")), kPatience);
  };
  return facts;
}

}  // namespace farstat::service
