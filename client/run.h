// The CLI from its arguments to its exit code.

#ifndef FARSTAT_CLIENT_RUN_H_
#define FARSTAT_CLIENT_RUN_H_

#include <istream>
#include <string>
#include <vector>

namespace farstat::client {

// Data goes to `output`, everything else to `errors` (file descriptors). `arguments` without the
// program's name. `own_process`: the process is there for this alone. Ctrl-C ends the command in
// order, and the process ends with it, at once: a resolver or a connection attempt that hangs does
// not hold up the prompt.
int RunCli(const std::vector<std::string>& arguments, std::istream& input, int output, int errors,
           bool own_process);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_RUN_H_
