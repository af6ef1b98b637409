#include "agent/rpc/listen_probe.h"

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace farstat::rpc {
namespace {

#ifdef _WIN32
using SocketHandle = SOCKET;
constexpr int kAddressInUse = WSAEADDRINUSE;
constexpr int kNotOurs = WSAEADDRNOTAVAIL;
constexpr int kNotAllowed = WSAEACCES;
int SocketError() { return WSAGetLastError(); }
void CloseSocket(SocketHandle handle) { closesocket(handle); }
std::string SocketErrorText(int error) { return absl::StrCat("Winsock error ", error); }
#else
using SocketHandle = int;
constexpr int kAddressInUse = EADDRINUSE;
constexpr int kNotOurs = EADDRNOTAVAIL;
constexpr int kNotAllowed = EACCES;
int SocketError() { return errno; }
void CloseSocket(SocketHandle handle) { close(handle); }
std::string SocketErrorText(int error) { return ErrnoText(error); }
#endif

std::string Advice(int error) {
  if (error == kAddressInUse) {
    return "the port is in use by another program, or by another agent; stop it or take another "
           "port";
  }
  if (error == kNotOurs) return "the address is not one of this host's";
  if (error == kNotAllowed) {
    return "not allowed: ports below 1024 need administrator rights (or CAP_NET_BIND_SERVICE)";
  }
  return SocketErrorText(error);
}

}  // namespace

absl::Status ProbeListen(const std::string& address) {
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
  // As gRPC does: connections in TIME_WAIT do not keep the port busy.
  const int on = 1;
  setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, reinterpret_cast<const char*>(&on), sizeof(on));
  if (bind(handle, found->ai_addr, static_cast<socklen_t>(found->ai_addrlen)) != 0 ||
      listen(handle, 1) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address, ": ", Advice(SocketError())));
  }
  return absl::OkStatus();
}

}  // namespace farstat::rpc
