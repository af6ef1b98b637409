#include <dirent.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "agent/hosts/this_host.h"
#include "agent/sources/linux/tcp_source.h"
#include "common/clock.h"
#include "common/status.h"

namespace farstat::hosts {
namespace {

// The value of `key` in a file of KEY=VALUE lines, without quotes; empty if there is none.
std::string ValueInFile(const char* path, absl::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, key) || !absl::ConsumePrefix(&rest, "=")) continue;
    absl::ConsumePrefix(&rest, "\"");
    absl::ConsumeSuffix(&rest, "\"");
    return std::string(rest);
  }
  return "";
}

int CountEntries(const char* path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path), closedir);
  if (directory == nullptr) return 0;
  int count = 0;
  while (const dirent* entry = readdir(directory.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return count;
}

v1::GetAgentInfoResponse Identity() {
  v1::GetAgentInfoResponse identity;
  utsname names = {};
  if (uname(&names) != 0) return identity;
  identity.set_host_name(names.nodename);
  v1::OperatingSystem& system = *identity.mutable_operating_system();
  system.set_name(names.sysname);
  system.set_version(names.release);
  system.set_architecture(names.machine);
  system.set_description(ValueInFile("/etc/os-release", "PRETTY_NAME"));
  return identity;
}

absl::Status OnWindowsOnly(absl::string_view family, absl::string_view what) {
  return ErrorStatus(absl::StatusCode::kUnimplemented, kNotSupportedHere, what,
                     {{"family", std::string(family)}, {"system", "Linux"}});
}

absl::Status NotCollected(absl::string_view family, absl::string_view name) {
  return OnWindowsOnly(
      family, absl::StrCat(name,
                           " statistics are not delivered on Linux by this version; they come from "
                           "Windows"));
}

std::unique_ptr<families::Family> Tcp() {
  auto family = CollectedFamily(v1::FAMILY_TCP, std::make_shared<sources::LinuxTcpSource>(),
                                SystemClock(), RandomPhase());
  family->tcp_groups = {v1::TCP_GROUP_DATA,
                        v1::TCP_GROUP_PATH,
                        v1::TCP_GROUP_SEND_BUFFER,
                        v1::TCP_GROUP_RECEIVE,
                        v1::TCP_GROUP_OBSERVED_RECEIVE,
                        v1::TCP_GROUP_FINE_RTT,
                        v1::TCP_GROUP_LINUX};
  family->limitations = {
      "the groups syn_options, send_congestion and bandwidth exist on Windows only",
      "counters of segments are 32 bits wide in the kernel and wrap"};
  return family;
}

}  // namespace

Host ThisHost(const std::string& /*state_directory*/) {
  Host host;
  host.identity = Identity();
  host.families.push_back(AbsentFamily(v1::FAMILY_RAS, NotCollected("ras", "RAS")));
  host.families.push_back(Tcp());
  host.families.push_back(AbsentFamily(v1::FAMILY_IPSEC, NotCollected("ipsec", "IPsec")));
  host.families.push_back(AbsentFamily(v1::FAMILY_IKE, NotCollected("ike", "IKE")));
  host.operations.estats_unavailable =
      ErrorStatus(absl::StatusCode::kUnimplemented, kNotSupportedHere,
                  "TCP extended statistics are switched on and off on Windows only; on this host "
                  "they are always on",
                  {{"family", "tcp"}, {"system", "Linux"}});
  host.operations.ras_clearing_unavailable = host.families[v1::FAMILY_RAS - 1]->unavailable;
  host.operations.estats_unavailable = OnWindowsOnly(
      "tcp",
      "TCP extended statistics are switched on and off on Windows only; on this host they are "
      "always on");
  host.operations.ras_clearing_unavailable = host.families.front()->unavailable;
  return host;
}

v1::ProcessStatus DescribeProcess() {
  v1::ProcessStatus process;
  rusage usage = {};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    *process.mutable_cpu_time() = ToProto(absl::DurationFromTimeval(usage.ru_utime) +
                                          absl::DurationFromTimeval(usage.ru_stime));
  }
  std::ifstream statm("/proc/self/statm");
  uint64_t total_pages = 0;
  uint64_t resident_pages = 0;
  if (statm >> total_pages >> resident_pages) {
    process.set_resident_bytes(resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
  }
  process.set_threads(static_cast<uint32_t>(CountEntries("/proc/self/task")));
  process.set_open_files(static_cast<uint32_t>(CountEntries("/proc/self/fd")));
  return process;
}

}  // namespace farstat::hosts
