#include "agent/sources/windows/ras_projection.h"

#include <cstring>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/sources/windows/ras_calls.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::windows {
namespace {

constexpr absl::string_view kGetProjectionInfoEx = "RasGetProjectionInfoEx";
constexpr absl::string_view kGetProjectionInfo = "RasGetProjectionInfoW";

// Every byte of a structure before the call, except its size. That all of it is so is impossible.
constexpr int kUntouched = 0xA5;

template <typename Projection>
Projection Untouched() {
  Projection projection;
  std::memset(&projection, kUntouched, sizeof(projection));
  projection.size = sizeof(projection);
  return projection;
}

}  // namespace

absl::Status RasProjectionReader::Read(Handle connection) {
  delivered_ = false;
  whole_ = {};
  protocols_ = {};
  if (api_.ras_get_projection_info_ex) return ReadWhole(connection);
  if (api_.ras_get_projection_info) return ReadProtocols(connection);
  return AbsentEntry(kGetProjectionInfoEx);
}

absl::Status RasProjectionReader::ReadWhole(Handle connection) {
  const absl::StatusOr<uint32_t> bytes = FetchGrowing(
      kGetProjectionInfoEx, kErrorBufferTooSmall, buffer_, [&](void* data, uint32_t* size) {
        ++native_calls_;
        std::memcpy(data, &kRasApiVersion601, sizeof(kRasApiVersion601));
        return RasCode(CallRas(api_, api_.ras_get_projection_info_ex, connection,
                               static_cast<RasProjectionInfo*>(data), size));
      });
  if (!bytes.ok()) return bytes.status();
  std::memcpy(&whole_, buffer_.data(), sizeof(whole_));
  // The buffer was zeros, and no type is 0.
  if (whole_.type == 0) return NotDelivered(kGetProjectionInfoEx);
  delivered_ = true;
  return absl::OkStatus();
}

absl::Status RasProjectionReader::ReadProtocols(Handle connection) {
  absl::Status failed;
  absl::Status not_negotiated;
  for (const absl::Status& status :
       {ReadProtocol(connection, kRasProjectionPppIp, protocols_.ip),
        ReadProtocol(connection, kRasProjectionPppIpv6, protocols_.ipv6),
        ReadProtocol(connection, kRasProjectionPppLcp, protocols_.lcp),
        ReadProtocol(connection, kRasProjectionPppCcp, protocols_.ccp)}) {
    (IsNotNegotiated(status) ? not_negotiated : failed).Update(status);
  }
  delivered_ = protocols_.ip || protocols_.ipv6 || protocols_.lcp || protocols_.ccp;
  return failed.ok() && !delivered_ ? not_negotiated : failed;
}

template <typename Projection>
absl::Status RasProjectionReader::ReadProtocol(Handle connection, RasProjectionKind kind,
                                               absl::optional<Projection>& to) {
  const Projection untouched = Untouched<Projection>();
  Projection projection = untouched;
  uint32_t bytes = sizeof(projection);
  ++native_calls_;
  const uint32_t code =
      CallRas(api_, api_.ras_get_projection_info, connection, kind, &projection, &bytes);
  if (code != kSuccess) return RasCallStatus(kGetProjectionInfo, code);
  if (std::memcmp(&projection, &untouched, sizeof(projection)) == 0) {
    return NotDelivered(kGetProjectionInfo);
  }
  to = projection;
  return absl::OkStatus();
}

}  // namespace farstat::sources::windows
