#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/string_view.h"
#include "client/terminal.h"

namespace farstat::client {

bool IsTerminal(int file_descriptor) { return isatty(file_descriptor) == 1; }

WindowSize SizeOfWindow(int file_descriptor) {
  WindowSize size;
  winsize window = {};
  if (ioctl(file_descriptor, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) {
    size.columns = window.ws_col;
    if (window.ws_row > 0) size.rows = window.ws_row;
  }
  return size;
}

bool UnderstandsEscapes(int /*file_descriptor*/) {
  const char* const term = std::getenv("TERM");
  return term != nullptr && absl::string_view(term) != "dumb";
}

}  // namespace farstat::client
