// Programs as a test runs them: started, fed, waited for with a bound, and never left behind.

#ifndef FARSTAT_TESTS_SUPPORT_PROCESS_H_
#define FARSTAT_TESTS_SUPPORT_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace farstat::testing {

// The binaries of the product under test, from FARSTAT_BIN_DIR.
std::string Binary(const std::string& name);

// What a program did.
struct Finished {
  // The exit code; 128 plus the signal's number if a signal ended it; -1 if it did not end in time.
  int exit_code = -1;
  std::string out;
  std::string err;
};

// A program that runs while the test goes on.
class Process {
 public:
  Process(const std::string& program, const std::vector<std::string>& arguments);
  // Kills it if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // Reads its standard error (or output) until it holds `text`; what it holds then. Fails the test
  // after `limit`.
  std::string WaitForError(const std::string& text, absl::Duration limit = absl::Seconds(20));
  std::string WaitForOutput(const std::string& text, absl::Duration limit = absl::Seconds(20));
  // What it has said until now: its standard output, then its standard error.
  std::string Said();
  // What its standard output holds after waiting for more for at most `limit`.
  std::string Output(absl::Duration limit);
  // Closes our end of its standard output, as `| head` does when it has seen enough.
  void CloseOutput();
  // Waits for its end, reading all it says.
  Finished Wait(absl::Duration limit = absl::Seconds(30));

 private:
  // Reads what there is within `limit`; false when both pipes are closed.
  bool ReadMore(absl::Duration limit);
  std::string WaitForText(const std::string& said, const std::string& text, absl::Duration limit);

  pid_t pid_ = -1;
  int out_pipe_ = -1;
  int err_pipe_ = -1;
  std::string out_;
  std::string err_;
};

// Runs a program to its end.
Finished RunToEnd(const std::string& program, const std::vector<std::string>& arguments,
                  absl::Duration limit = absl::Seconds(60));

// An agent on a free loopback port.
class RunningAgent {
 public:
  explicit RunningAgent(std::vector<std::string> more_arguments = {});

  // "127.0.0.1:PORT"
  const std::string& address() const { return address_; }
  Process& process() { return process_; }

 private:
  Process process_;
  std::string address_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_PROCESS_H_
