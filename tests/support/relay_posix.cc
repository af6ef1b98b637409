#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/support/relay.h"

namespace farstat::testing {
namespace {

// The port of "127.0.0.1:PORT".
int PortOf(const std::string& address) {
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  return port;
}

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

}  // namespace

Relay::Relay(const std::string& server) : server_port_(PortOf(server)) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(bind(listener_, any, size), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  EXPECT_EQ(getsockname(listener_, any, &size), 0);
  address_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  accepting_ = std::thread([this] { Accept(); });
}

Relay::~Relay() {
  // Wakes the threads out of their calls; only then nobody uses the sockets any more.
  shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  std::vector<std::thread> threads;
  {
    MutexLock lock(mutex_);
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  MutexLock lock(mutex_);
  for (const int socket : sockets_) close(socket);
  close(listener_);
}

void Relay::Swallow() {
  MutexLock lock(mutex_);
  swallowing_ = true;
}

void Relay::Restore() {
  MutexLock lock(mutex_);
  swallowing_ = false;
  first_living_ = sockets_.size() / 2;
}

bool Relay::Swallows(size_t number) {
  MutexLock lock(mutex_);
  return swallowing_ || number < first_living_;
}

void Relay::Accept() {
  while (true) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(server_port_);
    if (connect(server, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      // No server: the client finds nobody either.
      close(server);
      close(client);
      continue;
    }
    MutexLock lock(mutex_);
    const size_t number = sockets_.size() / 2;
    sockets_.push_back(client);
    sockets_.push_back(server);
    threads_.emplace_back([=] { Pass(client, server, number); });
    threads_.emplace_back([=] { Pass(server, client, number); });
  }
}

void Relay::Pass(int from, int to, size_t number) {
  char bytes[16 << 10];
  while (true) {
    const ssize_t size = recv(from, bytes, sizeof(bytes), 0);
    const bool swallowing = Swallows(number);
    // An end is swallowed, too: the other side must not learn of it.
    if (size <= 0) {
      if (!swallowing) shutdown(to, SHUT_RDWR);
      return;
    }
    for (ssize_t sent = 0; !swallowing && sent < size;) {
      const ssize_t more = send(to, bytes + sent, static_cast<size_t>(size - sent), MSG_NOSIGNAL);
      if (more <= 0) return;
      sent += more;
    }
  }
}

}  // namespace farstat::testing
