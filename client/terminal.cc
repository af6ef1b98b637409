#include "client/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/string_view.h"

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

bool WantsColor(int file_descriptor, ColorMode mode) {
  if (mode != ColorMode::kAuto) return mode == ColorMode::kAlways;
  const char* const no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* const term = std::getenv("TERM");
  if (term == nullptr || absl::string_view(term) == "dumb") return false;
  return IsTerminal(file_descriptor);
}

}  // namespace farstat::client
