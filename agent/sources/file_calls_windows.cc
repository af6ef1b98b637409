#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "agent/sources/file_calls.h"

namespace farstat::sources {

int OpenFile(const std::filesystem::path& path, FileMode mode) {
  int flags = _O_BINARY | _O_NOINHERIT | _O_WRONLY;
  int share = _SH_DENYNO;
  switch (mode) {
    case FileMode::kAppend:
      flags |= _O_APPEND;
      break;
    case FileMode::kNew:
      flags |= _O_CREAT | _O_TRUNC;
      break;
    case FileMode::kLocked:
      flags |= _O_CREAT;
      share = _SH_DENYRW;
      break;
  }
  int file = -1;
  const int error = _wsopen_s(&file, path.c_str(), flags, share, _S_IREAD | _S_IWRITE);
  if (error == 0) return file;
  // A sharing violation is told as EACCES; a file that this account may not open, too.
  errno = mode == FileMode::kLocked && error == EACCES ? EAGAIN : error;
  return -1;
}

int64_t WriteFile(int file, const void* bytes, size_t size) {
  constexpr size_t kMost = 1 << 30;
  return _write(file, bytes, static_cast<unsigned>(std::min(size, kMost)));
}

bool SyncFile(int file) { return _commit(file) == 0; }

bool TruncateFile(int file, int64_t size) {
  const int error = _chsize_s(file, size);
  if (error != 0) errno = error;
  return error == 0;
}

bool CloseFile(int file) { return _close(file) == 0; }

bool SyncFolder(const std::filesystem::path& /*folder*/) { return true; }

}  // namespace farstat::sources
