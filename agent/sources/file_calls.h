// The few calls behind durable_file.h that differ between systems. They fail as the C library does,
// with errno.

#ifndef FARSTAT_AGENT_SOURCES_FILE_CALLS_H_
#define FARSTAT_AGENT_SOURCES_FILE_CALLS_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace farstat::sources {

enum class FileMode {
  kAppend,  // Of a file that is there.
  kNew,     // Empties one that is there.
  kLocked,  // EAGAIN: somebody else has it open so.
};

// Only the file's owner (and, on Windows, who may look into its folder) can read what is made.
// Negative: failed.
int OpenFile(const std::filesystem::path& path, FileMode mode);
int64_t WriteFile(int file, const void* bytes, size_t size);
// To the disk.
bool SyncFile(int file);
// Cuts off what is behind the first `size` bytes.
bool TruncateFile(int file, int64_t size);
bool CloseFile(int file);
// The names in a folder, to the disk. Windows does that by itself.
bool SyncFolder(const std::filesystem::path& folder);

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_FILE_CALLS_H_
