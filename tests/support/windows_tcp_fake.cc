#include "tests/support/windows_tcp_fake.h"

#include <algorithm>
#include <cstring>

#include "agent/sources/windows/win32_status.h"

namespace farstat::testing {

using namespace sources::windows;  // NOLINT(google-build-using-namespace): it stands in for it.

namespace {

// Bytes of a group that was never switched on.
constexpr int kGarbage = 0xA7;

template <typename Struct>
uint32_t Copy(const Struct& values, bool valid, uint8_t* to, uint32_t size) {
  if (to == nullptr) return size == 0 ? kSuccess : 1784;
  if (size < sizeof(values)) return kErrorInsufficientBuffer;
  if (valid) {
    std::memcpy(to, &values, sizeof(values));
  } else {
    std::memset(to, kGarbage, sizeof(values));
  }
  return kSuccess;
}

void CopyRow(const FakeTcp& from, TcpRowOwnerModule& to) { to = from.row; }
void CopyRow(const FakeTcp& from, Tcp6RowOwnerModule& to) { to = from.row6; }
void CopyRow(const FakeTcp& from, TcpRowOwnerPid& to) { std::memcpy(&to, &from.row, sizeof(to)); }
void CopyRow(const FakeTcp& from, Tcp6RowOwnerPid& to) { std::memcpy(&to, &from.row6, sizeof(to)); }
void CopyRow(const FakeTcp& from, TcpRow2& to) {
  std::memcpy(&to, &from.row, offsetof(TcpRow2, offload_state));
  to.offload_state = from.offload_state;
}
void CopyRow(const FakeTcp& from, Tcp6Row2& to) {
  std::memcpy(&to, &from.row6, offsetof(Tcp6Row2, offload_state));
  to.offload_state = from.offload_state;
}

bool Matches(const FakeTcp& connection, const TcpRow& row) {
  return !connection.ipv6 && std::memcmp(&connection.row, &row, sizeof(row)) == 0;
}
bool Matches(const FakeTcp& connection, const Tcp6Row& row) {
  const Tcp6RowOwnerModule& own = connection.row6;
  return connection.ipv6 && own.state == row.state &&
         std::equal(own.local_addr, own.local_addr + 16, row.local_addr) &&
         own.local_scope_id == row.local_scope_id && own.local_port == row.local_port &&
         std::equal(own.remote_addr, own.remote_addr + 16, row.remote_addr) &&
         own.remote_scope_id == row.remote_scope_id && own.remote_port == row.remote_port;
}

// Names as GetOwnerModuleFromTcpEntry puts them: behind the structure.
uint32_t CopyModule(const std::u16string& module, void* info, uint32_t* bytes) {
  if (module.empty()) return kErrorNotFound;
  const size_t text = (module.size() + 1) * sizeof(char16_t);
  const auto needed = static_cast<uint32_t>(sizeof(OwnerModuleBasicInfo) + text);
  const bool fits = info != nullptr && *bytes >= needed;
  *bytes = needed;
  if (!fits) return kErrorInsufficientBuffer;
  auto* const name =
      reinterpret_cast<char16_t*>(static_cast<char*>(info) + sizeof(OwnerModuleBasicInfo));
  std::memcpy(name, module.c_str(), text);
  const OwnerModuleBasicInfo basic = {name, name};
  std::memcpy(info, &basic, sizeof(basic));
  return kSuccess;
}

}  // namespace

FakeTcpWindows::FakeTcpWindows() {
  FillTables();
  FillEstats();
  FillOwners();
  FillStats();
}

uint32_t FakeTcpWindows::Port(uint16_t port, uint32_t garbage) {
  return garbage << 16 | static_cast<uint32_t>(port & 0xff) << 8 | port >> 8;
}

FakeTcp& FakeTcpWindows::AddIpv4(uint16_t remote_port, int64_t created) {
  FakeTcp& connection = connections.emplace_back();
  // 192.0.2.1 and 198.51.100.2.
  connection.row = {kTcpStateEstablished, 0x010200c0, Port(443), 0x026433c6,
                    Port(remote_port),    100,        created,   {}};
  return connection;
}

FakeTcp& FakeTcpWindows::AddIpv6(uint16_t remote_port, int64_t created) {
  FakeTcp& connection = connections.emplace_back();
  connection.ipv6 = true;
  connection.row6 = {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                     7,
                     Port(443),
                     {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2},
                     9,
                     Port(remote_port),
                     kTcpStateEstablished,
                     100,
                     created,
                     {}};
  return connection;
}

template <typename Table>
uint32_t FakeTcpWindows::FillTable(void* data, uint32_t* bytes, bool ipv6) {
  constexpr size_t kRowsAt = offsetof(Table, table);
  using Row = std::remove_all_extents_t<decltype(Table::table)>;
  size_t rows = 0;
  for (const FakeTcp& connection : connections) rows += connection.ipv6 == ipv6 ? 1 : 0;
  const auto needed = static_cast<uint32_t>(kRowsAt + rows * sizeof(Row));
  if (growths > 0 || *bytes < needed) {
    // Says what would have been enough before it grew.
    if (growths > 0) --growths;
    *bytes = std::max(needed, *bytes);
    return kErrorInsufficientBuffer;
  }
  *bytes = needed;
  const auto count = static_cast<uint32_t>(rows);
  std::memcpy(data, &count, sizeof(count));
  char* at = static_cast<char*>(data) + kRowsAt;
  for (const FakeTcp& connection : connections) {
    if (connection.ipv6 != ipv6) continue;
    Row row;
    CopyRow(connection, row);
    std::memcpy(at, &row, sizeof(row));
    at += sizeof(row);
  }
  return kSuccess;
}

uint32_t FakeTcpWindows::ExtendedTable(void* table, uint32_t* bytes, uint32_t family,
                                       uint32_t table_class) {
  const auto refused = extended_codes.find({table_class, family});
  if (refused != extended_codes.end()) return refused->second;
  const bool ipv6 = family == kAddressFamilyInet6;
  if (table_class == kTcpTableOwnerModuleAll) {
    return ipv6 ? FillTable<Tcp6TableOwnerModule>(table, bytes, true)
                : FillTable<TcpTableOwnerModule>(table, bytes, false);
  }
  if (table_class != kTcpTableOwnerPidAll) return kErrorNotSupported;
  return ipv6 ? FillTable<Tcp6TableOwnerPid>(table, bytes, true)
              : FillTable<TcpTableOwnerPid>(table, bytes, false);
}

void FakeTcpWindows::FillTables() {
  api.get_extended_tcp_table = [this](void* table, uint32_t* bytes, int32_t order, uint32_t family,
                                      uint32_t table_class, uint32_t reserved) {
    ++calls["GetExtendedTcpTable"];
    if (order != 0 || reserved != 0) return kErrorInvalidParameter;
    return ExtendedTable(table, bytes, family, table_class);
  };
  api.get_tcp_table2 = [this](TcpTable2* table, uint32_t* bytes, int32_t) {
    ++calls["GetTcpTable2"];
    return table2_code != 0 ? table2_code : FillTable<TcpTable2>(table, bytes, false);
  };
  api.get_tcp6_table2 = [this](Tcp6Table2* table, uint32_t* bytes, int32_t) {
    ++calls["GetTcp6Table2"];
    return table6_2_code != 0 ? table6_2_code : FillTable<Tcp6Table2>(table, bytes, true);
  };
}

template <typename Row>
FakeTcp* FakeTcpWindows::Find(const Row& row) {
  for (FakeTcp& connection : connections) {
    if (Matches(connection, row)) return &connection;
  }
  return nullptr;
}

uint32_t FakeTcpWindows::ReadEstats(FakeTcp* connection, uint32_t type, Buffer rw, Buffer ros,
                                    Buffer rod) {
  if (connection == nullptr) return kErrorNotFound;
  if (type >= connection->on.size()) return kErrorInvalidParameter;
  ++estats_calls[type];
  if (connection->codes[type] != kSuccess) return connection->codes[type];
  const FakeTcp& c = *connection;
  const bool on = c.on[type];
  const EstatsRw plain = {static_cast<uint8_t>(on)};
  uint32_t code = kSuccess;
  const auto copy = [&code](const auto& values, bool valid, Buffer to) {
    if (code == kSuccess) code = Copy(values, valid, to.data, to.size);
  };
  if (type == kEstatsBandwidth) {
    copy(c.bandwidth_switches, true, rw);
    copy(c.bandwidth,
         c.bandwidth_switches.enable_collection_outbound != 0 ||
             c.bandwidth_switches.enable_collection_inbound != 0,
         rod);
    return code;
  }
  if (type == kEstatsSynOpts) {
    if (rw.data != nullptr || rod.data != nullptr) return kErrorInvalidParameter;
    copy(c.syn_opts, true, ros);
    return code;
  }
  copy(plain, true, rw);
  switch (type) {
    case kEstatsData:
      copy(c.data, on, rod);
      break;
    case kEstatsSndCong:
      copy(c.snd_cong_limit, on, ros);
      copy(c.snd_cong, on, rod);
      break;
    case kEstatsPath:
      copy(c.path, on, rod);
      break;
    case kEstatsSendBuff:
      copy(c.send_buff, on, rod);
      break;
    case kEstatsRec:
      copy(c.rec, on, rod);
      break;
    case kEstatsObsRec:
      copy(c.obs_rec, on, rod);
      break;
    default:
      copy(c.fine_rtt, on, rod);
  }
  return code;
}

void FakeTcpWindows::FillEstats() {
  const auto get = [this](const auto* row, uint32_t type, uint8_t* rw, uint32_t rw_version,
                          uint32_t rw_size, uint8_t* ros, uint32_t ros_version, uint32_t ros_size,
                          uint8_t* rod, uint32_t rod_version, uint32_t rod_size) {
    if (row == nullptr) return kErrorInvalidParameter;
    if (rw_version != 0 || ros_version != 0 || rod_version != 0) return kErrorNotSupported;
    return ReadEstats(Find(*row), type, {rw, rw_size}, {ros, ros_size}, {rod, rod_size});
  };
  api.get_per_tcp_connection_estats = get;
  api.get_per_tcp6_connection_estats = get;
}

void FakeTcpWindows::FillOwners() {
  api.process_name = [this](uint32_t pid, std::string* name) {
    ++calls["process_name"];
    if (process_name_code != 0) return process_name_code;
    const auto found = process_names.find(pid);
    if (found == process_names.end()) return kErrorInvalidParameter;
    *name = found->second;
    return kSuccess;
  };
  const auto module = [this](const auto* row, void* info, uint32_t* bytes) {
    ++calls["GetOwnerModule"];
    if (module_code != 0) return module_code;
    for (const FakeTcp& connection : connections) {
      std::remove_cv_t<std::remove_pointer_t<decltype(row)>> own;
      CopyRow(connection, own);
      if (std::memcmp(&own, row, sizeof(own)) == 0)
        return CopyModule(connection.module, info, bytes);
    }
    return kErrorNotFound;
  };
  api.get_owner_module_from_tcp_entry = [module](TcpRowOwnerModule* row, uint32_t, void* info,
                                                 uint32_t* bytes) {
    return module(row, info, bytes);
  };
  api.get_owner_module_from_tcp6_entry = [module](Tcp6RowOwnerModule* row, uint32_t, void* info,
                                                  uint32_t* bytes) {
    return module(row, info, bytes);
  };
}

void FakeTcpWindows::FillStats() {
  api.get_tcp_statistics_ex2 = [this](TcpStats2* to, uint32_t family) {
    ++calls["GetTcpStatisticsEx2"];
    if (const auto code = stats2_codes.find(family); code != stats2_codes.end())
      return code->second;
    *to = stats[family];
    return kSuccess;
  };
  api.get_tcp_statistics_ex = [this](TcpStats* to, uint32_t family) {
    ++calls["GetTcpStatisticsEx"];
    if (const auto code = stats_codes.find(family); code != stats_codes.end()) return code->second;
    const TcpStats2& from = stats[family];
    *to = {from.rto_algorithm,
           from.rto_min,
           from.rto_max,
           from.max_conn,
           from.active_opens,
           from.passive_opens,
           from.attempt_fails,
           from.estab_resets,
           from.curr_estab,
           static_cast<uint32_t>(from.in_segs),
           static_cast<uint32_t>(from.out_segs),
           from.retrans_segs,
           from.in_errs,
           from.out_rsts,
           from.num_conns};
    return kSuccess;
  };
}

}  // namespace farstat::testing
