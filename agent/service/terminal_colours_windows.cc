#include <windows.h>
#include <io.h>

#include <cstdlib>

#include "agent/service/terminal_colours.h"

namespace farstat::service {

bool HasColours(std::FILE* stream) {
  if (_isatty(_fileno(stream)) == 0 || std::getenv("NO_COLOR") != nullptr) return false;
  const HANDLE console = reinterpret_cast<HANDLE>(_get_osfhandle(_fileno(stream)));
  DWORD mode = 0;
  return GetConsoleMode(console, &mode) != 0 &&
         SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0;
}

}  // namespace farstat::service
