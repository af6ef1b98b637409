#include "agent/sources/tcp_key.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "agent/sources/address_text.h"

namespace farstat::sources {
namespace {

using Address = std::array<uint8_t, 16>;

bool IsIpv4(const Address& address) {
  constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kMapped.begin(), kMapped.end(), address.begin());
}

absl::string_view Format(const Address& address, AddressText& text) {
  return IsIpv4(address) ? text.FormatIpv4(address.data() + 12) : text.FormatIpv6(address.data());
}

}  // namespace

void WriteTcpKey(const TcpIdentity& identity, RowWriter& row) {
  using Key = v1::TcpConnectionKey;
  AddressText text;
  const auto put = [&row](int field, uint32_t value) {
    if (value != 0) row.Uint(field, value);
  };
  const RowWriter::Open key = row.BeginMessage(v1::TcpConnection::kKeyFieldNumber);
  // Not optional in the proto: zeros are left out, so that these are the bytes that every client
  // gets when it encodes the key.
  row.Text(Key::kLocalAddressFieldNumber, Format(identity.local_address, text));
  put(Key::kLocalPortFieldNumber, identity.local_port);
  if (identity.remote_port != 0) {
    row.Text(Key::kRemoteAddressFieldNumber, Format(identity.remote_address, text));
    row.Uint(Key::kRemotePortFieldNumber, identity.remote_port);
  }
  put(Key::kLocalScopeIdFieldNumber, identity.local_scope_id);
  put(Key::kRemoteScopeIdFieldNumber, identity.remote_scope_id);
  if (identity.incarnation != 0) row.Fixed64(Key::kIncarnationFieldNumber, identity.incarnation);
  row.EndMessage(key);
  row.MarkKey(key);
}

v1::TcpConnectionKey TcpKeyOf(const TcpIdentity& identity) {
  RowWriter row;
  WriteTcpKey(identity, row);
  v1::TcpConnectionKey key;
  key.ParseFromArray(row.key().data(), static_cast<int>(row.key().size()));
  return key;
}

}  // namespace farstat::sources
