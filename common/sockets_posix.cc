#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/sockets.h"

namespace farstat {

void StartSockets() {}

SocketHandle OpenStreamSocket(int family) {
  return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

void CloseSocket(SocketHandle handle) { close(handle); }

void ClaimPort(SocketHandle handle) {
  const int on = 1;
  setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
}

int SocketError() { return errno; }

int StartConnect(SocketHandle handle, const sockaddr* address, socklen_t size) {
  return connect(handle, address, size) == 0 ? 0 : errno;
}

int ConnectError(SocketHandle handle) {
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(handle, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

bool WaitForSocket(SocketHandle handle, SocketEvent event, absl::Duration timeout) {
  const int64_t milliseconds =
      std::clamp<int64_t>(absl::ToInt64Milliseconds(timeout + absl::Microseconds(999)), 0, 600'000);
  const short wanted = event == SocketEvent::kReadable ? POLLIN : POLLOUT;
  pollfd waited = {handle, wanted, 0};
  return poll(&waited, 1, static_cast<int>(milliseconds)) > 0;
}

std::string ResolverErrorText(int error) { return gai_strerror(error); }

}  // namespace farstat
