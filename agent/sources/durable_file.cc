#include "agent/sources/durable_file.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "agent/sources/file_calls.h"
#include "common/status.h"

namespace farstat::sources {
namespace {

// What a failed call means for whoever runs the agent.
absl::Status FileStatus(absl::string_view what, const std::string& path, int error) {
  const std::string message = absl::StrCat(path, ": ", what, " failed: ", ErrnoText(error));
  const ErrorMetadata metadata = {{"path", path}, {"errno", absl::StrCat(error)}};
  switch (error) {
    case ENOSPC:
    case EFBIG:
    case EMFILE:
    case ENFILE:
      return ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached, message, metadata);
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorStatus(absl::StatusCode::kFailedPrecondition, kAgentLacksPrivilege,
                         absl::StrCat(message, ". The agent's account must be able to write there"),
                         metadata);
    default:
      return ErrorStatus(absl::StatusCode::kInternal, kNativeCallFailed, message, metadata);
  }
}

absl::Status MakeFolder(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path folder = path.parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return FileStatus("making the folder", folder.u8string(), error.value());
  return absl::OkStatus();
}

// Writes all bytes and sees to it that they are on the disk.
absl::Status WriteThrough(const std::filesystem::path& path, FileMode mode,
                          absl::string_view bytes) {
  const int file = OpenFile(path, mode);
  if (file < 0) return FileStatus("opening", path.u8string(), errno);
  int error = 0;
  while (error == 0 && !bytes.empty()) {
    const int64_t written = WriteFile(file, bytes.data(), bytes.size());
    if (written < 0) {
      error = errno;
    } else {
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }
  if (error == 0 && !SyncFile(file)) error = errno;
  if (!CloseFile(file) && error == 0) error = errno;
  return error == 0 ? absl::OkStatus() : FileStatus("writing", path.u8string(), error);
}

}  // namespace

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t most_bytes) {
  constexpr size_t kChunk = 64 << 10;
  errno = 0;
  std::ifstream file(std::filesystem::u8path(path), std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return absl::NotFoundError(absl::StrCat(path, ": there is no such file"));
    return FileStatus("opening", path, errno);
  }
  std::string bytes;
  while (file && bytes.size() <= most_bytes) {
    const size_t before = bytes.size();
    bytes.resize(before + kChunk);
    file.read(&bytes[before], kChunk);
    bytes.resize(before + static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) return FileStatus("reading", path, errno);
  if (bytes.size() <= most_bytes) return bytes;
  return ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached,
                     absl::StrCat(path, ": is larger than ", most_bytes, " bytes"),
                     {{"path", path}});
}

absl::Status AppendDurably(const std::string& path, absl::string_view bytes) {
  return WriteThrough(std::filesystem::u8path(path), FileMode::kAppend, bytes);
}

absl::Status TruncateDurably(const std::string& path, size_t size) {
  const int file = OpenFile(std::filesystem::u8path(path), FileMode::kAppend);
  if (file < 0) return FileStatus("opening", path, errno);
  int error = 0;
  if (!TruncateFile(file, static_cast<int64_t>(size)) || !SyncFile(file)) error = errno;
  if (!CloseFile(file) && error == 0) error = errno;
  return error == 0 ? absl::OkStatus() : FileStatus("truncating", path, error);
}

absl::Status ReplaceDurably(const std::string& path, absl::string_view bytes) {
  const std::filesystem::path target = std::filesystem::u8path(path);
  std::filesystem::path fresh = target;
  fresh += ".new";
  absl::Status status = MakeFolder(target);
  if (status.ok()) status = WriteThrough(fresh, FileMode::kNew, bytes);
  if (!status.ok()) return status;
  std::error_code error;
  std::filesystem::rename(fresh, target, error);
  if (error) return FileStatus("renaming", fresh.u8string(), error.value());
  if (!SyncFolder(target.parent_path())) return FileStatus("writing the folder of", path, errno);
  return absl::OkStatus();
}

FileLock::~FileLock() {
  if (file_ != kNone) CloseFile(file_);
}

absl::Status FileLock::Take(const std::string& path) {
  if (file_ != kNone) return absl::OkStatus();
  const std::filesystem::path target = std::filesystem::u8path(path);
  if (absl::Status status = MakeFolder(target); !status.ok()) return status;
  file_ = OpenFile(target, FileMode::kLocked);
  if (file_ >= 0) return absl::OkStatus();
  file_ = kNone;
  if (errno != EAGAIN) return FileStatus("opening", path, errno);
  return ErrorStatus(absl::StatusCode::kUnavailable, kSourceBusy,
                     absl::StrCat(path, ": another agent on this host uses it"), {{"path", path}});
}

}  // namespace farstat::sources
