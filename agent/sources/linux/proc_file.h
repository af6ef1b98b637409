// Reads the small text files of /proc.

#ifndef FARSTAT_AGENT_SOURCES_LINUX_PROC_FILE_H_
#define FARSTAT_AGENT_SOURCES_LINUX_PROC_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace farstat::sources {

// Replaces `text` by the whole file. Its memory is reused; system calls are added to
// `native_calls`.
absl::Status ReadProcFile(const std::string& path, std::string& text, uint64_t& native_calls);

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_LINUX_PROC_FILE_H_
