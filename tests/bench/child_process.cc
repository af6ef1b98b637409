#include "tests/bench/child_process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace farstat::bench {
namespace {

constexpr char kServing[] = "serving ";

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

// The address in a line such as "… serving on 127.0.0.1:4711 with mutual TLS"; empty: another line.
std::string AddressIn(absl::string_view line) {
  const size_t at = line.find(kServing);
  if (at == absl::string_view::npos) return "";
  line.remove_prefix(at + sizeof(kServing) - 1);
  absl::ConsumePrefix(&line, "on ");
  const std::vector<std::string> words = absl::StrSplit(line, ' ');
  return words[0];
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> words) {
  int ends[2];
  if (pipe(ends) != 0) Fail("pipe");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_ = vfork();
  if (pid_ < 0) Fail("vfork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(ends[1], 1);
    dup2(ends[1], 2);
    close(ends[0]);
    close(ends[1]);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(ends[1]);
  output_ = ends[0];
  std::string line;
  char character;
  while (address_.empty() && read(output_, &character, 1) == 1) {
    if (character != '\n') {
      line += character;
      continue;
    }
    address_ = AddressIn(line);
    if (address_.empty()) std::fprintf(stderr, "%s\n", line.c_str());
    line.clear();
  }
  if (address_.empty()) {
    std::fprintf(stderr, "%s does not start\n", words[0].c_str());
    std::exit(1);
  }
}

ChildProcess::~ChildProcess() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(output_);
}

std::string ChildProcess::Self() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
  if (size <= 0) Fail("/proc/self/exe");
  return {path, static_cast<size_t>(size)};
}

absl::Duration ChildProcess::cpu_time() const {
  clockid_t clock;
  timespec time = {};
  if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    Fail("the processor time of a child");
  }
  return absl::DurationFromTimespec(time);
}

double ChildProcess::resident_bytes() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  double pages = 0;
  double resident = 0;
  if (!(file >> pages >> resident)) Fail("the memory of a child");
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

void ServeUntilKilled(const std::string& address) {
  std::printf("%s%s\n", kServing, address.c_str());
  std::fflush(stdout);
  while (true) pause();
}

void RaiseFileLimit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace farstat::bench
