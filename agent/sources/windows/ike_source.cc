#include "agent/sources/windows/ike_source.h"

#include <cstring>

#include "agent/sources/ike_rows.h"
#include "agent/sources/windows/ike_sa_row.h"

namespace farstat::sources::windows {
namespace {

bool Wants(PartMask parts, int part) { return (parts & PartBit(part)) != 0; }

}  // namespace

IkeSource::IkeSource(const Api& api, const Clock& clock)
    : api_(api), clock_(clock), engine_(api, clock), incarnation_(api, kIkeService) {}

Outcome IkeSource::Collect(PartMask parts, RowSink& sink) {
  Outcome outcome;
  FilterEngineGroups groups;
  const uint64_t calls_before = engine_.native_calls() + incarnation_.native_calls();
  outcome.rows_listed = Wants(parts, kIkeSasPart);
  if (Wants(parts, kIkeTotalsPart)) {
    const absl::Status status = CollectTotals(sink);
    groups.Add(status);
    if (status.ok()) outcome.revisit_within = IkeTotals::RevisitWithin();
  }
  if (Wants(parts, kIkeSasPart)) CollectSas(sink, groups);
  groups.Settle(engine_, outcome);
  outcome.native_calls = engine_.native_calls() + incarnation_.native_calls() - calls_before;
  return outcome;
}

absl::Status IkeSource::CollectTotals(RowSink& sink) {
  if (absl::Status status = engine_.Open(); !status.ok()) return status;
  IkeReading reading = {};
  Reading when = {};
  absl::Status status = incarnation_.ReadWithin([&] {
    when.steady = clock_.Steady();
    when.wall = clock_.Wall();
    return ReadStatistics(reading);
  });
  if (!status.ok()) return status;
  when.incarnation = incarnation_.number();
  totals_.Read(reading, when);
  row_.Clear();
  row_.BeginPart(kIkeTotalsPart);
  totals_.Write(row_);
  sink.Put(RowKind::kTotals, row_);
  return status;
}

absl::Status IkeSource::ReadStatistics(IkeReading& reading) {
  // The structures have no size member: Windows writes as much as its own build has.
  IkeStatisticsBuffer buffer;
  static_assert(sizeof(buffer) >= 4096);
  std::memset(&buffer, 0, sizeof(buffer));
  if (api_.ikeext_get_statistics1) {
    absl::Status status =
        engine_.Call("IkeextGetStatistics1", api_.ikeext_get_statistics1, &buffer.version1);
    reading = {buffer.version1, true};
    return status;
  }
  absl::Status status =
      engine_.Call("IkeextGetStatistics0", api_.ikeext_get_statistics0, &buffer.version0);
  reading = FromVersion0(buffer.version0);
  return status;
}

void IkeSource::CollectSas(RowSink& sink, FilterEngineGroups& groups) {
  const bool version2 = static_cast<bool>(api_.ikeext_sa_enum2);
  const Enumeration<IkeSaDetails> sas = {"IkeextSaCreateEnumHandle0",
                                         api_.ikeext_sa_create_enum_handle,
                                         version2 ? "IkeextSaEnum2" : "IkeextSaEnum1",
                                         version2 ? api_.ikeext_sa_enum2 : api_.ikeext_sa_enum1,
                                         "IkeextSaDestroyEnumHandle0",
                                         api_.ikeext_sa_destroy_enum_handle};
  bool any_rows = false;
  const absl::Status status = engine_.Enumerate(sas, [&](const IkeSaDetails& details) {
    WriteIkeSaRow(details, row_);
    sink.Put(RowKind::kRow, row_);
    any_rows = true;
  });
  groups.AddList(status, any_rows);
}

}  // namespace farstat::sources::windows
