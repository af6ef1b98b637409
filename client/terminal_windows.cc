#include <windows.h>
#include <io.h>

#include "client/terminal.h"

namespace farstat::client {
namespace {

HANDLE HandleOf(int file_descriptor) {
  const intptr_t handle = _get_osfhandle(file_descriptor);
  HANDLE result = nullptr;
  static_assert(sizeof(result) == sizeof(handle));
  memcpy(&result, &handle, sizeof(result));
  return result;
}

}  // namespace

// Not _isatty: it takes NUL and serial ports for terminals.
bool IsTerminal(int file_descriptor) {
  DWORD mode = 0;
  return GetConsoleMode(HandleOf(file_descriptor), &mode) != 0;
}

WindowSize SizeOfWindow(int file_descriptor) {
  WindowSize size;
  CONSOLE_SCREEN_BUFFER_INFO info = {};
  if (GetConsoleScreenBufferInfo(HandleOf(file_descriptor), &info) != 0) {
    // The window is a part of the buffer, which has thousands of lines.
    size.columns = static_cast<size_t>(info.srWindow.Right - info.srWindow.Left + 1);
    size.rows = static_cast<size_t>(info.srWindow.Bottom - info.srWindow.Top + 1);
  }
  return size;
}

bool UnderstandsEscapes(int file_descriptor) {
  DWORD mode = 0;
  return GetConsoleMode(HandleOf(file_descriptor), &mode) != 0 &&
         (mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING) != 0;
}

}  // namespace farstat::client
