#include <unistd.h>

#include <cstdlib>

#include "absl/strings/string_view.h"
#include "agent/service/terminal_colours.h"

namespace farstat::service {

bool HasColours(std::FILE* stream) {
  const char* const terminal = std::getenv("TERM");
  return isatty(fileno(stream)) != 0 && std::getenv("NO_COLOR") == nullptr && terminal != nullptr &&
         absl::string_view(terminal) != "dumb";
}

}  // namespace farstat::service
