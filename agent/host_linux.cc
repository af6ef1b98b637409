#include <dirent.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "agent/host.h"
#include "common/clock.h"

namespace farstat {
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

}  // namespace

std::string HostName() {
  utsname names = {};
  return uname(&names) == 0 ? names.nodename : "";
}

v1::OperatingSystem DescribeOperatingSystem() {
  v1::OperatingSystem system;
  utsname names = {};
  if (uname(&names) != 0) return system;
  system.set_name(names.sysname);
  system.set_version(names.release);
  system.set_architecture(names.machine);
  system.set_description(ValueInFile("/etc/os-release", "PRETTY_NAME"));
  return system;
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

}  // namespace farstat
