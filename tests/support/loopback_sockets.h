// Real TCP connections over loopback, for tests that look at them from outside.

#ifndef FARSTAT_TESTS_SUPPORT_LOOPBACK_SOCKETS_H_
#define FARSTAT_TESTS_SUPPORT_LOOPBACK_SOCKETS_H_

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "agent/sources/linux/tcp_info.h"

namespace farstat::sources {

// Waits until the condition holds, for at most ten seconds.
template <typename Condition>
bool Eventually(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() { Close(); }

  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  // Ends the connection at once, without TIME_WAIT.
  void Reset() {
    const linger now = {1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    Close();
  }
  int fd() const { return fd_; }
  uint64_t Cookie() const {
    uint64_t cookie = 0;
    socklen_t size = sizeof(cookie);
    EXPECT_EQ(getsockopt(fd_, SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
    return cookie;
  }
  // As much of tcp_info as the kernel has; `size` is how much that is.
  TcpInfo Info(size_t* size = nullptr) const {
    TcpInfo info = {};
    socklen_t length = sizeof(info);
    EXPECT_EQ(getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
    if (size != nullptr) *size = length;
    return info;
  }
  void SetOption(int option, int value) const {
    EXPECT_EQ(setsockopt(fd_, SOL_SOCKET, option, &value, sizeof(value)), 0);
  }

 private:
  int fd_ = -1;
};

struct Address {
  sockaddr_storage storage = {};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  uint16_t port() const {
    return ntohs(storage.ss_family == AF_INET6
                     ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                     : reinterpret_cast<const sockaddr_in&>(storage).sin_port);
  }
};

inline Address MakeAddress(const std::string& text, uint16_t port = 0) {
  Address address;
  auto& ipv4 = reinterpret_cast<sockaddr_in&>(address.storage);
  if (inet_pton(AF_INET, text.c_str(), &ipv4.sin_addr) == 1) {
    ipv4.sin_family = AF_INET;
    ipv4.sin_port = htons(port);
    address.size = sizeof(ipv4);
    return address;
  }
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &ipv6.sin6_addr), 1) << text;
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(port);
  address.size = sizeof(ipv6);
  return address;
}

inline Address LocalAddress(const Socket& socket) {
  Address address;
  EXPECT_EQ(getsockname(socket.fd(), address.get(), &address.size), 0);
  return address;
}

inline Socket OpenSocket(int family, int flags = 0) {
  return Socket(socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

inline Socket Listen(const std::string& text, int backlog = 16, int receive_buffer = 0) {
  Address address = MakeAddress(text);
  Socket listener = OpenSocket(address.storage.ss_family);
  if (receive_buffer > 0) listener.SetOption(SO_RCVBUF, receive_buffer);
  EXPECT_EQ(bind(listener.fd(), address.get(), address.size), 0) << strerror(errno);
  EXPECT_EQ(listen(listener.fd(), backlog), 0);
  return listener;
}

inline Socket ConnectTo(const std::string& text, uint16_t port, int flags = 0) {
  Address address = MakeAddress(text, port);
  Socket client = OpenSocket(address.storage.ss_family, flags);
  const int result = connect(client.fd(), address.get(), address.size);
  EXPECT_TRUE(result == 0 || errno == EINPROGRESS) << strerror(errno);
  return client;
}

inline Socket Accept(const Socket& listener) {
  return Socket(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
}

struct Connection {
  Socket listener;
  Socket client;
  Socket server;

  explicit Connection(const std::string& text = "127.0.0.1", int receive_buffer = 0)
      : listener(Listen(text, 16, receive_buffer)),
        client(ConnectTo(text, LocalAddress(listener).port())),
        server(Accept(listener)) {}

  void Send(const Socket& from, const Socket& to, size_t size) {
    std::string data(size, 'x');
    ASSERT_EQ(send(from.fd(), data.data(), size, MSG_NOSIGNAL), static_cast<ssize_t>(size));
    ASSERT_EQ(recv(to.fd(), data.data(), size, MSG_WAITALL), static_cast<ssize_t>(size));
  }

  // Nothing is on its way or waits to be. On the side that accepted, the kernel does not count the
  // SYN-ACK.
  bool AtRest() const {
    const TcpInfo ours = client.Info();
    const TcpInfo theirs = server.Info();
    const bool all_sent = ours.notsent_bytes == 0 && theirs.notsent_bytes == 0;
    const bool all_acknowledged = ours.unacked == 0 && theirs.unacked == 0;
    return all_sent && all_acknowledged && ours.segs_out == theirs.segs_in &&
           ours.segs_in == theirs.segs_out + 1;
  }
};

inline bool HasIpv6() {
  Address address = MakeAddress("::1");
  const Socket probe = OpenSocket(AF_INET6);
  return probe.fd() >= 0 && bind(probe.fd(), address.get(), address.size) == 0;
}

}  // namespace farstat::sources

#endif  // FARSTAT_TESTS_SUPPORT_LOOPBACK_SOCKETS_H_
