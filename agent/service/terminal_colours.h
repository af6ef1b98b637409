// Whether colours can be printed.

#ifndef FARSTAT_AGENT_SERVICE_TERMINAL_COLOURS_H_
#define FARSTAT_AGENT_SERVICE_TERMINAL_COLOURS_H_

#include <cstdio>

namespace farstat::service {

// True for a terminal that understands escape sequences, unless NO_COLOR is set. On Windows it is
// told to understand them.
bool HasColours(std::FILE* stream);

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_TERMINAL_COLOURS_H_
