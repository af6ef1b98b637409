// The messages of a NETLINK_SOCK_DIAG dump, built byte by byte, and a kernel that answers with
// them.

#ifndef FARSTAT_TESTS_SUPPORT_FAKE_SOCK_DIAG_H_
#define FARSTAT_TESTS_SUPPORT_FAKE_SOCK_DIAG_H_

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace farstat::sources {

template <typename T>
std::string BytesOf(const T& structure) {
  return {reinterpret_cast<const char*>(&structure), sizeof(structure)};
}

inline std::string DiagMessage(uint16_t type, uint32_t sequence, absl::string_view payload,
                               uint16_t flags = NLM_F_MULTI) {
  nlmsghdr header = {};
  header.nlmsg_len = static_cast<uint32_t>(sizeof(header) + payload.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = flags;
  header.nlmsg_seq = sequence;
  std::string message = BytesOf(header) + std::string(payload);
  message.resize((message.size() + 3) & ~size_t{3});
  return message;
}

inline std::string DiagAttribute(uint16_t type, absl::string_view value) {
  rtattr header = {};
  header.rta_len = static_cast<uint16_t>(sizeof(header) + value.size());
  header.rta_type = type;
  std::string attribute = BytesOf(header) + std::string(value);
  attribute.resize((attribute.size() + 3) & ~size_t{3});
  return attribute;
}

// An established connection from 127.0.0.1:1 to 127.0.0.2:2 with this cookie.
inline inet_diag_msg EstablishedSocket(uint32_t cookie) {
  inet_diag_msg message = {};
  message.idiag_family = AF_INET;
  message.idiag_state = 1;
  message.id.idiag_sport = htons(1);
  message.id.idiag_dport = htons(2);
  message.id.idiag_src[0] = htonl(0x7f000001);
  message.id.idiag_dst[0] = htonl(0x7f000002);
  message.id.idiag_cookie[0] = cookie;
  return message;
}

inline std::string SocketMessage(uint32_t sequence, uint32_t cookie, uint16_t flags = NLM_F_MULTI) {
  return DiagMessage(SOCK_DIAG_BY_FAMILY, sequence, BytesOf(EstablishedSocket(cookie)), flags);
}

inline std::string DoneMessage(uint32_t sequence, uint16_t flags = NLM_F_MULTI) {
  return DiagMessage(NLMSG_DONE, sequence, BytesOf(int{0}), flags);
}

// Stands in for the kernel. Its answers are all there before they are asked for, in every socket
// that is opened, so no thread is needed; a dump takes those with its sequence number, which counts
// its tries from 1, and skips the others.
class FakeKernel {
 public:
  explicit FakeKernel(std::vector<std::string> datagrams) : datagrams_(std::move(datagrams)) {}
  ~FakeKernel() {
    for (const int fd : kernel_ends_) close(fd);
  }
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;

  absl::StatusOr<int> Open() {
    int ends[2];
    // Not blocking: where the kernel would be waited for until the time-out, recv fails at once.
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
      return absl::InternalError("socketpair failed");
    }
    kernel_ends_.push_back(ends[1]);
    for (const std::string& datagram : datagrams_) {
      if (send(ends[1], datagram.data(), datagram.size(), 0) < 0) {
        return absl::InternalError("send failed");
      }
    }
    return ends[0];
  }

  size_t times_opened() const { return kernel_ends_.size(); }

 private:
  const std::vector<std::string> datagrams_;
  std::vector<int> kernel_ends_;
};

}  // namespace farstat::sources

#endif  // FARSTAT_TESTS_SUPPORT_FAKE_SOCK_DIAG_H_
