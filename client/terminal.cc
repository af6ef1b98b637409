#include "client/terminal.h"

#include <cstdlib>

namespace farstat::client {

bool WantsColor(int file_descriptor, ColorMode mode) {
  if (mode != ColorMode::kAuto) return mode == ColorMode::kAlways;
  const char* const no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  return IsTerminal(file_descriptor) && UnderstandsEscapes(file_descriptor);
}

}  // namespace farstat::client
