// The command line: what can be asked, its help with examples, and what was asked this time.

#ifndef FARSTAT_CLIENT_COMMAND_LINE_H_
#define FARSTAT_CLIENT_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "client/options.h"

namespace farstat::client {

struct CommandLine {
  // Unset: there is nothing to do but to print and to exit.
  absl::optional<Options> options;
  int exit_code = 0;
  // Help.
  std::string out;
  // What is wrong, and what would be right.
  std::string error;
};

// `arguments` without the program's name.
CommandLine ParseCommandLine(const std::vector<std::string>& arguments);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_COMMAND_LINE_H_
