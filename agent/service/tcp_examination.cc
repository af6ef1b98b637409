#include "agent/service/tcp_examination.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "agent/service/doctor.h"
#include "agent/sources/estats_switches.h"
#include "agent/sources/tcp_rows.h"
#include "common/sockets.h"
#include "common/status.h"

namespace farstat::service {
namespace {

constexpr char kSubject[] = "TCP self-test";
constexpr size_t kBytes = 10'000;

// A connection of this process with itself.
class Loopback {
 public:
  Loopback() { status_ = Connect(); }
  ~Loopback() {
    for (const SocketHandle handle : {listener_, client_, server_}) {
      if (handle != kNoSocket) CloseSocket(handle);
    }
  }
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  const absl::Status& status() const { return status_; }
  // Whether facts are those of the sending end.
  bool IsSender(absl::string_view facts) const {
    sources::TcpFacts row;
    if (facts.size() < sizeof(row)) return false;
    std::memcpy(&row, facts.data(), sizeof(row));
    return row.has_remote != 0 && row.local_port == client_port_ && row.remote_port == server_port_;
  }

  absl::Status Send(size_t bytes) const {
    const std::string block(bytes, 'x');
    if (send(client_, block.data(), static_cast<int>(bytes), kNoSignal) !=
        static_cast<int>(bytes)) {
      return Failed("sending");
    }
    std::string received(bytes, '\0');
    for (size_t got = 0; got < bytes;) {
      if (!WaitForSocket(server_, SocketEvent::kReadable, absl::Seconds(5))) {
        return Failed("receiving");
      }
      const auto size = recv(server_, received.data(), static_cast<int>(bytes - got), 0);
      if (size <= 0) return Failed("receiving");
      got += static_cast<size_t>(size);
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status Failed(absl::string_view what) {
    return absl::UnavailableError(
        absl::StrCat(what, " over loopback failed: ", ErrnoText(SocketError())));
  }

  absl::Status Connect() {
    StartSockets();
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    listener_ = OpenStreamSocket(AF_INET);
    if (listener_ == kNoSocket || bind(listener_, generic, size) != 0 ||
        listen(listener_, 1) != 0 || getsockname(listener_, generic, &size) != 0) {
      return Failed("listening");
    }
    server_port_ = ntohs(address.sin_port);
    client_ = OpenStreamSocket(AF_INET);
    const int started = client_ == kNoSocket ? EIO : StartConnect(client_, generic, size);
    if ((started != 0 && started != EINPROGRESS) ||
        !WaitForSocket(listener_, SocketEvent::kReadable, absl::Seconds(5))) {
      return Failed("connecting");
    }
    server_ = accept(listener_, nullptr, nullptr);
    size = sizeof(address);
    if (server_ == kNoSocket || getsockname(client_, generic, &size) != 0) {
      return Failed("accepting");
    }
    client_port_ = ntohs(address.sin_port);
    return absl::OkStatus();
  }

  SocketHandle listener_ = kNoSocket;
  SocketHandle client_ = kNoSocket;
  SocketHandle server_ = kNoSocket;
  uint16_t client_port_ = 0;
  uint16_t server_port_ = 0;
  absl::Status status_;
};

// Switches the group on or off for the sending end. OK where it needs no switch.
absl::Status Switch(const families::Operations& operations, const Loopback& loopback, bool on) {
  if (!operations.set_estats) return absl::OkStatus();
  sources::EstatsRequest request;
  request.filter = [&loopback](absl::string_view facts) { return loopback.IsSender(facts); };
  (on ? request.enable : request.disable) = sources::EstatsSwitchOf(v1::TCP_GROUP_DATA);
  request.holder = "farstat-agent doctor";
  const auto result = operations.set_estats(request);
  if (!result.ok()) return result.status();
  if (!result->failures.empty()) return result->failures.front().status;
  if (result->succeeded == 0) return absl::NotFoundError("the connection is not in the table");
  return absl::OkStatus();
}

// The sending end as the family has it.
absl::StatusOr<v1::TcpConnection> Find(const families::Family& family, const Loopback& loopback,
                                       absl::Duration patience) {
  const feed::PartMask parts = feed::PartMask{1} |
                               feed::PartMask{1} << sources::kTcpConnectionsPart |
                               feed::PartMask{1} << sources::TcpGroupPart(v1::TCP_GROUP_DATA);
  if (absl::Status status = CollectOnce(*family.feed, parts, patience); !status.ok()) return status;
  const feed::SnapshotPtr snapshot = family.feed->table().TakeSnapshot({});
  for (const feed::RowPtr& row : snapshot->rows) {
    if (row->totals() || !loopback.IsSender(row->facts())) continue;
    std::string bytes;
    row->AppendTo(parts, bytes);
    v1::TcpStatistics statistics;
    if (statistics.ParseFromString(bytes) && statistics.connections_size() == 1) {
      return statistics.connections(0);
    }
  }
  return absl::NotFoundError("the connection is not in the table");
}

Finding Judge(const absl::StatusOr<v1::TcpConnection>& connection) {
  if (!connection.ok()) {
    return Failure(kSubject, connection.status().message(),
                   "the table of connections is not this host's; is the agent in a container?");
  }
  const uint64_t counted =
      std::max(connection->data().data_bytes_out(), connection->data().thru_bytes_acked());
  const std::string found =
      absl::StrCat(kBytes, " bytes were sent over loopback, ", counted, " were counted");
  if (counted < kBytes) {
    return Failure(kSubject, found, "extended statistics of this host do not count");
  }
  return Fine(kSubject, found);
}

}  // namespace

Finding ExamineTcp(const families::Family& family, const families::Operations& operations,
                   absl::Duration patience) {
  if (!absl::c_linear_search(family.tcp_groups, v1::TCP_GROUP_DATA)) {
    return Fine(kSubject, "left out: this host has no extended statistics");
  }
  const Loopback loopback;
  if (!loopback.status().ok()) {
    return Failure(kSubject, loopback.status().message(), "look at the host's TCP stack");
  }
  if (absl::Status status = Switch(operations, loopback, true); !status.ok()) {
    const bool refused = ErrorInfoOf(status).reason() == kAgentLacksPrivilege;
    return refused ? Warning(kSubject, status.message(), "run doctor as administrator")
                   : Failure(kSubject, status.message(), "extended statistics cannot be used");
  }
  if (absl::Status status = loopback.Send(kBytes); !status.ok()) {
    return Failure(kSubject, status.message(), "look at the host's TCP stack");
  }
  Finding finding = Judge(Find(family, loopback, patience));
  static_cast<void>(Switch(operations, loopback, false));
  return finding;
}

}  // namespace farstat::service
