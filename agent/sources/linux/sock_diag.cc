#include "agent/sources/linux/sock_diag.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/status.h"

namespace farstat::sources {
namespace {

// The kernel fills datagrams of at most 32 KiB; twice that is never cut.
constexpr size_t kBufferSize = size_t{64} << 10;
// The kernel has one datagram under way while it is read from; with this it is never short of room,
// whatever net.core.rmem_default says.
constexpr int kSocketBufferSize = 256 << 10;
// A dump is computed inside send and recv. Waiting means that the kernel holds a lock for long.
constexpr timeval kReceiveTimeout = {5, 0};
constexpr int kTries = 4;
// The kernel's MAX_ERRNO.
constexpr int kMaxErrno = 4095;
// Bits for all states. Unknown bits are ignored, so a kernel before 6.8 does not mind
// TCP_BOUND_INACTIVE (13).
constexpr uint32_t kAllStates = ~uint32_t{0};

absl::Status CallFailed(absl::StatusCode code, absl::string_view reason, absl::string_view call,
                        int error, absl::string_view advice) {
  return ErrorStatus(
      code, reason,
      absl::StrCat("Listing TCP sockets failed: ", call, ": ", ErrnoText(error), ". ", advice),
      {{"api", absl::StrCat("NETLINK_SOCK_DIAG ", call)}, {"errno", absl::StrCat(error)}});
}

absl::Status ErrnoStatus(absl::string_view call, int error) {
  switch (error) {
    case EPERM:
    case EACCES:
      return CallFailed(absl::StatusCode::kFailedPrecondition, kAgentLacksPrivilege, call, error,
                        "The agent may not use netlink: look at its sandbox (seccomp, SELinux).");
    case ENOENT:
    case EPROTONOSUPPORT:
      return CallFailed(absl::StatusCode::kUnimplemented, kNotSupportedHere, call, error,
                        "The kernel lacks INET_DIAG: try 'modprobe tcp_diag'.");
    case EAFNOSUPPORT:
      return CallFailed(absl::StatusCode::kFailedPrecondition, kAgentLacksPrivilege, call, error,
                        "Netlink sockets are shut out: in a systemd unit, AF_NETLINK must be in "
                        "RestrictAddressFamilies.");
    case EAGAIN:
      return CallFailed(absl::StatusCode::kUnavailable, kSourceHung, call, error,
                        "The kernel did not answer in time.");
    case ENOBUFS:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return CallFailed(absl::StatusCode::kResourceExhausted, kLimitReached, call, error,
                        "The host is short of memory or of file descriptors.");
    default:
      return CallFailed(absl::StatusCode::kInternal, kNativeCallFailed, call, error,
                        "This is not expected; please report it.");
  }
}

absl::Status Malformed(absl::string_view what) {
  return ErrorStatus(absl::StatusCode::kInternal, kNativeCallFailed,
                     absl::StrCat("The kernel's list of TCP sockets cannot be read: ", what, "."),
                     {{"api", "NETLINK_SOCK_DIAG"}});
}

absl::Status TableChanging(absl::string_view what) {
  return ErrorStatus(
      absl::StatusCode::kAborted, kTableChanging,
      absl::StrCat("The table of TCP sockets changed while it was read; ", what, "."),
      {{"api", "NETLINK_SOCK_DIAG"}});
}

// Copies a structure from the beginning of bytes that need not be aligned.
template <typename T>
bool Read(absl::string_view bytes, T& structure) {
  if (bytes.size() < sizeof(T)) return false;
  std::memcpy(&structure, bytes.data(), sizeof(T));
  return true;
}

// Removes the element of `length` bytes, with its padding to four, from the front. At the end of
// the datagram the padding may be missing.
void RemoveElement(absl::string_view& bytes, size_t length) {
  bytes.remove_prefix(std::min(bytes.size(), (length + 3) & ~size_t{3}));
}

bool ParseAttributes(absl::string_view bytes, DiagSocket& socket) {
  while (!bytes.empty()) {
    rtattr header;
    if (!Read(bytes, header)) return false;
    if (header.rta_len < sizeof(header) || header.rta_len > bytes.size()) return false;
    const absl::string_view value = bytes.substr(sizeof(header), header.rta_len - sizeof(header));
    if (header.rta_type == INET_DIAG_INFO) socket.tcp_info = value;
    if (header.rta_type == INET_DIAG_SKMEMINFO) socket.memory = value;
    if (header.rta_type == INET_DIAG_CONG) socket.congestion = value.substr(0, value.find('\0'));
    RemoveElement(bytes, header.rta_len);
  }
  return true;
}

absl::Status ParseSocket(absl::string_view payload, int64_t unix_ms, DiagVisitor visit) {
  DiagSocket socket;
  if (!Read(payload, socket.message)) return Malformed("a socket is cut short");
  payload.remove_prefix(sizeof(socket.message));
  if (socket.message.idiag_family != AF_INET && socket.message.idiag_family != AF_INET6) {
    return Malformed("a socket has an unknown address family");
  }
  if (!ParseAttributes(payload, socket)) return Malformed("an attribute has an impossible length");
  socket.unix_ms = unix_ms;
  visit(socket);
  return absl::OkStatus();
}

// The negative error number that NLMSG_ERROR and NLMSG_DONE begin with; otherwise there is no
// error.
absl::Status ParseErrorNumber(absl::string_view payload) {
  int error = 0;
  if (!Read(payload, error)) return Malformed("an error message is cut short");
  if (error >= 0) return absl::OkStatus();
  return error < -kMaxErrno ? Malformed("an error number is none") : ErrnoStatus("dump", -error);
}

absl::Status ParseMessage(const nlmsghdr& header, absl::string_view payload, int64_t unix_ms,
                          DiagVisitor visit, DiagDatagram& result) {
  if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) result.interrupted = true;
  switch (header.nlmsg_type) {
    case SOCK_DIAG_BY_FAMILY:
      return ParseSocket(payload, unix_ms, visit);
    case NLMSG_ERROR:
      return ParseErrorNumber(payload);
    case NLMSG_DONE:
      result.done = true;
      // Kernels have not always told here how the dump went.
      return payload.empty() ? absl::OkStatus() : ParseErrorNumber(payload);
    case NLMSG_OVERRUN:
      result.interrupted = true;
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

void Set(int fd, int option, const void* value, socklen_t size) {
  // Improvements only: without them dumps still work.
  (void)setsockopt(fd, SOL_SOCKET, option, value, size);
}

}  // namespace

absl::StatusOr<DiagDatagram> ParseDiagDatagram(absl::string_view datagram, uint32_t sequence,
                                               int64_t unix_ms, DiagVisitor visit) {
  DiagDatagram result;
  while (!datagram.empty() && !result.done) {
    nlmsghdr header;
    if (!Read(datagram, header)) return Malformed("a message header is cut short");
    if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > datagram.size()) {
      return Malformed("a message has an impossible length");
    }
    if (header.nlmsg_seq == sequence) {
      const absl::string_view payload =
          datagram.substr(sizeof(header), header.nlmsg_len - sizeof(header));
      absl::Status status = ParseMessage(header, payload, unix_ms, visit, result);
      if (!status.ok()) return status;
    }
    RemoveElement(datagram, header.nlmsg_len);
  }
  return result;
}

absl::StatusOr<int> OpenSockDiag() {
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) return ErrnoStatus("socket", errno);
  // Connected to the kernel: nobody else can then send to this socket.
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) != 0) {
    const absl::Status status = ErrnoStatus("connect", errno);
    close(fd);
    return status;
  }
  Set(fd, SO_RCVBUF, &kSocketBufferSize, sizeof(kSocketBufferSize));
  Set(fd, SO_RCVTIMEO, &kReceiveTimeout, sizeof(kReceiveTimeout));
  return fd;
}

SockDiag::SockDiag(int family, DiagSocketOpener open) : family_(family), open_(std::move(open)) {}

SockDiag::~SockDiag() { Close(); }

absl::Status SockDiag::Dump(uint8_t extensions, absl::FunctionRef<void()> begin,
                            DiagVisitor visit) {
  absl::Status status;
  for (int i = 0; i < kTries; ++i) {
    begin();
    status = TryDump(extensions, visit);
    const bool again = absl::IsAborted(status) || absl::IsResourceExhausted(status);
    if (!again) return status;
  }
  return status;
}

absl::Status SockDiag::TryDump(uint8_t extensions, DiagVisitor visit) {
  if (absl::Status status = Ask(extensions); !status.ok()) return Fail(status);
  bool interrupted = false;
  // A datagram is computed while the one before it is received, so that is when its ages were true.
  int64_t unix_ms = absl::ToUnixMillis(absl::Now());
  for (;;) {
    const absl::StatusOr<absl::string_view> datagram = Receive();
    if (!datagram.ok()) return Fail(datagram.status());
    const int64_t next_unix_ms = absl::ToUnixMillis(absl::Now());
    const absl::StatusOr<DiagDatagram> parsed =
        ParseDiagDatagram(*datagram, sequence_, unix_ms, visit);
    if (!parsed.ok()) return Fail(parsed.status());
    interrupted |= parsed->interrupted;
    if (parsed->done) break;
    unix_ms = next_unix_ms;
  }
  return interrupted ? TableChanging("sockets may be missing from this list") : absl::OkStatus();
}

absl::Status SockDiag::Ask(uint8_t extensions) {
  if (fd_ < 0) {
    // socket, connect and two setsockopt.
    native_calls_ += 4;
    const absl::StatusOr<int> fd = open_();
    if (!fd.ok()) return fd.status();
    fd_ = *fd;
  }
  if (buffer_.empty()) buffer_.resize(kBufferSize);
  struct {
    nlmsghdr header;
    inet_diag_req_v2 body;
  } request = {};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.header.nlmsg_seq = ++sequence_;
  request.body.sdiag_family = static_cast<uint8_t>(family_);
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_ext = extensions;
  request.body.idiag_states = kAllStates;
  ++native_calls_;
  const ssize_t sent = send(fd_, &request, sizeof(request), MSG_NOSIGNAL);
  return sent < 0 ? ErrnoStatus("send", errno) : absl::OkStatus();
}

absl::StatusOr<absl::string_view> SockDiag::Receive() {
  ssize_t received;
  do {
    ++native_calls_;
    // MSG_TRUNC: the length is that of the datagram even if it did not fit.
    received = recv(fd_, buffer_.data(), buffer_.size(), MSG_TRUNC);
  } while (received < 0 && errno == EINTR);
  if (received < 0) return ErrnoStatus("recv", errno);
  if (received == 0) return Malformed("it ends too early");
  const size_t size = static_cast<size_t>(received);
  if (size > buffer_.size()) {
    buffer_.resize(size * 2);
    return ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached,
                       absl::StrCat("An answer of the kernel with ", size,
                                    " bytes did not fit into the receive buffer."),
                       {{"api", "NETLINK_SOCK_DIAG recv"}});
  }
  return absl::string_view(buffer_.data(), size);
}

// After an error the rest of the dump is still on its way; a new socket starts clean.
absl::Status SockDiag::Fail(absl::Status status) {
  Close();
  return status;
}

void SockDiag::Close() {
  if (fd_ < 0) return;
  ++native_calls_;
  close(fd_);
  fd_ = -1;
}

}  // namespace farstat::sources
