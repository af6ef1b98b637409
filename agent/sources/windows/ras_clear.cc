#include "agent/sources/windows/ras_clear.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/sources/ras_rows.h"
#include "agent/sources/windows/ras_calls.h"
#include "agent/sources/windows/ras_source.h"
#include "agent/sources/windows/ras_totals.h"
#include "agent/sources/windows/win32_status.h"
#include "common/clock.h"
#include "common/status.h"
#include "farstat/v1/ras.pb.h"

namespace farstat::sources::windows {
namespace {

constexpr absl::string_view kClearConnection = "RasClearConnectionStatistics";
constexpr absl::string_view kClearLink = "RasClearLinkStatistics";
// Links of one connection that are looked for, as many as the collector shows.
constexpr uint32_t kMaxLinks = 32;

struct Target {
  RasIdentity identity;
  std::string entry_name;
};

// Keeps the connections that a request is about, of all that the collector lists.
class Targets : public RowSink {
 public:
  explicit Targets(const RasClearRequest& request) : request_(request) {}

  void Put(RowKind, RowWriter& row) override {
    v1::RasConnectionKey key;
    if (!key.ParseFromArray(row.key().data(), static_cast<int>(row.key().size()))) return;
    if (!Wanted(key, row.facts())) return;
    v1::RasConnection connection;
    if (!connection.ParseFromArray(row.bytes().data(), static_cast<int>(row.bytes().size())))
      return;
    targets_.push_back({{key.entry_guid(), key.handle()}, connection.entry_name()});
  }

  const std::vector<Target>& targets() const { return targets_; }

 private:
  bool Wanted(const v1::RasConnectionKey& key, absl::string_view facts) const {
    if (const absl::optional<RasIdentity>& wanted = request_.connection) {
      return key.handle() == wanted->handle &&
             absl::EqualsIgnoreCase(key.entry_guid(), wanted->entry_guid);
    }
    return !request_.matches || request_.matches(facts);
  }

  const RasClearRequest& request_;
  std::vector<Target> targets_;
};

absl::Status NoSuchConnection() {
  return ErrorStatus(absl::StatusCode::kNotFound, kObjectVanished,
                     "There is no such connection, or it has ended: a connection that was made "
                     "again has another handle.",
                     {{"api", "RasEnumConnectionsW"}});
}

absl::Status CheckEntries(const Api& api, const RasClearRequest& request) {
  if (request.link == 0 && !api.ras_clear_connection_statistics) {
    return AbsentEntry(kClearConnection);
  }
  if ((request.link != 0 || request.all_links) && !api.ras_clear_link_statistics) {
    return AbsentEntry(kClearLink);
  }
  return absl::OkStatus();
}

// Clears the counters of connections one by one.
//
// Windows keeps counters of a connection and of its links, and nobody documents which of them one
// Clear sets to zero. So the others are read right before and right after it: within that instant
// nothing but the Clear can make them fall.
class Clearer {
 public:
  Clearer(const Api& api, RasClearings& clearings)
      : api_(api), clearings_(clearings), calls_(api) {}

  // `link` 0: the connection as a whole.
  uint32_t Clear(Handle connection, uint32_t link);
  // The links of the connection that are up.
  std::vector<uint32_t> LinksUp(Handle connection);

  uint64_t native_calls() const { return native_calls_ + calls_.native_calls(); }

 private:
  struct Seen {
    uint32_t link;
    RasCounterValues values;
  };

  bool Read(Handle connection, uint32_t link, RasCounterValues& values);
  std::vector<Seen> ReadAllBut(Handle connection, uint32_t link);

  const Api& api_;
  RasClearings& clearings_;
  RasCalls calls_;
  uint64_t native_calls_ = 0;
};

bool Clearer::Read(Handle connection, uint32_t link, RasCounterValues& values) {
  RasStats stats;
  const absl::Status status = link == 0 ? calls_.GetConnectionStatistics(connection, stats)
                                        : calls_.GetLinkStatistics(connection, link, stats);
  if (status.ok()) values = CountersOf(stats);
  return status.ok();
}

std::vector<uint32_t> Clearer::LinksUp(Handle connection) {
  if (!api_.ras_get_sub_entry_handle) return {1};
  std::vector<uint32_t> links;
  for (uint32_t link = 1; link <= kMaxLinks; ++link) {
    Handle handle = 0;
    const absl::Status status = calls_.GetLinkHandle(connection, link, handle);
    if (status.ok()) links.push_back(link);
    if (!status.ok() && Win32CodeOf(status) != kErrorPortNotOpen) break;
  }
  return links;
}

std::vector<Clearer::Seen> Clearer::ReadAllBut(Handle connection, uint32_t link) {
  std::vector<uint32_t> others = LinksUp(connection);
  others.push_back(0);
  std::vector<Seen> seen;
  for (const uint32_t other : others) {
    Seen now = {other, {}};
    if (other != link && Read(connection, other, now.values)) seen.push_back(now);
  }
  return seen;
}

bool AnyFell(const RasCounterValues& before, const RasCounterValues& after) {
  for (size_t i = 0; i < before.size(); ++i) {
    if (after[i] < before[i]) return true;
  }
  return false;
}

uint32_t Clearer::Clear(Handle connection, uint32_t link) {
  MutexLock lock(clearings_.mutex);
  const std::vector<Seen> others = ReadAllBut(connection, link);
  ++native_calls_;
  const uint32_t code =
      RasCode(link == 0 ? CallRas(api_, api_.ras_clear_connection_statistics, connection)
                        : CallRas(api_, api_.ras_clear_link_statistics, connection, link));
  if (code == kSuccess) clearings_.Add(connection, link);
  for (const Seen& before : others) {
    RasCounterValues after;
    if (Read(connection, before.link, after) && AnyFell(before.values, after)) {
      clearings_.Add(connection, before.link);
    }
  }
  return code;
}

RasClearResult Result(const Target& target, uint32_t link, uint32_t code) {
  return {target.identity, target.entry_name, link, code,
          RasCallStatus(link == 0 ? kClearConnection : kClearLink, code)};
}

}  // namespace

uint64_t RasClearings::CountOf(Handle connection, uint32_t link) const {
  const auto found = counts_.find({connection, link});
  return found == counts_.end() ? 0 : found->second;
}

void RasClearings::Add(Handle connection, uint32_t link) { ++counts_[{connection, link}]; }

void RasClearings::Forget(Handle connection) {
  counts_.erase(counts_.lower_bound({connection, 0}),
                counts_.upper_bound({connection, UINT32_MAX}));
}

absl::StatusOr<RasClearReport> ClearRasStatistics(const Api& api, RasClearings& clearings,
                                                  const RasClearRequest& request) {
  if (absl::Status status = CheckEntries(api, request); !status.ok()) return status;
  Targets targets(request);
  const PartMask parts = request.connection || !request.matches ? 0 : request.parts;
  const Outcome listed = RasSource(api, SystemClock()).Collect(parts, targets);
  if (!listed.status.ok()) return listed.status;
  if (request.connection && targets.targets().empty()) return NoSuchConnection();

  RasClearReport report;
  report.matched_connections = targets.targets().size();
  Clearer clearer(api, clearings);
  for (const Target& target : targets.targets()) {
    const Handle handle = target.identity.handle;
    report.results.push_back(Result(target, request.link, clearer.Clear(handle, request.link)));
    if (!request.all_links || request.link != 0) continue;
    for (const uint32_t link : clearer.LinksUp(handle)) {
      report.results.push_back(Result(target, link, clearer.Clear(handle, link)));
    }
  }
  report.native_calls = listed.native_calls + clearer.native_calls();
  return report;
}

}  // namespace farstat::sources::windows
