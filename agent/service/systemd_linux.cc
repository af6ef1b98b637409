#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "agent/service/systemd.h"
#include "agent/stop_signal.h"
#include "common/status.h"
#include "spdlog/spdlog.h"

namespace farstat::service {

void Systemd::Serving(absl::string_view where) { Notify(absl::StrCat("READY=1\nSTATUS=", where)); }

std::string Systemd::WaitForStop() { return WaitForStopSignal(); }

void Systemd::Stopping() { Notify("STOPPING=1\nSTATUS=stopping"); }

void Systemd::Status(absl::string_view text) const { Notify(absl::StrCat("STATUS=", text)); }

void Systemd::Notify(absl::string_view message) const {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (socket_name_.empty() || socket_name_.size() >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, socket_name_.data(), socket_name_.size());
  if (socket_name_.front() == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_name_.size());
  const int handle = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const absl::Cleanup close_socket = [handle] { close(handle); };
  if (sendto(handle, message.data(), message.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&address), size) < 0) {
    spdlog::warn("systemd cannot be told at {}: {}", socket_name_, ErrnoText(errno));
  }
}

}  // namespace farstat::service
