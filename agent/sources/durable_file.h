// Small files that must survive a crash: when one of these functions has returned OK, what it wrote
// is on the disk. Paths are UTF-8.

#ifndef FARSTAT_AGENT_SOURCES_DURABLE_FILE_H_
#define FARSTAT_AGENT_SOURCES_DURABLE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace farstat::sources {

// The file's bytes. NOT_FOUND: there is none; RESOURCE_EXHAUSTED: it is larger than `most_bytes`.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t most_bytes);

// Writes `bytes` behind what is in the file. After an error a part of them may be there.
absl::Status AppendDurably(const std::string& path, absl::string_view bytes);

// Cuts off what is behind the file's first `size` bytes.
absl::Status TruncateDurably(const std::string& path, size_t size);

// Writes a new file, or one in the place of another: after a crash there is the old one or the new
// one, whole. Makes the folders on the way to it.
absl::Status ReplaceDurably(const std::string& path, absl::string_view bytes);

// Keeps other processes away from what it stands for, until it or the process ends.
class FileLock {
 public:
  FileLock() = default;
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  // The file is made if there is none, with the folders on the way to it; it stays, empty.
  // UNAVAILABLE: somebody else holds it. Nothing happens if it is taken already.
  absl::Status Take(const std::string& path);

 private:
  static constexpr int kNone = -1;
  int file_ = kNone;
};

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_DURABLE_FILE_H_
