#include "client/output.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace farstat::client {
namespace {

constexpr size_t kLargeBuffer = size_t{64} << 10;

}  // namespace

void Output::Write(absl::string_view text) {
  if (closed()) return;
  absl::StrAppend(&buffer_, text);
  if (buffer_.size() >= kLargeBuffer) Flush();
}

void Output::Flush() {
  size_t written = 0;
  while (written < buffer_.size() && !closed()) {
    const ssize_t size =
        write(file_descriptor_, buffer_.data() + written, buffer_.size() - written);
    if (size >= 0) {
      written += static_cast<size_t>(size);
    } else if (errno == EPIPE) {
      reader_left_ = true;
    } else if (errno == EAGAIN) {
      // Somebody made the terminal or pipe non-blocking.
      pollfd ready = {file_descriptor_, POLLOUT, 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  buffer_.clear();
}

}  // namespace farstat::client
