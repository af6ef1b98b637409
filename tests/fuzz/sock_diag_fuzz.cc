// The kernel's list of sockets as arbitrary bytes: reading them touches nothing outside of them,
// and whatever is found in them becomes a well-formed row.

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "absl/strings/string_view.h"
#include "agent/sources/linux/event_times.h"
#include "agent/sources/linux/sock_diag.h"
#include "agent/sources/linux/socket_owners.h"
#include "agent/sources/linux/tcp_row.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/tcp_rows.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources {
namespace {

constexpr PartMask kAllParts = ~PartMask{0};

// Messages with another sequence number are skipped, so the first one's is expected.
uint32_t SequenceOf(absl::string_view datagram) {
  constexpr size_t kOffset = 8;
  uint32_t sequence = 0;
  if (datagram.size() >= kOffset + sizeof(sequence)) {
    std::memcpy(&sequence, datagram.data() + kOffset, sizeof(sequence));
  }
  return sequence;
}

void CheckRow(const DiagSocket& socket, RowWriter& row) {
  static EventTimes* const times = new EventTimes();
  const SocketOwner owner = {1, "init"};
  BeginTcpRow(socket, &owner, row);
  WriteTcpRow(socket, kAllParts, &owner, *times, row);
  times->EndCollection();
  v1::TcpConnection connection;
  const bool parsed =
      connection.ParseFromArray(row.bytes().data(), static_cast<int>(row.bytes().size()));
  if (!parsed || connection.key().SerializeAsString() != row.key()) std::abort();
}

}  // namespace
}  // namespace farstat::sources

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view datagram(reinterpret_cast<const char*>(data), size);
  farstat::sources::RowWriter row;
  (void)farstat::sources::ParseDiagDatagram(datagram, farstat::sources::SequenceOf(datagram),
                                            1'700'000'000'000,
                                            [&row](const farstat::sources::DiagSocket& socket) {
                                              farstat::sources::CheckRow(socket, row);
                                            });
  return 0;
}
