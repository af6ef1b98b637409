#include "agent/rpc/listen_probe.h"

#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/sockets.h"
#include "common/status.h"

namespace farstat::rpc {
namespace {

#ifdef _WIN32
constexpr char kNotAllowed[] =
    "not allowed: another program has taken the port for itself, or Windows reserves it (netsh "
    "interface ipv4 show excludedportrange tcp)";
#else
constexpr char kNotAllowed[] =
    "not allowed: ports below 1024 need administrator rights (or CAP_NET_BIND_SERVICE)";
#endif

std::string Advice(int error) {
  if (error == EADDRINUSE) {
    return "the port is in use by another program, or by another agent; stop it or take another "
           "port";
  }
  if (error == EADDRNOTAVAIL) return "the address is not one of this host's";
  if (error == EACCES) return kNotAllowed;
  return ErrnoText(error);
}

}  // namespace

absl::Status ProbeListen(const std::string& address) {
  StartSockets();
  const size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.size() > 1 && host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints = {};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address, ": the name ", host, " does not resolve"));
  }
  const absl::Cleanup free_addresses = [found] { freeaddrinfo(found); };
  const SocketHandle handle = socket(found->ai_family, SOCK_STREAM, 0);
  const absl::Cleanup close_socket = [handle] { CloseSocket(handle); };
  ClaimPort(handle);
  if (bind(handle, found->ai_addr, static_cast<socklen_t>(found->ai_addrlen)) != 0 ||
      listen(handle, 1) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address, ": ", Advice(SocketError())));
  }
  return absl::OkStatus();
}

}  // namespace farstat::rpc
