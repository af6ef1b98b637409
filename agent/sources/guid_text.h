// The text of a GUID, as rows and filters have it.

#ifndef FARSTAT_AGENT_SOURCES_GUID_TEXT_H_
#define FARSTAT_AGENT_SOURCES_GUID_TEXT_H_

#include <array>

namespace farstat::sources {

// "01234567-89ab-cdef-0123-456789abcdef", in lower case.
using GuidText = std::array<char, 36>;

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_GUID_TEXT_H_
