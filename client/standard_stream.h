// Writing to what the process was given as its standard streams, or to any file descriptor.

#ifndef FARSTAT_CLIENT_STANDARD_STREAM_H_
#define FARSTAT_CLIENT_STANDARD_STREAM_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace farstat::client {

inline constexpr int kStandardOutput = 1;
inline constexpr int kStandardError = 2;

// Once, first of all: on Windows bytes are to be written as they are, and a console is to take
// UTF-8 and escape sequences.
void PrepareStandardStreams();

// Writes at least a byte of `bytes`, however long that takes; `written` tells how many. 0, or why
// it cannot, as a number of <cerrno>; EPIPE: the reader has left.
int WriteSome(int file_descriptor, absl::string_view bytes, size_t& written);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_STANDARD_STREAM_H_
