#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "agent/sources/file_calls.h"

namespace farstat::sources {
namespace {

constexpr int kOwnerOnly = 0600;

}  // namespace

int OpenFile(const std::filesystem::path& path, FileMode mode) {
  switch (mode) {
    case FileMode::kAppend:
      return open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    case FileMode::kNew:
      return open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOwnerOnly);
    case FileMode::kLocked:
      break;
  }
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (file < 0 || flock(file, LOCK_EX | LOCK_NB) == 0) return file;
  const int error = errno;
  close(file);
  errno = error == EWOULDBLOCK ? EAGAIN : error;
  return -1;
}

int64_t WriteFile(int file, const void* bytes, size_t size) { return write(file, bytes, size); }

bool SyncFile(int file) { return fsync(file) == 0; }

bool TruncateFile(int file, int64_t size) { return ftruncate(file, size) == 0; }

bool CloseFile(int file) { return close(file) == 0; }

bool SyncFolder(const std::filesystem::path& folder) {
  const int file = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  const bool synced = fsync(file) == 0;
  close(file);
  return synced;
}

}  // namespace farstat::sources
