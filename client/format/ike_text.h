// The totals of IKE as an administrator looks at them: what failed and why first, then how the
// negotiations of each key module go.

#ifndef FARSTAT_CLIENT_FORMAT_IKE_TEXT_H_
#define FARSTAT_CLIENT_FORMAT_IKE_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "client/section.h"

namespace farstat::client {

// Lines that begin with `indent`. `rate`: what is counted as growth per second.
std::string IkeTotalsText(const Section& section, absl::string_view indent, size_t width,
                          bool rate);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FORMAT_IKE_TEXT_H_
