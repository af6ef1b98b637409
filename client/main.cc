// The program farstat.

#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "client/run.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return farstat::client::RunCli(arguments, std::cin, STDOUT_FILENO, STDERR_FILENO,
                                 /*own_process=*/true);
}
