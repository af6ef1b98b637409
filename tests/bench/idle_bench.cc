#include "tests/bench/idle_bench.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

extern char** environ;

namespace farstat::bench {
namespace {

constexpr double kResidentBar = 30;
constexpr int kIdleSeconds = 10;

// The number after "NAME:" in a file of /proc; 0 if it is not there.
uint64_t NumberIn(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!absl::StartsWith(line, name + ":")) continue;
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    uint64_t number = 0;
    if (words.size() > 1 && absl::SimpleAtoi(words[1], &number)) return number;
  }
  return 0;
}

struct Wakeups {
  uint64_t ours = 0;
  uint64_t grpc = 0;
};

// Times that threads of the process were woken up. gRPC names its threads; ours keep the program's
// name.
Wakeups CountWakeups(pid_t pid) {
  const std::string tasks = absl::StrCat("/proc/", pid, "/task");
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(tasks.c_str()), closedir);
  Wakeups wakeups;
  while (const dirent* entry = directory == nullptr ? nullptr : readdir(directory.get())) {
    if (entry->d_name[0] == '.') continue;
    const std::string task = absl::StrCat(tasks, "/", entry->d_name);
    std::string name;
    std::getline(std::ifstream(task + "/comm"), name);
    (name == "farstat-agent" ? wakeups.ours : wakeups.grpc) +=
        NumberIn(task + "/status", "voluntary_ctxt_switches");
  }
  return wakeups;
}

}  // namespace

std::vector<Figure> MeasureIdle(const std::string& agent) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  std::string words[] = {agent, "run", "--listen", "127.0.0.1:0"};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
  pid_t pid;
  if (posix_spawn(&pid, agent.c_str(), &actions, nullptr, arguments, environ) != 0) {
    std::fprintf(stderr, "cannot start %s: run ./dev build\n", agent.c_str());
    std::exit(1);
  }
  posix_spawn_file_actions_destroy(&actions);
  // This is a measurement over time, not a wait for something.
  std::this_thread::sleep_for(std::chrono::seconds(2));  // allow(sleep): lets it settle
  const Wakeups before = CountWakeups(pid);
  std::this_thread::sleep_for(std::chrono::seconds(kIdleSeconds));  // allow(sleep): measured
  const Wakeups after = CountWakeups(pid);
  const double resident =
      static_cast<double>(NumberIn(absl::StrCat("/proc/", pid, "/status"), "VmRSS")) / 1024;
  kill(pid, SIGTERM);
  waitpid(pid, nullptr, 0);
  return {
      {"idle agent resident", resident, kResidentBar, "MiB", 1,
       "farstat-agent without subscribers, against the 30 MB that it may take"},
      {"idle agent wake-ups", static_cast<double>(after.ours - before.ours) / kIdleSeconds,
       static_cast<double>(after.grpc - before.grpc) / kIdleSeconds, "1/s", 0.1,
       absl::StrFormat(
           "voluntary context switches in %d s: threads of our own against those of the "
           "gRPC library in the same process",
           kIdleSeconds)},
  };
}

}  // namespace farstat::bench
