// The simulator's binary, running.

#ifndef FARSTAT_TESTS_SUPPORT_RUNNING_SIMULATOR_H_
#define FARSTAT_TESTS_SUPPORT_RUNNING_SIMULATOR_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/support/process.h"

namespace farstat::testing {

// A simulator on free loopback ports.
class RunningSimulator {
 public:
  explicit RunningSimulator(int hosts, const std::vector<std::string>& more_arguments = {})
      : process_(Binary("farstat-simulator"), Arguments(hosts, more_arguments)) {
    // The line of the last host ends with its scenario.
    const std::string said =
        process_.WaitForOutput(absl::StrCat("sim-", absl::Dec(hosts, absl::kZeroPad4)));
    for (const absl::string_view line : absl::StrSplit(said, '\n', absl::SkipEmpty())) {
      const std::vector<std::string> words = absl::StrSplit(line, "  ");
      if (words.size() >= 2) addresses_.push_back(words[1]);
    }
  }
  const std::vector<std::string>& addresses() const { return addresses_; }
  Process& process() { return process_; }

 private:
  static std::vector<std::string> Arguments(int hosts, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"--hosts", absl::StrCat(hosts), "--listen",
                                          "127.0.0.1:0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  Process process_;
  std::vector<std::string> addresses_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_RUNNING_SIMULATOR_H_
