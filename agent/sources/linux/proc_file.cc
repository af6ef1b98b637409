#include "agent/sources/linux/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace farstat::sources {
namespace {

// What one read asks for; most files are smaller.
constexpr size_t kReadSize = 4096;

absl::Status CannotRead(const std::string& path, int error) {
  const bool denied = error == EACCES || error == EPERM;
  return ErrorStatus(
      denied ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kUnavailable,
      denied ? kAgentLacksPrivilege : kNotSupportedHere,
      absl::StrCat("Cannot read ", path, ": ", ErrnoText(error), ". Is /proc mounted?"),
      {{"api", path}, {"errno", absl::StrCat(error)}});
}

}  // namespace

absl::Status ReadProcFile(const std::string& path, std::string& text, uint64_t& native_calls) {
  text.clear();
  ++native_calls;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return CannotRead(path, errno);
  ssize_t received;
  int error = 0;
  do {
    const size_t size = text.size();
    text.resize(size + kReadSize);
    ++native_calls;
    received = read(fd, text.data() + size, kReadSize);
    error = received < 0 ? errno : 0;
    text.resize(size + static_cast<size_t>(received > 0 ? received : 0));
  } while (received > 0 || error == EINTR);
  ++native_calls;
  close(fd);
  return error == 0 ? absl::OkStatus() : CannotRead(path, error);
}

}  // namespace farstat::sources
