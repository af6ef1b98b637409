#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/sockets.h"

namespace farstat {
namespace {

// Winsock's numbers begin here.
constexpr int kWinsockBase = 10000;

int ErrnoOf(int error) {
  switch (error) {
    case WSAEINTR:
      return EINTR;
    case WSAEACCES:
      return EACCES;
    case WSAEINVAL:
      return EINVAL;
    case WSAEMFILE:
      return EMFILE;
    case WSAEWOULDBLOCK:
      return EAGAIN;
    case WSAEADDRINUSE:
      return EADDRINUSE;
    case WSAEADDRNOTAVAIL:
      return EADDRNOTAVAIL;
    case WSAEAFNOSUPPORT:
      return EAFNOSUPPORT;
    case WSAENETDOWN:
      return ENETDOWN;
    case WSAENETUNREACH:
      return ENETUNREACH;
    case WSAECONNABORTED:
      return ECONNABORTED;
    case WSAECONNRESET:
      return ECONNRESET;
    case WSAETIMEDOUT:
      return ETIMEDOUT;
    case WSAECONNREFUSED:
      return ECONNREFUSED;
    case WSAEHOSTUNREACH:
      return EHOSTUNREACH;
    default:
      return error >= kWinsockBase ? EIO : error;
  }
}

}  // namespace

void StartSockets() {
  // Thread-safe by the rules for statics, and never undone: sockets are used until the end.
  static const int result = [] {
    WSADATA data = {};
    return WSAStartup(MAKEWORD(2, 2), &data);
  }();
  static_cast<void>(result);
}

SocketHandle OpenStreamSocket(int family) {
  const SocketHandle handle = WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, nullptr, 0,
                                         WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  if (handle == kNoSocket) return handle;
  u_long on = 1;
  ioctlsocket(handle, static_cast<long>(FIONBIO), &on);
  return handle;
}

void CloseSocket(SocketHandle handle) { closesocket(handle); }

void ClaimPort(SocketHandle handle) {
  // SO_REUSEADDR would mean here that a port can be taken from its owner.
  const int on = 1;
  setsockopt(handle, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, reinterpret_cast<const char*>(&on),
             sizeof(on));
}

int SocketError() { return ErrnoOf(WSAGetLastError()); }

int StartConnect(SocketHandle handle, const sockaddr* address, socklen_t size) {
  if (connect(handle, address, size) == 0) return 0;
  const int error = WSAGetLastError();
  return error == WSAEWOULDBLOCK ? EINPROGRESS : ErrnoOf(error);
}

int ConnectError(SocketHandle handle) {
  int error = 0;
  int size = sizeof(error);
  if (getsockopt(handle, SOL_SOCKET, SO_ERROR, reinterpret_cast<char*>(&error), &size) != 0) {
    return SocketError();
  }
  return ErrnoOf(error);
}

bool WaitForSocket(SocketHandle handle, SocketEvent event, absl::Duration timeout) {
  // Not WSAPoll: before Windows 10 2004 it does not see that a connection attempt has failed.
  fd_set wanted;
  fd_set failed;
  FD_ZERO(&wanted);
  FD_ZERO(&failed);
  FD_SET(handle, &wanted);
  FD_SET(handle, &failed);
  const absl::Duration bounded = std::clamp(timeout, absl::ZeroDuration(), absl::Minutes(10));
  const int64_t microseconds = absl::ToInt64Microseconds(bounded);
  timeval limit = {};
  limit.tv_sec = static_cast<long>(microseconds / 1'000'000);
  limit.tv_usec = static_cast<long>(microseconds % 1'000'000);
  const bool reads = event == SocketEvent::kReadable;
  return select(0, reads ? &wanted : nullptr, reads ? nullptr : &wanted, &failed, &limit) > 0;
}

std::string ResolverErrorText(int error) {
  switch (error) {
    case WSAHOST_NOT_FOUND:
      return "there is no such name";
    case WSATRY_AGAIN:
      return "the name servers did not answer";
    case WSANO_DATA:
      return "the name has no address";
    default:
      return absl::StrCat("Winsock error ", error);
  }
}

}  // namespace farstat
