#include "agent/sources/windows/tcp_tables.h"

#include <array>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"

namespace farstat::sources::windows {
namespace {

constexpr char kExtendedTable[] = "GetExtendedTcpTable";
constexpr uint32_t kInitialTableSize = 64 << 10;

// The 16 bits of a port, whatever is above them.
uint16_t PortOf(uint32_t member) {
  return static_cast<uint16_t>((member & 0xff) << 8 | (member >> 8 & 0xff));
}

v1::TcpState StateOf(uint32_t state) {
  // v1::TcpState has Windows' numbers up to here.
  return state <= kTcpStateDeleteTcb ? static_cast<v1::TcpState>(state) : v1::TCP_STATE_UNSPECIFIED;
}

v1::TcpOffloadState OffloadStateOf(uint32_t state) {
  return state <= kTcpOffloadUploading ? static_cast<v1::TcpOffloadState>(state + 1)
                                       : v1::TCP_OFFLOAD_STATE_UNSPECIFIED;
}

// Windows does not have this protocol, or not this table of it.
bool NotSupported(const absl::Status& status) { return Win32CodeOf(status) == kErrorNotSupported; }

// Remote members hold anything where there is no remote end.
bool HasRemote(uint32_t state, uint16_t remote_port) {
  return state != kTcpStateListen && remote_port != 0;
}

struct Ipv4 {
  static constexpr uint32_t kFamily = kAddressFamilyInet;
  static constexpr char kTable2[] = "GetTcpTable2";
  using Row = TcpRowOwnerPid;
  using RowOwnerModule = TcpRowOwnerModule;
  using TableOwnerPid = TcpTableOwnerPid;
  using TableOwnerModule = TcpTableOwnerModule;
  using Table2 = TcpTable2;
  using Row2 = TcpRow2;
  static_assert(offsetof(Row, owning_pid) == offsetof(Row2, owning_pid) &&
                offsetof(Row, owning_pid) == offsetof(RowOwnerModule, owning_pid));
  static const auto& GetTable2(const Api& api) { return api.get_tcp_table2; }

  static void CopyMapped(uint32_t address, std::array<uint8_t, 16>& mapped) {
    mapped[10] = mapped[11] = 0xff;
    std::memcpy(mapped.data() + 12, &address, sizeof(address));
  }
  static void Read(const Row& row, ListedTcp& listed) {
    TcpFacts& facts = listed.facts;
    CopyMapped(row.local_addr, facts.local_address);
    if (facts.has_remote != 0) CopyMapped(row.remote_addr, facts.remote_address);
    listed.row = {row.state, row.local_addr, row.local_port, row.remote_addr, row.remote_port};
  }
};

struct Ipv6 {
  static constexpr uint32_t kFamily = kAddressFamilyInet6;
  static constexpr char kTable2[] = "GetTcp6Table2";
  using Row = Tcp6RowOwnerPid;
  using RowOwnerModule = Tcp6RowOwnerModule;
  using TableOwnerPid = Tcp6TableOwnerPid;
  using TableOwnerModule = Tcp6TableOwnerModule;
  using Table2 = Tcp6Table2;
  using Row2 = Tcp6Row2;
  static_assert(offsetof(Row, owning_pid) == offsetof(Row2, owning_pid) &&
                offsetof(Row, owning_pid) == offsetof(RowOwnerModule, owning_pid));
  static const auto& GetTable2(const Api& api) { return api.get_tcp6_table2; }

  static void Read(const Row& row, ListedTcp& listed) {
    TcpFacts& facts = listed.facts;
    std::memcpy(facts.local_address.data(), row.local_addr, sizeof(row.local_addr));
    listed.local_scope_id = row.local_scope_id;
    if (facts.has_remote != 0) {
      std::memcpy(facts.remote_address.data(), row.remote_addr, sizeof(row.remote_addr));
      listed.remote_scope_id = row.remote_scope_id;
    }
    // Member by member: MIB_TCP6ROW has the state first, the rows of the tables have it last.
    Tcp6Row& estats_row = listed.row6;
    estats_row.state = row.state;
    std::memcpy(estats_row.local_addr, row.local_addr, sizeof(row.local_addr));
    estats_row.local_scope_id = row.local_scope_id;
    estats_row.local_port = row.local_port;
    std::memcpy(estats_row.remote_addr, row.remote_addr, sizeof(row.remote_addr));
    estats_row.remote_scope_id = row.remote_scope_id;
    estats_row.remote_port = row.remote_port;
    listed.ipv6 = true;
  }
};

// What rows of all tables of a protocol have, which is how they all begin.
template <typename Protocol>
ListedTcp ReadRow(const typename Protocol::Row& row) {
  ListedTcp listed = {};
  TcpFacts& facts = listed.facts;
  facts.pid = row.owning_pid;
  facts.local_port = PortOf(row.local_port);
  facts.state = static_cast<uint8_t>(StateOf(row.state));
  const uint16_t remote_port = PortOf(row.remote_port);
  if (HasRemote(row.state, remote_port)) {
    facts.has_remote = 1;
    facts.remote_port = remote_port;
  }
  Protocol::Read(row, listed);
  return listed;
}

template <typename T>
T ValueAt(const char* row, size_t offset) {
  T value;
  std::memcpy(&value, row + offset, sizeof(value));
  return value;
}

}  // namespace

struct TcpTables::Format {
  size_t rows_at;
  size_t row_size;
  // 0: not in these rows.
  size_t created_at = 0;
  size_t offload_state_at = 0;

  template <typename Protocol>
  static constexpr Format OwnerModule() {
    return {offsetof(typename Protocol::TableOwnerModule, table),
            sizeof(typename Protocol::RowOwnerModule),
            offsetof(typename Protocol::RowOwnerModule, create_timestamp)};
  }
  template <typename Protocol>
  static constexpr Format OwnerPid() {
    return {offsetof(typename Protocol::TableOwnerPid, table), sizeof(typename Protocol::Row)};
  }
  template <typename Protocol>
  static constexpr Format Table2() {
    return {offsetof(typename Protocol::Table2, table), sizeof(typename Protocol::Row2), 0,
            offsetof(typename Protocol::Row2, offload_state)};
  }
};

TcpIdentity IdentityOf(const ListedTcp& listed) {
  TcpIdentity identity;
  identity.local_address = listed.facts.local_address;
  identity.remote_address = listed.facts.remote_address;
  identity.local_scope_id = listed.local_scope_id;
  identity.remote_scope_id = listed.remote_scope_id;
  identity.local_port = listed.facts.local_port;
  identity.remote_port = listed.facts.remote_port;
  identity.incarnation = listed.created;
  return identity;
}

TcpTables::TcpTables(const Api& api)
    : api_(api),
      ipv4_table_(kInitialTableSize),
      ipv6_table_(kInitialTableSize),
      table2_(kInitialTableSize) {}

absl::Status TcpTables::List() {
  connections_.clear();
  native_calls_ = 0;
  offload_status_ = absl::OkStatus();
  const absl::Status ipv4 = ListProtocol<Ipv4>();
  // A Windows without one of the protocols says so, and that is no fault; one without both is.
  absl::Status status = NotSupported(ipv4) ? absl::OkStatus() : ipv4;
  if (status.ok()) {
    status = ListProtocol<Ipv6>();
    if (NotSupported(status) && ipv4.ok()) status = absl::OkStatus();
  }
  if (!status.ok()) connections_.clear();
  return status;
}

// By the best table that this Windows has.
template <typename Protocol>
absl::Status TcpTables::ListProtocol() {
  AlignedBuffer& table = Protocol::kFamily == kAddressFamilyInet ? ipv4_table_ : ipv6_table_;
  if (api_.get_extended_tcp_table) {
    const v1::TcpOffloadState others = ListOffloaded<Protocol>();
    absl::Status status = FetchExtended<Protocol>(kTcpTableOwnerModuleAll, table);
    if (status.ok()) return ReadRows<Protocol>(Format::OwnerModule<Protocol>(), table, others);
    if (!NotSupported(status)) return status;
    status = FetchExtended<Protocol>(kTcpTableOwnerPidAll, table);
    if (status.ok()) return ReadRows<Protocol>(Format::OwnerPid<Protocol>(), table, others);
    if (!NotSupported(status)) return status;
  }
  if (!Protocol::GetTable2(api_)) return AbsentEntry(kExtendedTable);
  offloaded_.clear();
  if (absl::Status status = FetchTable2<Protocol>(table); !status.ok()) return status;
  return ReadRows<Protocol>(Format::Table2<Protocol>(), table, v1::TCP_OFFLOAD_STATE_UNSPECIFIED);
}

// Fills offloaded_ and returns the state of all others. It is listed first, so a connection that
// comes between the two listings is one of the others, which is what a new one is.
template <typename Protocol>
v1::TcpOffloadState TcpTables::ListOffloaded() {
  offloaded_.clear();
  if (!Protocol::GetTable2(api_)) return v1::TCP_OFFLOAD_STATE_UNSPECIFIED;
  absl::Status status = FetchTable2<Protocol>(table2_);
  if (status.ok()) {
    constexpr Format kFormat = Format::Table2<Protocol>();
    status = ForEachRow(Protocol::kTable2, kFormat, table2_, [&](char* at) {
      const auto state = ValueAt<uint32_t>(at, kFormat.offload_state_at);
      if (state == kTcpOffloadInHost) return;
      const ListedTcp listed = ReadRow<Protocol>(ValueAt<typename Protocol::Row>(at, 0));
      offloaded_.insert_or_assign(IdentityOf(listed), OffloadStateOf(state));
    });
  }
  if (status.ok()) return v1::TCP_OFFLOAD_STATE_IN_HOST;
  if (!NotSupported(status)) offload_status_.Update(status);
  return v1::TCP_OFFLOAD_STATE_UNSPECIFIED;
}

template <typename Protocol>
absl::Status TcpTables::ReadRows(const Format& format, AlignedBuffer& table,
                                 v1::TcpOffloadState others) {
  return ForEachRow(kExtendedTable, format, table, [&](char* at) {
    ListedTcp listed = ReadRow<Protocol>(ValueAt<typename Protocol::Row>(at, 0));
    listed.offload_state = others;
    if (format.offload_state_at != 0) {
      listed.offload_state = OffloadStateOf(ValueAt<uint32_t>(at, format.offload_state_at));
    } else if (!offloaded_.empty()) {
      const auto found = offloaded_.find(IdentityOf(listed));
      if (found != offloaded_.end()) listed.offload_state = found->second;
    }
    if (format.created_at != 0) {
      listed.created = ValueAt<uint64_t>(at, format.created_at);
      listed.owner_row = at;
    }
    connections_.push_back(listed);
  });
}

template <typename Visit>
absl::Status TcpTables::ForEachRow(absl::string_view api, const Format& format,
                                   AlignedBuffer& table, Visit&& visit) {
  char* const start = static_cast<char*>(table.data());
  const auto count = ValueAt<uint32_t>(start, 0);
  if (count > (table.size() - format.rows_at) / format.row_size) {
    return ErrorStatus(
        absl::StatusCode::kInternal, kNativeCallFailed,
        absl::StrCat(api, " says that it lists ", count, " rows, more than its buffer holds."),
        {{"api", std::string(api)}});
  }
  for (size_t i = 0; i < count; ++i) visit(start + format.rows_at + i * format.row_size);
  return absl::OkStatus();
}

template <typename Protocol>
absl::Status TcpTables::FetchExtended(uint32_t table_class, AlignedBuffer& table) {
  return FetchGrowing(kExtendedTable, kErrorInsufficientBuffer, table,
                      [&](void* data, uint32_t* bytes) {
                        ++native_calls_;
                        return api_.get_extended_tcp_table(data, bytes, /*order=*/0,
                                                           Protocol::kFamily, table_class, 0);
                      })
      .status();
}

template <typename Protocol>
absl::Status TcpTables::FetchTable2(AlignedBuffer& table) {
  return FetchGrowing(Protocol::kTable2, kErrorInsufficientBuffer, table,
                      [&](void* data, uint32_t* bytes) {
                        ++native_calls_;
                        return Protocol::GetTable2(api_)(
                            static_cast<typename Protocol::Table2*>(data), bytes, /*order=*/0);
                      })
      .status();
}

}  // namespace farstat::sources::windows
