// The version of agent and client.

#ifndef FARSTAT_COMMON_VERSION_H_
#define FARSTAT_COMMON_VERSION_H_

namespace farstat {

// Set by the build from the project version.
inline constexpr char kVersion[] = FARSTAT_VERSION;

}  // namespace farstat

#endif  // FARSTAT_COMMON_VERSION_H_
