// The program farstat.

#include <iostream>
#include <string>
#include <vector>

#include "client/run.h"
#include "client/standard_stream.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  farstat::client::PrepareStandardStreams();
  return farstat::client::RunCli(arguments, std::cin, farstat::client::kStandardOutput,
                                 farstat::client::kStandardError, /*own_process=*/true);
}
