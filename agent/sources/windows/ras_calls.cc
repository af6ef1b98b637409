#include "agent/sources/windows/ras_calls.h"

#include <cstring>
#include <iterator>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"

namespace farstat::sources::windows {
namespace {

constexpr absl::string_view kEnumConnections = "RasEnumConnectionsW";
constexpr absl::string_view kGetConnectStatus = "RasGetConnectStatusW";
constexpr absl::string_view kGetConnectionStatistics = "RasGetConnectionStatistics";
constexpr absl::string_view kGetLinkStatistics = "RasGetLinkStatistics";
constexpr absl::string_view kGetSubEntryHandle = "RasGetSubEntryHandleW";

// No RASCONNSTATE: what is still there after a success was not written by Windows.
constexpr uint32_t kImpossibleState = 0xFFFFFFFF;
// Every byte of RAS_STATS before the call. That all of its members have this value is impossible.
constexpr int kUntouched = 0xA5;

RasStats UntouchedStats() {
  RasStats stats;
  std::memset(&stats, kUntouched, sizeof(stats));
  stats.size = sizeof(stats);
  return stats;
}

// Whether the call that returned `code` has delivered what `stats` says.
absl::Status CheckStats(absl::string_view api, uint32_t code, const RasStats& stats) {
  if (code != kSuccess) return RasCallStatus(api, code);
  const RasStats untouched = UntouchedStats();
  return std::memcmp(&stats, &untouched, sizeof(stats)) == 0 ? NotDelivered(api) : absl::OkStatus();
}

// Calls with the size that is known to be right, or tries one after the other. `index` remembers.
template <size_t kSizes, typename Call>
absl::Status WithKnownSize(const uint32_t (&sizes)[kSizes], size_t& index, const Call& call) {
  absl::Status status;
  for (; index < kSizes; ++index) {
    status = call(sizes[index]);
    if (status.ok() || Win32CodeOf(status) != kErrorInvalidSize) return status;
  }
  index = 0;
  return status;
}

}  // namespace

bool IsRasStopped(const absl::Status& status) {
  return absl::IsUnavailable(status) && ErrorInfoOf(status).reason() == kSourceStopped;
}

bool IsNotNegotiated(const absl::Status& status) {
  if (status.ok()) return false;
  const uint32_t code = Win32CodeOf(status);
  return code == kErrorProtocolNotConfigured || code == kErrorProjectionNotComplete;
}

uint32_t RasCode(uint32_t code) {
  return code == kErrorInvalidArgument ? kErrorInvalidParameter : code;
}

absl::Status RasCallStatus(absl::string_view api, uint32_t code) {
  return Win32Status(api, RasCode(code));
}

absl::Status NotDelivered(absl::string_view api) {
  return ErrorStatus(absl::StatusCode::kUnimplemented, kNotSupportedHere,
                     absl::StrCat(api,
                                  " succeeded and delivered nothing: this Windows only "
                                  "pretends to have the function."),
                     {{"api", std::string(api)}});
}

absl::Status RasCalls::List() {
  count_ = 0;
  if (!api_.ras_enum_connections) return AbsentEntry(kEnumConnections);
  return WithKnownSize(kRasConnectionSizes, connection_size_index_,
                       [&](uint32_t size) { return ListWithSize(size); });
}

absl::Status RasCalls::ListWithSize(uint32_t size) {
  uint32_t count = 0;
  const absl::StatusOr<uint32_t> bytes = FetchGrowing(
      kEnumConnections, kErrorBufferTooSmall, list_, [&](void* rows, uint32_t* row_bytes) {
        ++native_calls_;
        count = 0;
        // The size stands in the first row only.
        std::memcpy(rows, &size, sizeof(size));
        return RasCode(CallRas(api_, api_.ras_enum_connections, static_cast<RasConnection*>(rows),
                               row_bytes, &count));
      });
  if (!bytes.ok()) return bytes.status();
  if (count > list_.size() / size) return NotDelivered(kEnumConnections);
  stride_ = size;
  for (size_t i = 0; i < count; ++i) {
    if (At(i).handle == 0) return NotDelivered(kEnumConnections);
  }
  count_ = count;
  return absl::OkStatus();
}

RasConnection RasCalls::At(size_t index) {
  RasConnection connection = {};
  std::memcpy(&connection, static_cast<char*>(list_.data()) + index * stride_, stride_);
  connection.size = stride_;
  return connection;
}

absl::Status RasCalls::GetStatus(Handle handle, RasConnectionStatus& status) {
  if (!api_.ras_get_connect_status) return AbsentEntry(kGetConnectStatus);
  return WithKnownSize(kRasConnectionStatusSizes, status_size_index_,
                       [&](uint32_t size) { return GetStatusWithSize(handle, size, status); });
}

absl::Status RasCalls::GetStatusWithSize(Handle handle, uint32_t size,
                                         RasConnectionStatus& status) {
  status = {};
  status.size = size;
  status.state = kImpossibleState;
  ++native_calls_;
  const uint32_t code = CallRas(api_, api_.ras_get_connect_status, handle, &status);
  status.size = size;
  if (code != kSuccess) return RasCallStatus(kGetConnectStatus, code);
  return status.state == kImpossibleState ? NotDelivered(kGetConnectStatus) : absl::OkStatus();
}

absl::Status RasCalls::GetConnectionStatistics(Handle connection, RasStats& stats) {
  if (!api_.ras_get_connection_statistics) return AbsentEntry(kGetConnectionStatistics);
  stats = UntouchedStats();
  ++native_calls_;
  const uint32_t code = CallRas(api_, api_.ras_get_connection_statistics, connection, &stats);
  return CheckStats(kGetConnectionStatistics, code, stats);
}

absl::Status RasCalls::GetLinkStatistics(Handle connection, uint32_t link, RasStats& stats) {
  if (!api_.ras_get_link_statistics) return AbsentEntry(kGetLinkStatistics);
  stats = UntouchedStats();
  ++native_calls_;
  const uint32_t code = CallRas(api_, api_.ras_get_link_statistics, connection, link, &stats);
  return CheckStats(kGetLinkStatistics, code, stats);
}

absl::Status RasCalls::GetLinkHandle(Handle connection, uint32_t link, Handle& handle) {
  if (!api_.ras_get_sub_entry_handle) return AbsentEntry(kGetSubEntryHandle);
  handle = 0;
  ++native_calls_;
  const uint32_t code = CallRas(api_, api_.ras_get_sub_entry_handle, connection, link, &handle);
  if (code != kSuccess) return RasCallStatus(kGetSubEntryHandle, code);
  return handle == 0 ? NotDelivered(kGetSubEntryHandle) : absl::OkStatus();
}

}  // namespace farstat::sources::windows
