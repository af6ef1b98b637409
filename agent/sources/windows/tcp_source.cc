#include "agent/sources/windows/tcp_source.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/sources/tcp_rows.h"
#include "agent/sources/windows/tcp_row.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"

namespace farstat::sources::windows {
namespace {

bool Wants(PartMask parts, int part) { return (parts & PartBit(part)) != 0; }

// Why the first of the groups that failed did.
absl::Status FailureOf(const Api& api, const ListedTcp& connection, const TcpEstats& estats) {
  int group = 0;
  while (!Wants(estats.failed, group)) ++group;
  const absl::string_view call = EstatsCallName(connection);
  if (estats.codes[group] != kSuccess) return Win32Status(call, estats.codes[group]);
  const bool present = connection.ipv6 ? static_cast<bool>(api.get_per_tcp6_connection_estats)
                                       : static_cast<bool>(api.get_per_tcp_connection_estats);
  if (!present) return AbsentEntry(call);
  return ErrorStatus(absl::StatusCode::kUnimplemented, kNotSupportedHere,
                     absl::StrCat(call, " says that it succeeds, and delivers nothing."),
                     {{"api", std::string(call)}});
}

}  // namespace

std::vector<v1::TcpGroup> DeliverableTcpGroups(const Api& api) {
  std::vector<v1::TcpGroup> groups;
  for (int group = 0; group < v1::TcpGroup_ARRAYSIZE; ++group) {
    if (Wants(ReadableGroups(api), group)) groups.push_back(static_cast<v1::TcpGroup>(group));
  }
  return groups;
}

TcpSource::TcpSource(const Api& api, const Clock& clock)
    : api_(api), clock_(clock), tables_(api), owners_(api, clock), stack_(api) {}

Outcome TcpSource::Collect(PartMask parts, RowSink& sink) {
  Outcome outcome;
  const bool wants_rows = Wants(parts, kTcpConnectionsPart);
  const bool wants_stack = Wants(parts, kTcpStackPart);
  outcome.rows_listed = wants_rows;
  if (!wants_rows && !wants_stack) return outcome;

  CounterReading reading = {clock_.Steady(), clock_.Wall()};
  const absl::Status listed = tables_.List();
  outcome.native_calls += tables_.native_calls();
  if (!listed.ok()) {
    (wants_rows ? outcome.status : outcome.partial) = listed;
    if (wants_rows) return outcome;
  }
  if (wants_rows) CollectRows(parts, sink, reading, outcome);
  if (wants_stack) CollectStack(sink, reading, outcome);
  outcome.revisit_within = reading.revisit_within;
  return outcome;
}

void TcpSource::CollectRows(PartMask parts, RowSink& sink, CounterReading& reading,
                            Outcome& outcome) {
  ++collection_;
  seen_ = 0;
  owners_.BeginCollection();
  outcome.partial.Update(tables_.offload_status());
  if ((parts & kEstatsGroups) != 0 && ReadableGroups(api_) == 0) {
    outcome.partial.Update(AbsentEntry("GetPerTcpConnectionEStats"));
    parts &= ~kEstatsGroups;
  }
  for (const ListedTcp& connection : tables_.connections()) {
    CollectRow(connection, parts, sink, reading, outcome);
  }
  ForgetUnseen();
  owners_.EndCollection();
  outcome.partial.Update(owners_.status());
  outcome.native_calls += owners_.native_calls();
}

void TcpSource::CollectRow(const ListedTcp& connection, PartMask parts, RowSink& sink,
                           CounterReading& reading, Outcome& outcome) {
  const bool wants_owner = Wants(parts, kTcpOwnerPart);
  TcpOwner owner;
  if (wants_owner) owner.process = owners_.ProcessOf(connection);
  const PartMask groups = WantedGroups(connection, owner, parts, sink);
  Kept* const kept = KeptOf(connection, groups != 0 || wants_owner);
  TcpRowParts row = {connection, nullptr, nullptr, nullptr};
  if (groups != 0) {
    if (!ReadEstats(api_, connection, groups, estats_, outcome.native_calls)) {
      ++outcome.vanished_rows;
      return;
    }
    if (estats_.failed != 0 && outcome.partial.ok()) {
      outcome.partial = FailureOf(api_, connection, estats_);
    }
    reading.steady = clock_.Steady();
    kept->counters.Read(estats_, reading);
    row.estats = &estats_;
    row.counters = &kept->counters;
  }
  if (wants_owner) {
    owners_.FindService(connection, owner.process, kept->service);
    owner.service = kept->service.name;
    row.owner = &owner;
  }
  WriteTcpRow(row, row_);
  sink.Put(RowKind::kRow, row_);
}

// A group costs a call: it is read only of connections of which somebody wants it.
PartMask TcpSource::WantedGroups(const ListedTcp& connection, const TcpOwner& owner, PartMask parts,
                                 const RowSink& sink) {
  const PartMask groups = parts & kEstatsGroups;
  if (groups == 0 || connection.facts.state != v1::TCP_STATE_ESTABLISHED) return 0;
  facts_.assign(reinterpret_cast<const char*>(&connection.facts), sizeof(connection.facts));
  facts_.append(owner.process.data(), owner.process.size());
  return groups & sink.PartsOf(facts_);
}

// Null: nothing is kept of it, and nothing needs to be.
TcpSource::Kept* TcpSource::KeptOf(const ListedTcp& connection, bool needed) {
  if (!needed && kept_.empty()) return nullptr;
  const TcpIdentity identity = IdentityOf(connection);
  auto found = kept_.find(identity);
  if (found == kept_.end()) {
    if (!needed) return nullptr;
    found = kept_.try_emplace(identity).first;
  }
  Kept& kept = found->second;
  if (kept.seen_in != collection_) ++seen_;
  kept.seen_in = collection_;
  return &kept;
}

void TcpSource::ForgetUnseen() {
  if (seen_ == kept_.size()) return;
  absl::erase_if(kept_, [this](const auto& entry) { return entry.second.seen_in != collection_; });
}

void TcpSource::CollectStack(RowSink& sink, CounterReading& reading, Outcome& outcome) {
  TcpStateCounts states = {};
  for (const ListedTcp& connection : tables_.connections()) ++states[connection.facts.state];
  reading.steady = clock_.Steady();
  outcome.partial.Update(stack_.Read(reading, outcome.native_calls));
  stack_.Write(states, row_);
  sink.Put(RowKind::kTotals, row_);
}

}  // namespace farstat::sources::windows
