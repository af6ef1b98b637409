#include "agent/sources/windows/ras_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/sources/ras_rows.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"

namespace farstat::sources::windows {
namespace {

constexpr v1::RasGroup kGroups[] = {v1::RAS_GROUP_STATUS, v1::RAS_GROUP_STATISTICS,
                                    v1::RAS_GROUP_LINKS, v1::RAS_GROUP_PROJECTION};
constexpr PartMask kCountingGroups =
    RasGroupBit(v1::RAS_GROUP_STATISTICS) | RasGroupBit(v1::RAS_GROUP_LINKS);

// Links of one connection that are looked for: more than 30 channels of a primary rate interface.
constexpr uint32_t kMaxLinks = 32;

// The handle was listed and is not valid any more: the connection has ended.
bool HasEnded(const absl::Status& status) { return Win32CodeOf(status) == kErrorInvalidHandle; }

// Some port, link or bundle is not there, or not any more. Windows says so of connections in
// trouble, too, which stay listed.
bool IsGone(const absl::Status& status) { return absl::IsNotFound(status); }

// What voids more than the one thing that was asked for.
bool EndsRow(const absl::Status& status) { return HasEnded(status) || IsRasStopped(status); }

// What a row says of its connection, and nothing that the collection failed with.
bool IsFoundOut(const absl::Status& status) { return IsNotNegotiated(status) || IsGone(status); }

absl::Status ServiceStopped() {
  return ErrorStatus(absl::StatusCode::kUnavailable, kSourceStopped,
                     "The service RasMan is not running, so there are no connections. The agent "
                     "tries again; start the service if it is wanted.",
                     {{"service", kRasService}});
}

absl::Status TooManyLinks() {
  return ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached,
                     absl::StrCat("Some connection has more than ", kMaxLinks,
                                  " links; the others are not shown."),
                     {{"api", "RasGetSubEntryHandleW"}});
}

}  // namespace

RasSource::RasSource(const Api& api, const Clock& clock)
    : api_(api), clock_(clock), calls_(api), projection_(api) {}

Outcome RasSource::Collect(PartMask parts, RowSink& sink) {
  Outcome outcome;
  const auto all_calls = [&] {
    return service_calls_ + calls_.native_calls() + projection_.native_calls();
  };
  const uint64_t calls_before = all_calls();
  ++collection_;
  outcome.status = CheckService();
  if (outcome.status.ok()) outcome.status = calls_.List();
  if (outcome.status.ok()) CollectListed(parts, sink, outcome);
  outcome.native_calls = all_calls() - calls_before;
  return outcome;
}

// Asking RAS for its connections could start the service. A host that does without it is left so.
absl::Status RasSource::CheckService() {
  if (!api_.service_status) return absl::OkStatus();
  ServiceStatus service = {};
  ++service_calls_;
  // What cannot be found out about the service, RAS itself will tell.
  if (api_.service_status(kRasService, &service) != kSuccess) return absl::OkStatus();
  if (service.state == kServiceStopped) return ServiceStopped();
  service_start_ = service.process_start;
  return absl::OkStatus();
}

void RasSource::CollectListed(PartMask parts, RowSink& sink, Outcome& outcome) {
  for (size_t i = 0; i < calls_.count(); ++i) {
    absl::Status status = CollectRow(calls_.At(i), parts, outcome.partial);
    if (status.ok()) {
      sink.Put(RowKind::kRow, row_);
    } else if (HasEnded(status)) {
      ++outcome.vanished_rows;
    } else {
      outcome.status = std::move(status);
      return;
    }
  }
  DropVanished();
  if ((parts & kCountingGroups) != 0 && calls_.count() > 0) {
    outcome.revisit_within = RasRevisitTime();
  }
}

absl::Status RasSource::CollectRow(const RasConnection& listed, PartMask parts,
                                   absl::Status& partial) {
  facts_.facts = {};
  row_.Clear();
  WriteRasConnection(listed, row_, facts_);
  Current current = {listed, nullptr, facts_};
  if (const auto kept = kept_.find(row_.key()); kept != kept_.end()) {
    kept->second->newest_collection = collection_;
  }
  if ((parts & kCountingGroups) != 0) current.kept = &Keep(listed);
  for (const v1::RasGroup group : kGroups) {
    if ((parts & RasGroupBit(group)) == 0) continue;
    row_.BeginPart(RasGroupPart(group));
    absl::Status status = CollectGroup(group, current, partial);
    if (status.ok()) continue;
    if (EndsRow(status)) return status;
    // What this Windows lacks altogether has no code, and is told once, not in each row.
    if (const uint32_t code = Win32CodeOf(status)) WriteMissingGroup(group, code, row_);
    if (!IsFoundOut(status)) partial.Update(status);
  }
  SetRasFacts(facts_, row_);
  return absl::OkStatus();
}

absl::Status RasSource::CollectGroup(v1::RasGroup group, Current& current, absl::Status& partial) {
  switch (group) {
    case v1::RAS_GROUP_STATUS:
      return CollectStatus(current);
    case v1::RAS_GROUP_STATISTICS:
      return CollectStatistics(current);
    case v1::RAS_GROUP_LINKS:
      return CollectLinks(current, partial);
    default:
      return CollectProjection(current, partial);
  }
}

absl::Status RasSource::CollectStatus(Current& current) {
  RasConnectionStatus status;
  if (absl::Status called = calls_.GetStatus(current.listed.handle, status); !called.ok()) {
    return called;
  }
  WriteRasStatus(v1::RasConnection::kStatusFieldNumber, status, row_);
  AddStatusFacts(status, current.facts.facts);
  return absl::OkStatus();
}

absl::Status RasSource::CollectStatistics(Current& current) {
  const Handle handle = current.listed.handle;
  RasStats stats;
  RasCounterSigns signs{service_start_, 0, 0};
  RasReadingTime time;
  {
    MutexLock lock(clearings_.mutex);
    time.before = clock_.Steady();
    absl::Status called = calls_.GetConnectionStatistics(handle, stats);
    if (!called.ok()) return called;
    time.after = clock_.Steady();
    signs.clearings = clearings_.CountOf(handle, 0);
  }
  time.wall = clock_.Wall();
  RasTotals& totals = current.kept->totals;
  totals.Read(stats, signs, time);
  WriteRasStats(v1::RasConnection::kStatisticsFieldNumber, stats, totals, HasSingleLink(current),
                row_);
  WriteAccumulation(v1::RasConnection::kAccumulationFieldNumber, totals.history(), row_);
  return absl::OkStatus();
}

// Whether the connection's compression ratios mean something. Asked once per connection: entries do
// not change while they are connected.
bool RasSource::HasSingleLink(Current& current) {
  absl::optional<bool>& several = current.kept->several_links;
  if (!several) {
    Handle second = 0;
    const absl::Status status = calls_.GetLinkHandle(current.listed.handle, 2, second);
    const uint32_t code = status.ok() ? kSuccess : Win32CodeOf(status);
    if (status.ok() || code == kErrorPortNotOpen) several = true;
    if (code == kErrorNoMoreItems) several = false;
  }
  return several.has_value() && !*several;
}

absl::Status RasSource::CollectLinks(Current& current, absl::Status& partial) {
  if (!api_.ras_get_sub_entry_handle) {
    // Then Windows names no link but the one that the connection was found by.
    partial.Update(AbsentEntry("RasGetSubEntryHandleW"));
    const uint32_t index = std::max(current.listed.sub_entry, uint32_t{1});
    return CollectLink(index, 0, current, partial);
  }
  for (uint32_t index = 1;; ++index) {
    Handle handle = 0;
    absl::Status status = calls_.GetLinkHandle(current.listed.handle, index, handle);
    const uint32_t code = status.ok() ? kSuccess : Win32CodeOf(status);
    if (code == kErrorNoMoreItems) {
      current.kept->several_links = index > 2;
      return absl::OkStatus();
    }
    if (EndsRow(status)) return status;
    const bool known = current.kept->links.count(index) != 0;
    const bool down = code == kErrorPortNotOpen || (known && IsGone(status));
    if (!status.ok() && !down) return EndLinks(index, status, current, partial);
    if (index > kMaxLinks) {
      current.kept->several_links = true;
      partial.Update(TooManyLinks());
      return absl::OkStatus();
    }
    if (down) {
      WriteLink({index, false, {}, {}, 0}, current.kept->links[index]);
    } else if (absl::Status link = CollectLink(index, handle, current, partial); !link.ok()) {
      return link;
    }
  }
}

// No link was found with this index, nor that there are no more. Some may be known already.
absl::Status RasSource::EndLinks(uint32_t index, const absl::Status& status, Current& current,
                                 absl::Status& partial) {
  if (index == 1) return status;
  if (IsGone(status)) return absl::OkStatus();
  partial.Update(status);
  if (index > kMaxLinks) return absl::OkStatus();
  WriteLink({index, {}, {}, {}, Win32CodeOf(status)}, current.kept->links[index]);
  return absl::OkStatus();
}

absl::Status RasSource::CollectLink(uint32_t index, Handle handle, Current& current,
                                    absl::Status& partial) {
  Link& link = current.kept->links[index];
  RasLinkReading reading;
  reading.index = index;
  if (handle != 0) reading.up = true;
  // True: go on with the link. It may have gone down since its handle was asked for.
  const auto take = [&](const absl::Status& status) {
    if (IsGone(status)) reading.up = false;
    if (!status.ok() && !IsGone(status)) {
      if (reading.win32_code == 0) reading.win32_code = Win32CodeOf(status);
      partial.Update(status);
    }
    return status.ok();
  };
  if (handle != 0) {
    RasConnectionStatus status;
    absl::Status called = calls_.GetStatus(handle, status);
    if (IsRasStopped(called)) return called;
    if (take(called)) reading.status = status;
  }
  if (reading.up.value_or(true)) {
    RasStats stats;
    absl::Status called = ReadLinkStatistics(current.listed.handle, index, link, stats);
    if (IsRasStopped(called)) return called;
    if (take(called)) reading.stats = stats;
  }
  if (!reading.up.value_or(true)) reading.status.reset();
  WriteLink(reading, link);
  return absl::OkStatus();
}

absl::Status RasSource::ReadLinkStatistics(Handle connection, uint32_t index, Link& link,
                                           RasStats& stats) {
  RasCounterSigns signs{service_start_, 0, link.times_down};
  RasReadingTime time;
  {
    MutexLock lock(clearings_.mutex);
    time.before = clock_.Steady();
    absl::Status called = calls_.GetLinkStatistics(connection, index, stats);
    if (!called.ok()) return called;
    time.after = clock_.Steady();
    signs.clearings = clearings_.CountOf(connection, index);
  }
  time.wall = clock_.Wall();
  link.totals.Read(stats, signs, time);
  return absl::OkStatus();
}

void RasSource::WriteLink(const RasLinkReading& reading, Link& link) {
  const bool down = !reading.up.value_or(true);
  if (down && !link.was_down) ++link.times_down;
  link.was_down = down;
  WriteRasLink(reading, link.totals, row_);
}

absl::Status RasSource::CollectProjection(Current& current, absl::Status& partial) {
  absl::Status status = projection_.Read(current.listed.handle);
  if (!projection_.delivered() || EndsRow(status)) return status;
  projection_.Write(row_, current.facts.facts);
  if (!IsFoundOut(status)) partial.Update(status);
  return absl::OkStatus();
}

RasSource::Connection& RasSource::Keep(const RasConnection& listed) {
  std::unique_ptr<Connection>& kept = kept_[row_.key()];
  if (kept == nullptr) {
    kept = std::make_unique<Connection>();
    kept->handle = listed.handle;
  }
  kept->newest_collection = collection_;
  return *kept;
}

// Of connections that the list no longer has.
void RasSource::DropVanished() {
  absl::erase_if(kept_, [this](const auto& entry) {
    const Connection& connection = *entry.second;
    if (connection.newest_collection == collection_) return false;
    MutexLock lock(clearings_.mutex);
    clearings_.Forget(connection.handle);
    return true;
  });
}

}  // namespace farstat::sources::windows
