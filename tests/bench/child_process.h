// This program again, in a process of its own, as one of the servers that are measured.

#ifndef FARSTAT_TESTS_BENCH_CHILD_PROCESS_H_
#define FARSTAT_TESTS_BENCH_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace farstat::bench {

class ChildProcess {
 public:
  // Starts `words`, the program first, and waits for the line "serving ADDRESS" on its standard
  // output or standard error. Ends this program if it does not come.
  explicit ChildProcess(std::vector<std::string> words);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // This program.
  static std::string Self();

  const std::string& address() const { return address_; }
  // Time on a processor so far, of all its threads, in the kernel too.
  absl::Duration cpu_time() const;
  double resident_bytes() const;

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string address_;
};

// For a server process: says where it serves, and waits to be killed.
[[noreturn]] void ServeUntilKilled(const std::string& address);

// As many open files as the system allows: each subscriber has a connection of its own.
void RaiseFileLimit();

}  // namespace farstat::bench

#endif  // FARSTAT_TESTS_BENCH_CHILD_PROCESS_H_
