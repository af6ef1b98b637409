#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "client/standard_stream.h"

namespace farstat::client {

void PrepareStandardStreams() {}

int WriteSome(int file_descriptor, absl::string_view bytes, size_t& written) {
  while (true) {
    const ssize_t size = write(file_descriptor, bytes.data(), bytes.size());
    if (size >= 0) {
      written = static_cast<size_t>(size);
      return 0;
    }
    if (errno == EAGAIN) {
      // Somebody made the terminal or pipe non-blocking.
      pollfd ready = {file_descriptor, POLLOUT, 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
}

}  // namespace farstat::client
