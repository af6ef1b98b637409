#include "agent/sources/windows/ras_row.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/strings/string_view.h"
#include "agent/sources/address_text.h"
#include "agent/sources/windows/guid_text.h"
#include "agent/sources/windows/ras_text.h"
#include "agent/sources/windows/win32_status.h"
#include "farstat/v1/common.pb.h"
#include "farstat/v1/ras.pb.h"

namespace farstat::sources::windows {
namespace {

// The API numbers states from 1, because 0 means "not stated" there.
constexpr uint64_t ApiState(uint32_t state) { return uint64_t{state} + 1; }

// Whether a structure of this size has the member that ends there.
constexpr bool Covers(uint32_t size, size_t member_end) { return size >= member_end; }

constexpr size_t kFlagsAndLuidEnd = offsetof(RasConnection, luid) + sizeof(Luid);
constexpr size_t kCorrelationIdEnd = sizeof(RasConnection);
constexpr size_t kEndPointsEnd = sizeof(RasConnectionStatus);

bool IsNull(const Guid& guid) {
  const Guid null = {};
  return std::memcmp(&guid, &null, sizeof(guid)) == 0;
}

// Writes a text unless it is empty: Windows has none then. Returns it.
absl::string_view PutText(int field, absl::Span<const char16_t> utf16, RasText& text,
                          RowWriter& row) {
  const absl::string_view utf8 = text.Utf8(utf16);
  if (!utf8.empty()) row.Text(field, utf8);
  return utf8;
}

// Into memory that is kept.
void Assign(absl::string_view from, std::string& to) { to.assign(from.data(), from.size()); }

void PutEndPoint(int field, const RasTunnelEndpoint& end_point, RowWriter& row) {
  AddressText text;
  if (end_point.type == kRasTunnelIpv4) {
    row.Text(field, text.FormatIpv4(end_point.ipv4));
  } else if (end_point.type == kRasTunnelIpv6) {
    row.Text(field, text.FormatIpv6(end_point.ipv6));
  }
}

void WriteKey(const RasConnection& connection, RowWriter& row, RasFacts& facts) {
  using Key = v1::RasConnectionKey;
  facts.entry_guid = FormatGuid(connection.guid_entry);
  const RowWriter::Open key = row.BeginMessage(v1::RasConnection::kKeyFieldNumber);
  row.Text(Key::kEntryGuidFieldNumber, {facts.entry_guid.data(), facts.entry_guid.size()});
  row.Uint(Key::kHandleFieldNumber, connection.handle);
  row.EndMessage(key);
  row.MarkKey(key);
}

void WriteFlags(uint32_t flags, RowWriter& row) {
  using Row = v1::RasConnection;
  row.Bool(Row::kAllUsersFieldNumber, (flags & kRasFlagAllUsers) != 0);
  row.Bool(Row::kGlobalCredentialsFieldNumber, (flags & kRasFlagGlobalCredentials) != 0);
  row.Bool(Row::kOwnerKnownFieldNumber, (flags & kRasFlagOwnerKnown) != 0);
  row.Bool(Row::kOwnerMatchFieldNumber, (flags & kRasFlagOwnerMatch) != 0);
}

}  // namespace

std::array<uint8_t, 16> MapIpv4(const uint8_t (&address)[4]) {
  std::array<uint8_t, 16> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::copy(std::begin(address), std::end(address), mapped.begin() + 12);
  return mapped;
}

void WriteRasConnection(const RasConnection& connection, RowWriter& row, RasRowFacts& facts) {
  using Row = v1::RasConnection;
  RasText text;
  WriteKey(connection, row, facts.facts);
  Assign(PutText(Row::kEntryNameFieldNumber, connection.entry_name, text, row), facts.entry_name);
  Assign(PutText(Row::kDeviceTypeFieldNumber, connection.device_type, text, row),
         facts.device_type);
  PutText(Row::kDeviceNameFieldNumber, connection.device_name, text, row);
  PutText(Row::kPhonebookFieldNumber, connection.phonebook, text, row);
  if (connection.sub_entry != 0) row.Uint(Row::kSubEntryFieldNumber, connection.sub_entry);
  if (Covers(connection.size, kFlagsAndLuidEnd)) {
    WriteFlags(connection.flags, row);
    row.Uint(Row::kLogonSessionIdFieldNumber,
             uint64_t{static_cast<uint32_t>(connection.luid.high_part)} << 32 |
                 connection.luid.low_part);
  }
  if (Covers(connection.size, kCorrelationIdEnd) && !IsNull(connection.guid_correlation_id)) {
    const GuidText guid = FormatGuid(connection.guid_correlation_id);
    row.Text(Row::kCorrelationIdFieldNumber, {guid.data(), guid.size()});
  }
}

void SetRasFacts(const RasRowFacts& facts, RowWriter& row) {
  RasFacts fixed = facts.facts;
  // 17 characters of at most 3 bytes.
  fixed.device_type_size = static_cast<uint8_t>(facts.device_type.size());
  row.SetFacts(fixed);
  row.AppendFacts(facts.device_type);
  row.AppendFacts(facts.entry_name);
}

void WriteRasStatus(int field, const RasConnectionStatus& status, RowWriter& row) {
  using Status = v1::RasStatus;
  RasText text;
  const RowWriter::Open message = row.BeginMessage(field);
  row.Uint(Status::kStateFieldNumber, ApiState(status.state));
  const bool has_end_points = Covers(status.size, kEndPointsEnd);
  if (has_end_points) row.Uint(Status::kSubStateFieldNumber, ApiState(status.sub_state));
  row.Uint(Status::kErrorCodeFieldNumber, status.error);
  if (const Win32Code* error = status.error == 0 ? nullptr : FindWin32Code(status.error)) {
    row.Text(Status::kErrorSymbolFieldNumber, error->symbol);
    row.Text(Status::kErrorTextFieldNumber, error->sentence);
  }
  PutText(Status::kDeviceTypeFieldNumber, status.device_type, text, row);
  PutText(Status::kDeviceNameFieldNumber, status.device_name, text, row);
  PutText(Status::kPhoneNumberFieldNumber, status.phone_number, text, row);
  if (has_end_points) {
    PutEndPoint(Status::kLocalTunnelAddressFieldNumber, status.local_end_point, row);
    PutEndPoint(Status::kRemoteTunnelAddressFieldNumber, status.remote_end_point, row);
  }
  row.EndMessage(message);
}

void AddStatusFacts(const RasConnectionStatus& status, RasFacts& facts) {
  facts.state = static_cast<uint32_t>(ApiState(status.state));
  if (!Covers(status.size, kEndPointsEnd)) return;
  const RasTunnelEndpoint& server = status.remote_end_point;
  if (server.type == kRasTunnelIpv4) {
    facts.tunnel_address = MapIpv4(server.ipv4);
  } else if (server.type == kRasTunnelIpv6) {
    std::copy(std::begin(server.ipv6), std::end(server.ipv6), facts.tunnel_address.begin());
  } else {
    return;
  }
  facts.has_tunnel_address = 1;
}

void WriteRasStats(int field, const RasStats& stats, const RasTotals& totals, bool single_link,
                   RowWriter& row) {
  using Stats = v1::RasStats;
  // In the order of CountersOf.
  constexpr int kCounterFields[kRasCounters] = {
      Stats::kBytesOutFieldNumber,        Stats::kBytesInFieldNumber,
      Stats::kFramesOutFieldNumber,       Stats::kFramesInFieldNumber,
      Stats::kCrcErrorsFieldNumber,       Stats::kTimeoutErrorsFieldNumber,
      Stats::kAlignmentErrorsFieldNumber, Stats::kHardwareOverrunErrorsFieldNumber,
      Stats::kFramingErrorsFieldNumber,   Stats::kBufferOverrunErrorsFieldNumber};
  const RowWriter::Open message = row.BeginMessage(field);
  for (size_t i = 0; i < kRasCounters; ++i) row.Uint(kCounterFields[i], totals.counter(i));
  if (single_link) {
    row.Uint(Stats::kCompressionRatioInFieldNumber, stats.compression_ratio_in);
    row.Uint(Stats::kCompressionRatioOutFieldNumber, stats.compression_ratio_out);
  }
  row.Uint(Stats::kSpeedBitsPerSecondFieldNumber, stats.bps);
  row.Uint(Stats::kConnectDurationMsFieldNumber, totals.connect_duration_ms());
  row.EndMessage(message);
}

void WriteAccumulation(int field, const AccumulationHistory& history, RowWriter& row) {
  v1::Accumulation message;
  history.Fill(message);
  row.Text(field, message.SerializeAsString());
}

void WriteMissingGroup(v1::RasGroup group, uint32_t code, RowWriter& row) {
  using Missing = v1::RasMissingGroup;
  const RowWriter::Open message = row.BeginMessage(v1::RasConnection::kMissingGroupsFieldNumber);
  row.Uint(Missing::kGroupFieldNumber, static_cast<uint64_t>(group));
  row.Uint(Missing::kWin32CodeFieldNumber, code);
  if (const Win32Code* known = FindWin32Code(code)) {
    row.Text(Missing::kWin32SymbolFieldNumber, known->symbol);
  }
  row.EndMessage(message);
}

void WriteRasLink(const RasLinkReading& link, const RasTotals& totals, RowWriter& row) {
  using Link = v1::RasLink;
  const RowWriter::Open message = row.BeginMessage(v1::RasConnection::kLinksFieldNumber);
  row.Uint(Link::kIndexFieldNumber, link.index);
  if (link.up) row.Bool(Link::kUpFieldNumber, *link.up);
  if (link.status) WriteRasStatus(Link::kStatusFieldNumber, *link.status, row);
  if (link.stats) WriteRasStats(Link::kStatisticsFieldNumber, *link.stats, totals, true, row);
  if (link.win32_code != 0) row.Uint(Link::kWin32CodeFieldNumber, link.win32_code);
  if (link.stats) WriteAccumulation(Link::kAccumulationFieldNumber, totals.history(), row);
  row.EndMessage(message);
}

}  // namespace farstat::sources::windows
