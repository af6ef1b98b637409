#include "agent/sources/simulated/tcp_model.h"

#include <algorithm>
#include <vector>

#include "absl/time/time.h"
#include "agent/sources/windows/abi_tcp.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::simulated {
namespace {

// MIB_TCP_RTO_VANJ, and the bounds of the timer in milliseconds.
constexpr uint32_t kRtoAlgorithm = 4;
constexpr uint32_t kRtoMin = 300;
constexpr uint32_t kRtoMax = 120'000;
constexpr uint32_t kNoFixedLimit = 0xFFFFFFFF;
// Undefined bits of rows are others every second.
constexpr TcpTime kMoment = 1'000'000;

uint16_t PortOf(uint32_t member) {
  return static_cast<uint16_t>((member & 0xff) << 8 | (member >> 8 & 0xff));
}

bool IsOpen(const TcpConnection* connection) {
  return connection->state == windows::kTcpStateEstablished ||
         connection->state == windows::kTcpStateCloseWait;
}

}  // namespace

TcpEndPoints EndPointsOf(const windows::TcpRow& row) {
  return {TcpAddress::FromV4(row.local_addr), TcpAddress::FromV4(row.remote_addr),
          PortOf(row.local_port), PortOf(row.remote_port)};
}

TcpEndPoints EndPointsOf(const windows::Tcp6Row& row) {
  TcpEndPoints end_points;
  end_points.local.v6 = end_points.remote.v6 = true;
  std::copy(row.local_addr, row.local_addr + 16, end_points.local.bytes.begin());
  std::copy(row.remote_addr, row.remote_addr + 16, end_points.remote.bytes.begin());
  end_points.local_port = PortOf(row.local_port);
  end_points.remote_port = PortOf(row.remote_port);
  return end_points;
}

TcpModel::TcpModel(const TcpScenario& scenario, World& world)
    : scenario_(scenario),
      world_(world),
      population_(scenario, world),
      estats_(scenario.estats()) {}
TcpModel::~TcpModel() = default;

TcpTime TcpModel::Advance() {
  const TcpTime now = absl::ToInt64Microseconds(world_.Now());
  population_.AdvanceTo(now);
  return now;
}

uint64_t TcpModel::BeforeTable(bool v6) {
  const TcpTime now = Advance();
  if (table_calls_[v6 ? 1 : 0]++ < scenario_.growth().calls()) {
    population_.Grow(v6, scenario_.growth().rows());
  }
  return static_cast<uint64_t>(now / kMoment);
}

void TcpModel::Fill(windows::Api& api) {
  FillTables(api);
  FillOwners(api);
  FillTotals(api);
  FillEstats(api.get_per_tcp_connection_estats, api.set_per_tcp_connection_estats);
  FillEstats(api.get_per_tcp6_connection_estats, api.set_per_tcp6_connection_estats);
}

void TcpModel::FillTables(windows::Api& api) {
  api.get_extended_tcp_table = [this](void* table, uint32_t* bytes, int32_t order, uint32_t family,
                                      uint32_t table_class, uint32_t) {
    MutexLock lock(world_.mutex);
    const uint64_t moment = BeforeTable(family == windows::kAddressFamilyInet6);
    return WriteExtendedTcpTable(population_, family, table_class, order != 0, moment, table,
                                 bytes);
  };
  api.get_tcp_table2 = [this](windows::TcpTable2* table, uint32_t* bytes, int32_t order) {
    return Table2(false, table, bytes, order != 0);
  };
  api.get_tcp6_table2 = [this](windows::Tcp6Table2* table, uint32_t* bytes, int32_t order) {
    return Table2(true, table, bytes, order != 0);
  };
}

uint32_t TcpModel::Table2(bool v6, void* table, uint32_t* bytes, bool sorted) {
  MutexLock lock(world_.mutex);
  const uint64_t moment = BeforeTable(v6);
  return WriteTcpTable(population_, v6, TcpRowKind::kRow2, TcpRowChoice::kAll, sorted, moment,
                       table, bytes);
}

void TcpModel::FillOwners(windows::Api& api) {
  const auto owner = [this](const auto* row, uint32_t info_class, void* info, uint32_t* bytes) {
    MutexLock lock(world_.mutex);
    if (row == nullptr) return windows::kErrorInvalidParameter;
    return population_.processes().OwnerModule(row->owning_pid, row->owning_module_info[0],
                                               world_.administrator(), info_class, info, bytes);
  };
  api.get_owner_module_from_tcp_entry = owner;
  api.get_owner_module_from_tcp6_entry = owner;
  api.process_name = [this](uint32_t pid, std::string* name) {
    MutexLock lock(world_.mutex);
    return population_.processes().NameOf(pid, world_.administrator(), name);
  };
}

void TcpModel::FillTotals(windows::Api& api) {
  api.get_tcp_statistics_ex2 = [this](windows::TcpStats2* stats, uint32_t family) {
    return Totals(stats, family);
  };
  api.get_tcp_statistics_ex = [this](windows::TcpStats* stats, uint32_t family) {
    return Totals(stats, family);
  };
}

template <typename Stats>
uint32_t TcpModel::Totals(Stats* stats, uint32_t family) {
  const bool v6 = family == windows::kAddressFamilyInet6;
  if (stats == nullptr || (!v6 && family != windows::kAddressFamilyInet)) {
    return windows::kErrorInvalidParameter;
  }
  MutexLock lock(world_.mutex);
  Advance();
  const std::vector<TcpConnection*>& list = population_.List(v6);
  const TcpStackTotals totals = population_.StackTotals(v6);
  *stats = {};
  stats->rto_algorithm = kRtoAlgorithm;
  stats->rto_min = kRtoMin;
  stats->rto_max = kRtoMax;
  stats->max_conn = kNoFixedLimit;
  stats->active_opens = static_cast<uint32_t>(totals.active_opens);
  stats->passive_opens = static_cast<uint32_t>(totals.passive_opens);
  stats->attempt_fails = static_cast<uint32_t>(totals.attempt_fails);
  stats->estab_resets = static_cast<uint32_t>(totals.estab_resets);
  stats->curr_estab = static_cast<uint32_t>(std::count_if(list.begin(), list.end(), IsOpen));
  stats->in_segs = static_cast<decltype(stats->in_segs)>(totals.in_segs);
  stats->out_segs = static_cast<decltype(stats->out_segs)>(totals.out_segs);
  stats->retrans_segs = static_cast<uint32_t>(totals.retrans_segs);
  stats->in_errs = static_cast<uint32_t>(totals.in_errs);
  stats->out_rsts = static_cast<uint32_t>(totals.out_rsts);
  stats->num_conns = static_cast<uint32_t>(list.size());
  return windows::kSuccess;
}

template <typename Row>
void TcpModel::FillEstats(std::function<windows::GetEstatsCall<Row>>& get,
                          std::function<windows::SetEstatsCall<Row>>& set) {
  get = [this](const Row* row, uint32_t type, uint8_t* rw, uint32_t rw_version, uint32_t rw_size,
               uint8_t* ros, uint32_t ros_version, uint32_t ros_size, uint8_t* rod,
               uint32_t rod_version, uint32_t rod_size) {
    const EstatsBuffer rw_buffer = {rw, rw_version, rw_size};
    const EstatsBuffer ros_buffer = {ros, ros_version, ros_size};
    const EstatsBuffer rod_buffer = {rod, rod_version, rod_size};
    MutexLock lock(world_.mutex);
    if (const uint32_t code =
            estats_.CheckGet(row != nullptr, type, rw_buffer, ros_buffer, rod_buffer);
        code != windows::kSuccess) {
      return code;
    }
    const TcpTime now = Advance();
    return estats_.Get(population_.Find(EndPointsOf(*row)), type, rw_buffer, ros_buffer, rod_buffer,
                       now);
  };
  set = [this](const Row* row, uint32_t type, const uint8_t* rw, uint32_t version, uint32_t size,
               uint32_t offset) {
    MutexLock lock(world_.mutex);
    if (const uint32_t code = estats_.CheckSet(row != nullptr, type, rw, version, size, offset);
        code != windows::kSuccess || size == 0) {
      return code;
    }
    if (!world_.administrator()) return windows::kErrorAccessDenied;
    const TcpTime now = Advance();
    return estats_.Set(population_.Find(EndPointsOf(*row)), type, rw, now);
  };
}

absl::optional<uint64_t> TcpModel::Ideal(const TcpEndPoints& end_points, TcpGroup group,
                                         TcpCounter counter) {
  MutexLock lock(world_.mutex);
  const TcpTime now = Advance();
  TcpConnection* const connection = population_.Find(end_points);
  if (connection == nullptr) return absl::nullopt;
  return estats_.CollectionOf(*connection, now).Counted(group, counter);
}

bool TcpModel::Reset(const TcpEndPoints& end_points) {
  MutexLock lock(world_.mutex);
  Advance();
  TcpConnection* const connection = population_.Find(end_points);
  if (connection == nullptr) return false;
  population_.Reset(*connection);
  return true;
}

void TcpModel::Grow(bool v6, uint32_t rows) {
  MutexLock lock(world_.mutex);
  Advance();
  population_.Grow(v6, rows);
}

}  // namespace farstat::sources::simulated
