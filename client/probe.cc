#include "client/probe.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace farstat::client {
namespace {

absl::StatusOr<std::vector<SocketAddress>> ResolveNow(const std::string& host, uint16_t port) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) return absl::NotFoundError(gai_strerror(error));
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    addresses.push_back(address);
  }
  freeaddrinfo(list);
  return addresses;
}

bool WaitFor(int file_descriptor, short events, SteadyTime deadline) {
  while (true) {
    const absl::Duration left =
        absl::FromChrono(deadline - SystemClock().Steady()) + absl::Microseconds(999);
    const int64_t milliseconds = std::max<int64_t>(absl::ToInt64Milliseconds(left), 0);
    pollfd waited = {file_descriptor, events, 0};
    const int ready = poll(&waited, 1, static_cast<int>(std::min<int64_t>(milliseconds, 600'000)));
    if (ready > 0) return true;
    if (ready == 0 && SystemClock().Steady() >= deadline) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace

std::string SocketAddress::ToString() const {
  char host[NI_MAXHOST] = "?";
  char port[NI_MAXSERV] = "?";
  getnameinfo(reinterpret_cast<const sockaddr*>(&storage), size, host, sizeof(host), port,
              sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
  if (storage.ss_family == AF_INET6) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

absl::StatusOr<std::vector<SocketAddress>> ResolveName(const std::string& host, uint16_t port,
                                                       absl::Duration timeout) {
  using Answer = absl::StatusOr<std::vector<SocketAddress>>;
  // The system's resolver cannot be told to hurry: its thread is left behind if it takes too long.
  auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  std::thread resolver([promise, host, port] { promise->set_value(ResolveNow(host, port)); });
  resolver.detach();  // allow(detach): owns all that it uses
  if (answer.wait_for(absl::ToChronoMilliseconds(timeout)) != std::future_status::ready) {
    return absl::DeadlineExceededError("no answer");
  }
  return answer.get();
}

Connection::~Connection() {
  if (file_descriptor_ >= 0) close(file_descriptor_);
}

Connection::Connection(Connection&& other) noexcept
    : file_descriptor_(std::exchange(other.file_descriptor_, -1)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(file_descriptor_, other.file_descriptor_);
  return *this;
}

int Connection::Open(const SocketAddress& address, SteadyTime deadline) {
  if (file_descriptor_ >= 0) close(file_descriptor_);
  file_descriptor_ =
      socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file_descriptor_ < 0) return errno;
  if (connect(file_descriptor_, reinterpret_cast<const sockaddr*>(&address.storage),
              address.size) == 0) {
    return 0;
  }
  if (errno != EINPROGRESS) return errno;
  if (!WaitWritable(deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(file_descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

bool Connection::Send(absl::string_view bytes) const {
  // Small, and the first of the connection: the socket's buffer takes it whole.
  return send(file_descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

std::string Connection::Receive(SteadyTime deadline, bool& closed) const {
  return ReceiveWith(0, deadline, closed);
}

std::string Connection::Peek(SteadyTime deadline, bool& closed) const {
  return ReceiveWith(MSG_PEEK, deadline, closed);
}

std::string Connection::ReceiveWith(int flags, SteadyTime deadline, bool& closed) const {
  closed = false;
  if (!WaitReadable(deadline)) return "";
  char bytes[256];
  const ssize_t size = recv(file_descriptor_, bytes, sizeof(bytes), flags);
  closed = size <= 0;
  return closed ? "" : std::string(bytes, static_cast<size_t>(size));
}

bool Connection::WaitReadable(SteadyTime deadline) const {
  return WaitFor(file_descriptor_, POLLIN, deadline);
}

bool Connection::WaitWritable(SteadyTime deadline) const {
  return WaitFor(file_descriptor_, POLLOUT, deadline);
}

Speech RecognizeSpeech(absl::string_view bytes) {
  const auto byte = [bytes](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  // A TLS record: handshake or alert, version 3.x.
  if (bytes.size() >= 2 && (byte(0) == 0x16 || byte(0) == 0x15) && byte(1) == 0x03) {
    return Speech::kTls;
  }
  // A SETTINGS frame on stream 0.
  if (bytes.size() >= 9 && byte(0) == 0 && byte(3) == 0x04 &&
      bytes.substr(5, 4) == absl::string_view("\0\0\0\0", 4)) {
    return Speech::kHttp2;
  }
  if (absl::StartsWith(bytes, "HTTP/1.")) return Speech::kHttp1;
  if (absl::StartsWith(bytes, "SSH-")) return Speech::kSsh;
  return Speech::kOther;
}

SteadyTime SteadyIn(absl::Duration duration) {
  return SystemClock().Steady() + absl::ToChronoNanoseconds(duration);
}

}  // namespace farstat::client
