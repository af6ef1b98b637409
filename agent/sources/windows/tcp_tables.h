// Lists the TCP connections of the host, of IPv4 and IPv6: the one place that reads the rows of
// Windows' tables. What is wrong with these rows is set right here: ports with garbage above them,
// remote ends of listening sockets, and that no row of a table is what the EStats functions take.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_TCP_TABLES_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_TCP_TABLES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "agent/sources/estats_switches.h"
#include "agent/sources/tcp_rows.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/grow.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::sources::windows {

// A row of the tables.
struct ListedTcp {
  // With the owner's pid, as far as Windows tells one; a state that v1::TcpState does not know is
  // TCP_STATE_UNSPECIFIED.
  TcpFacts facts;
  uint32_t local_scope_id;
  uint32_t remote_scope_id;
  // FILETIME of the bind; 0: this Windows does not tell.
  uint64_t created;
  v1::TcpOffloadState offload_state;
  bool ipv6;
  // How the EStats functions want it named, each bit as it was listed: `row6` if `ipv6`.
  TcpRow row;
  Tcp6Row row6;
  // Its TcpRowOwnerModule or Tcp6RowOwnerModule, until the next listing; null: this Windows does
  // not deliver it. Not const, because GetOwnerModuleFromTcpEntry would not take it.
  void* owner_row;
};

// What makes the connection this connection.
TcpIdentity IdentityOf(const ListedTcp& listed);

class TcpTables {
 public:
  // `api` must outlive it.
  explicit TcpTables(const Api& api);

  // Lists anew. An error leaves connections() empty.
  absl::Status List();
  const std::vector<ListedTcp>& connections() const { return connections_; }

  // OK, or why the newest listing does not tell which connections are offloaded.
  const absl::Status& offload_status() const { return offload_status_; }
  // Calls that the newest listing took.
  uint64_t native_calls() const { return native_calls_; }

 private:
  // Where the rows of a table are and what is in them.
  struct Format;
  template <typename Protocol>
  absl::Status ListProtocol();
  template <typename Protocol>
  v1::TcpOffloadState ListOffloaded();
  template <typename Protocol>
  absl::Status ReadRows(const Format& format, AlignedBuffer& table, v1::TcpOffloadState others);
  template <typename Visit>
  absl::Status ForEachRow(absl::string_view api, const Format& format, AlignedBuffer& table,
                          Visit&& visit);
  template <typename Protocol>
  absl::Status FetchExtended(uint32_t table_class, AlignedBuffer& table);
  template <typename Protocol>
  absl::Status FetchTable2(AlignedBuffer& table);

  const Api& api_;
  std::vector<ListedTcp> connections_;
  absl::Status offload_status_;
  uint64_t native_calls_ = 0;
  // Connections of the protocol under way that are not handled by the host alone, without their
  // incarnation: hardly ever any.
  absl::flat_hash_map<TcpIdentity, v1::TcpOffloadState> offloaded_;
  // The rows of the newest listing, which `owner_row` points into.
  AlignedBuffer ipv4_table_;
  AlignedBuffer ipv6_table_;
  AlignedBuffer table2_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_TCP_TABLES_H_
