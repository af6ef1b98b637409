// What differs between the sockets of POSIX and of Windows, under one name; the rest of the
// interface (getaddrinfo, connect, send, …) comes with the system's headers from here.
//
// To be included by .cc files only: Windows' headers define macros that break other people's names.

#ifndef FARSTAT_COMMON_SOCKETS_H_
#define FARSTAT_COMMON_SOCKETS_H_

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#endif

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace farstat {

#ifdef _WIN32
using SocketHandle = SOCKET;
#else
using SocketHandle = int;
#endif
inline constexpr SocketHandle kNoSocket = static_cast<SocketHandle>(-1);

// For send: a peer that has left is an error and no signal.
#ifdef _WIN32
inline constexpr int kNoSignal = 0;
#else
inline constexpr int kNoSignal = MSG_NOSIGNAL;
#endif

// The first of all calls: Windows wants to be told that sockets will be used. May be repeated.
void StartSockets();

// A TCP socket that does not wait and that no other program inherits. kNoSocket: see SocketError.
SocketHandle OpenStreamSocket(int family);
void CloseSocket(SocketHandle handle);
// Before bind: old connections in TIME_WAIT do not keep the port busy, another listener does.
void ClaimPort(SocketHandle handle);

// Why the last call on this thread failed, as one of the numbers of <cerrno>, whatever the system
// calls it.
int SocketError();
// Begins to connect. 0: connected; EINPROGRESS: it goes on by itself, WaitForSocket tells when it
// is writable, ConnectError how it ended.
int StartConnect(SocketHandle handle, const sockaddr* address, socklen_t size);
int ConnectError(SocketHandle handle);

enum class SocketEvent { kReadable, kWritable };
// Waits for at most `timeout`. A failed connection attempt is both readable and writable. False:
// the time has passed, or a signal came.
bool WaitForSocket(SocketHandle handle, SocketEvent event, absl::Duration timeout);

// What the resolver means by an error of getaddrinfo.
std::string ResolverErrorText(int error);

}  // namespace farstat

#endif  // FARSTAT_COMMON_SOCKETS_H_
