// Text on a terminal: how wide it is, how to make it shorter, and how to keep what agents report
// from steering the terminal.

#ifndef FARSTAT_CLIENT_FORMAT_TEXT_H_
#define FARSTAT_CLIENT_FORMAT_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace farstat::client {

// Columns that UTF-8 text takes: East Asian wide characters two, combining marks none.
size_t TextWidth(absl::string_view text);

// Cut to `width` columns; the last one is then "…".
std::string Truncated(absl::string_view text, size_t width);

// "[2001:db8:1:2:3:4:5:6]:443" as "[2001:db8:…:5:6]:443": what tells hosts apart is at both ends,
// and the port stays. Other text loses its middle.
std::string ShortenedEndpoint(absl::string_view endpoint, size_t width);

// Control characters and malformed UTF-8 as "?": names of processes and hosts come from anywhere.
std::string Printable(absl::string_view text);

// The words of `text` with single spaces between them, in lines of at most `width` columns. The
// first line begins with `first`, the others with `indent`.
std::string Wrapped(absl::string_view first, absl::string_view text, size_t width,
                    absl::string_view indent);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FORMAT_TEXT_H_
