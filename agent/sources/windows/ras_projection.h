// What was negotiated for the inside of a RAS connection: asked for and written.
//
// RasGetProjectionInfoEx (Windows 7) delivers it in one piece and is the only one that knows IKEv2;
// where it is absent, RasGetProjectionInfoW is asked protocol by protocol.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_RAS_PROJECTION_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_RAS_PROJECTION_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "agent/sources/ras_rows.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/grow.h"

namespace farstat::sources::windows {

class RasProjectionReader {
 public:
  explicit RasProjectionReader(const Api& api) : api_(api) {}

  // An error can come with something delivered: one of the protocols could not be read. Protocols
  // that were not negotiated are no error unless none was (IsNotNegotiated).
  absl::Status Read(Handle connection);
  bool delivered() const { return delivered_; }

  // Writes the field `projection` of the row, as it was read.
  void Write(RowWriter& row, RasFacts& facts);

  uint64_t native_calls() const { return native_calls_; }

 private:
  // What RasGetProjectionInfoW delivers. Absent: not negotiated.
  struct Protocols {
    absl::optional<RasPppIp> ip;
    absl::optional<RasPppIpv6> ipv6;
    absl::optional<RasPppLcp> lcp;
    absl::optional<RasPppCcp> ccp;
  };

  absl::Status ReadWhole(Handle connection);
  absl::Status ReadProtocols(Handle connection);
  template <typename Projection>
  absl::Status ReadProtocol(Handle connection, RasProjectionKind kind,
                            absl::optional<Projection>& to);

  // Addresses of the server, if they lie in the buffer that Windows was given.
  template <size_t kBytes>
  absl::Span<const uint8_t[kBytes]> InBuffer(const uint8_t (*addresses)[kBytes], uint32_t count);

  void WritePpp(const RasPppProjection& ppp, RowWriter& row, RasFacts& facts);
  void WriteProtocols(RowWriter& row, RasFacts& facts);
  void WriteIkev2(const RasIkev2Projection& ikev2, RowWriter& row, RasFacts& facts);

  const Api& api_;
  uint64_t native_calls_ = 0;
  bool delivered_ = false;
  // The structure and, behind it, the addresses that it points to.
  AlignedBuffer buffer_{1024};
  // A copy of the structure; type 0: it was not delivered, but protocols_ were.
  RasProjectionInfo whole_ = {};
  Protocols protocols_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_RAS_PROJECTION_H_
