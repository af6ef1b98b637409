// Facts about a port, found out with plain sockets: whether its host's name resolves, whether it
// accepts connections, and what speaks there. All of it blocks, for a bounded time.

#ifndef FARSTAT_CLIENT_PROBE_H_
#define FARSTAT_CLIENT_PROBE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/clock.h"

namespace farstat::client {

struct SocketAddress {
  // A sockaddr of the system's.
  std::string bytes;

  // "192.0.2.1:9847", "[2001:db8::1]:9847".
  std::string ToString() const;
};

// The addresses of a host name or address. DEADLINE_EXCEEDED: no answer in time; NOT_FOUND: there
// is no such name, and the message says what the resolver said.
absl::StatusOr<std::vector<SocketAddress>> ResolveName(const std::string& host, uint16_t port,
                                                       absl::Duration timeout);

// A TCP connection, non-blocking.
class Connection {
 public:
  Connection() = default;
  ~Connection();
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;

  // 0 or why it failed; ETIMEDOUT when `deadline` passed.
  int Open(const SocketAddress& address, SteadyTime deadline);
  bool Send(absl::string_view bytes) const;
  // The first bytes that come; empty when the peer closes, resets or says nothing until the
  // deadline. `closed` tells which.
  std::string Receive(SteadyTime deadline, bool& closed) const;
  // As Receive, but the bytes stay to be read again.
  std::string Peek(SteadyTime deadline, bool& closed) const;
  // Waits until there is something to read or write; false when the deadline has passed.
  bool WaitReadable(SteadyTime deadline) const;
  bool WaitWritable(SteadyTime deadline) const;

  // As OpenSSL takes sockets, on Windows too.
  int socket_number() const { return static_cast<int>(socket_); }

 private:
  std::string ReceiveWith(int flags, SteadyTime deadline, bool& closed) const;

  // A SocketHandle (common/sockets.h); -1: none.
  intptr_t socket_ = -1;
};

// What the first bytes of a server are.
enum class Speech { kTls, kHttp2, kHttp1, kSsh, kOther };
Speech RecognizeSpeech(absl::string_view bytes);

SteadyTime SteadyIn(absl::Duration duration);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_PROBE_H_
