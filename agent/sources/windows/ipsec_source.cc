#include "agent/sources/windows/ipsec_source.h"

#include "agent/sources/ipsec_rows.h"
#include "agent/sources/windows/ipsec_sa_row.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"

namespace farstat::sources::windows {
namespace {

constexpr char kDospName[] = "IPsecDospGetStatistics0";

bool Wants(PartMask parts, int part) { return (parts & PartBit(part)) != 0; }

absl::Status DosProtectionNotInUse() {
  return ErrorStatus(absl::StatusCode::kUnimplemented, kNotSupportedHere,
                     "IPsec DoS protection is not in use on this host: everything that "
                     "IPsecDospGetStatistics0 delivers is 0.",
                     {{"api", kDospName}});
}

}  // namespace

IpsecSource::IpsecSource(const Api& api, const Clock& clock)
    : api_(api), clock_(clock), engine_(api, clock), incarnation_(api, kFilterEngineService) {}

Outcome IpsecSource::Collect(PartMask parts, RowSink& sink) {
  Outcome outcome;
  FilterEngineGroups groups;
  const uint64_t calls_before = engine_.native_calls() + incarnation_.native_calls();
  outcome.rows_listed = Wants(parts, kIpsecSasPart);
  if (Wants(parts, kIpsecTotalsPart) || Wants(parts, kIpsecDosProtectionPart)) {
    CollectTotals(parts, sink, groups, outcome);
  }
  if (Wants(parts, kIpsecSasPart)) CollectSas(sink, groups);
  groups.Settle(engine_, outcome);
  outcome.native_calls = engine_.native_calls() + incarnation_.native_calls() - calls_before;
  return outcome;
}

// --- Totals -------------------------------------------------------------------------------------

void IpsecSource::CollectTotals(PartMask parts, RowSink& sink, FilterEngineGroups& groups,
                                Outcome& outcome) {
  bool any = false;
  row_.Clear();
  if (Wants(parts, kIpsecTotalsPart)) {
    const absl::Status status = ReadTotals();
    groups.Add(status);
    if (status.ok()) {
      any = true;
      outcome.revisit_within = IpsecTotals::RevisitWithin();
      row_.BeginPart(kIpsecTotalsPart);
      totals_.Write(row_);
    }
  }
  if (Wants(parts, kIpsecDosProtectionPart)) {
    absl::optional<IpsecDospStatistics> statistics;
    const absl::Status status =
        ReadDosProtection(Wants(parts, kIpsecDosProtectionNamedPart), statistics);
    if (!status.ok() || statistics) groups.Add(status);
    if (statistics) {
      any = true;
      row_.BeginPart(kIpsecDosProtectionPart);
      WriteIpsecDosProtection(*statistics, row_);
    }
  }
  if (any) sink.Put(RowKind::kTotals, row_);
}

absl::Status IpsecSource::ReadTotals() {
  // First, so that nothing else is asked while BFE is stopped.
  if (absl::Status status = engine_.Open(); !status.ok()) return status;
  IpsecReading reading = {};
  Reading when = {};
  absl::Status status = incarnation_.ReadWithin([&] {
    when.steady = clock_.Steady();
    when.wall = clock_.Wall();
    return ReadStatistics(reading);
  });
  if (!status.ok()) return status;
  when.incarnation = incarnation_.number();
  totals_.Read(reading, when);
  return status;
}

absl::Status IpsecSource::ReadStatistics(IpsecReading& reading) {
  if (api_.ipsec_get_statistics1) {
    reading = {{}, true};
    return engine_.Call("IPsecGetStatistics1", api_.ipsec_get_statistics1, &reading.statistics);
  }
  IpsecStatistics0 statistics = {};
  absl::Status status =
      engine_.Call("IPsecGetStatistics0", api_.ipsec_get_statistics0, &statistics);
  reading = FromVersion0(statistics);
  return status;
}

absl::Status IpsecSource::ReadDosProtection(bool named,
                                            absl::optional<IpsecDospStatistics>& statistics) {
  // A session that cannot be opened is nothing of DoS protection alone.
  if (absl::Status status = engine_.Open(); !status.ok()) return status;
  IpsecDospStatistics read = {};
  absl::Status status = named ? engine_.Call(kDospName, api_.ipsec_dosp_get_statistics, &read)
                              : engine_.CallAside(kDospName, api_.ipsec_dosp_get_statistics, &read);
  if (status.ok() && IsInUse(read)) {
    statistics = read;
    return status;
  }
  // On an ordinary host nothing is missing.
  if (!named) return absl::OkStatus();
  return status.ok() ? DosProtectionNotInUse() : status;
}

// --- SAs ----------------------------------------------------------------------------------------

void IpsecSource::CollectSas(RowSink& sink, FilterEngineGroups& groups) {
  bool any_rows = false;
  const auto put = [&](uint64_t id, v1::IpsecDirection direction, const IpsecSaDetails* details) {
    if (details == nullptr) return;
    WriteIpsecSaRow(id, direction, *details, row_);
    sink.Put(RowKind::kRow, row_);
    any_rows = true;
  };
  const Enumeration<IpsecSaContext> contexts = {"IPsecSaContextCreateEnumHandle0",
                                                api_.ipsec_sa_context_create_enum_handle,
                                                "IPsecSaContextEnum1",
                                                api_.ipsec_sa_context_enum1,
                                                "IPsecSaContextDestroyEnumHandle0",
                                                api_.ipsec_sa_context_destroy_enum_handle};
  const absl::Status status = engine_.Enumerate(contexts, [&](const IpsecSaContext& context) {
    // The direction is that of the context's member: so no two rows can have the same key.
    put(context.sa_context_id, v1::IPSEC_DIRECTION_INBOUND, context.inbound_sa);
    put(context.sa_context_id, v1::IPSEC_DIRECTION_OUTBOUND, context.outbound_sa);
  });
  groups.AddList(status, any_rows);
}

}  // namespace farstat::sources::windows
