#include "client/probe.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sockets.h"

namespace farstat::client {
namespace {

absl::StatusOr<std::vector<SocketAddress>> ResolveNow(const std::string& host, uint16_t port) {
  StartSockets();
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) return absl::NotFoundError(ResolverErrorText(error));
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    addresses.push_back(
        {std::string(reinterpret_cast<const char*>(entry->ai_addr), entry->ai_addrlen)});
  }
  freeaddrinfo(list);
  return addresses;
}

SocketHandle HandleOf(intptr_t socket) { return static_cast<SocketHandle>(socket); }

bool WaitFor(intptr_t socket, SocketEvent event, SteadyTime deadline) {
  while (true) {
    const absl::Duration left = absl::FromChrono(deadline - SystemClock().Steady());
    if (WaitForSocket(HandleOf(socket), event, left)) return true;
    if (SystemClock().Steady() >= deadline) return false;
  }
}

void CloseIfOpen(intptr_t socket) {
  if (HandleOf(socket) != kNoSocket) CloseSocket(HandleOf(socket));
}

// The system wants it aligned.
sockaddr_storage Storage(const SocketAddress& address) {
  sockaddr_storage storage = {};
  std::memcpy(&storage, address.bytes.data(), std::min(address.bytes.size(), sizeof(storage)));
  return storage;
}

}  // namespace

std::string SocketAddress::ToString() const {
  char host[NI_MAXHOST] = "?";
  char port[NI_MAXSERV] = "?";
  const sockaddr_storage storage = Storage(*this);
  getnameinfo(reinterpret_cast<const sockaddr*>(&storage), static_cast<socklen_t>(bytes.size()),
              host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
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

Connection::~Connection() { CloseIfOpen(socket_); }

Connection::Connection(Connection&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(socket_, other.socket_);
  return *this;
}

int Connection::Open(const SocketAddress& address, SteadyTime deadline) {
  CloseIfOpen(socket_);
  const sockaddr_storage storage = Storage(address);
  socket_ = static_cast<intptr_t>(OpenStreamSocket(storage.ss_family));
  if (HandleOf(socket_) == kNoSocket) return SocketError();
  const int error = StartConnect(HandleOf(socket_), reinterpret_cast<const sockaddr*>(&storage),
                                 static_cast<socklen_t>(address.bytes.size()));
  if (error != EINPROGRESS) return error;
  return WaitWritable(deadline) ? ConnectError(HandleOf(socket_)) : ETIMEDOUT;
}

bool Connection::Send(absl::string_view bytes) const {
  // Small, and the first of the connection: the socket's buffer takes it whole.
  const auto size = static_cast<int>(bytes.size());
  return send(HandleOf(socket_), bytes.data(), bytes.size(), kNoSignal) == size;
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
  const auto size = recv(HandleOf(socket_), bytes, sizeof(bytes), flags);
  closed = size <= 0;
  return closed ? "" : std::string(bytes, static_cast<size_t>(size));
}

bool Connection::WaitReadable(SteadyTime deadline) const {
  return WaitFor(socket_, SocketEvent::kReadable, deadline);
}

bool Connection::WaitWritable(SteadyTime deadline) const {
  return WaitFor(socket_, SocketEvent::kWritable, deadline);
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
