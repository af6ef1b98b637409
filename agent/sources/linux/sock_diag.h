// Lists the TCP sockets of this network namespace through NETLINK_SOCK_DIAG.
//
// Reading the kernel's bytes and talking to the kernel are kept apart: ParseDiagDatagram is a pure
// function over bytes, which tests and the fuzzer call directly; SockDiag asks, receives and
// retries.

#ifndef FARSTAT_AGENT_SOURCES_LINUX_SOCK_DIAG_H_
#define FARSTAT_AGENT_SOURCES_LINUX_SOCK_DIAG_H_

#include <linux/inet_diag.h>

#include <cstdint>
#include <functional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace farstat::sources {

// One socket of a dump. The views point into the datagram; they are empty where the kernel sent
// nothing.
struct DiagSocket {
  inet_diag_msg message;
  absl::string_view tcp_info;    // struct tcp_info, as long as the running kernel's
  absl::string_view congestion;  // name of the congestion control algorithm
  absl::string_view memory;      // uint32_t[], indexed by SK_MEMINFO_…
  int64_t unix_ms = 0;           // when the kernel wrote it down
};

// What else was in a datagram.
struct DiagDatagram {
  bool done = false;         // the last one of the dump
  bool interrupted = false;  // the kernel says that the table changed under the dump
};

using DiagVisitor = absl::FunctionRef<void(const DiagSocket&)>;

// Reads one datagram of a dump and visits the sockets in it. Messages with another sequence number
// are left over from an earlier dump and are skipped. Bytes that do not add up are an error.
absl::StatusOr<DiagDatagram> ParseDiagDatagram(absl::string_view datagram, uint32_t sequence,
                                               int64_t unix_ms, DiagVisitor visit);

// Extensions that can be asked for, to be ORed.
inline constexpr uint8_t kDiagTcpInfo = 1 << (INET_DIAG_INFO - 1);
inline constexpr uint8_t kDiagCongestion = 1 << (INET_DIAG_CONG - 1);
inline constexpr uint8_t kDiagMemory = 1 << (INET_DIAG_SKMEMINFO - 1);

// Gives a datagram socket at whose other end the kernel answers, or in tests something else.
using DiagSocketOpener = std::function<absl::StatusOr<int>()>;
absl::StatusOr<int> OpenSockDiag();

// Dumps the sockets of one address family. The netlink socket stays open between dumps: the kernel
// then already knows that large datagrams are welcome.
class SockDiag {
 public:
  explicit SockDiag(int family, DiagSocketOpener open = OpenSockDiag);
  ~SockDiag();
  SockDiag(const SockDiag&) = delete;
  SockDiag& operator=(const SockDiag&) = delete;

  // Visits every socket in every state. `begin` is called before each try; what was visited before
  // it is to be forgotten. A socket may be visited twice.
  //
  // ABORTED (TABLE_CHANGING): all sockets that the last try showed were visited, but the kernel
  // says that it may have missed some. Any other error: the dump is incomplete.
  absl::Status Dump(uint8_t extensions, absl::FunctionRef<void()> begin, DiagVisitor visit);

  // System calls so far.
  uint64_t native_calls() const { return native_calls_; }

 private:
  absl::Status TryDump(uint8_t extensions, DiagVisitor visit);
  absl::Status Ask(uint8_t extensions);
  absl::StatusOr<absl::string_view> Receive();
  absl::Status Fail(absl::Status status);
  void Close();

  const int family_;
  const DiagSocketOpener open_;
  int fd_ = -1;
  uint32_t sequence_ = 0;
  std::string buffer_;
  uint64_t native_calls_ = 0;
};

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_LINUX_SOCK_DIAG_H_
