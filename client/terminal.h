// What the standard streams are connected to.

#ifndef FARSTAT_CLIENT_TERMINAL_H_
#define FARSTAT_CLIENT_TERMINAL_H_

#include <cstddef>

namespace farstat::client {

enum class ColorMode { kAuto, kAlways, kNever };

struct WindowSize {
  size_t columns = 80;
  size_t rows = 24;
};

bool IsTerminal(int file_descriptor);
// The size of the terminal's window; 80 x 24 if it is none or does not tell.
WindowSize SizeOfWindow(int file_descriptor);
// The terminal takes escape sequences for colours and the like.
bool UnderstandsEscapes(int file_descriptor);
// Colours are wanted there: on a terminal, unless NO_COLOR is set or the terminal is dumb.
bool WantsColor(int file_descriptor, ColorMode mode);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_TERMINAL_H_
