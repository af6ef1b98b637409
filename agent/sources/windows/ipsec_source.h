// The IPsec family on Windows: totals of the IPsec driver, DoS protection, and the SAs.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_IPSEC_SOURCE_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_IPSEC_SOURCE_H_

#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/source.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/filter_engine.h"
#include "agent/sources/windows/filter_engine_groups.h"
#include "agent/sources/windows/ipsec_totals.h"
#include "agent/sources/windows/service_incarnation.h"
#include "common/clock.h"

namespace farstat::sources::windows {

class IpsecSource : public Source {
 public:
  // Both must outlive it.
  IpsecSource(const Api& api, const Clock& clock);

  // Parts are those of ipsec_rows.h. Nothing is called for groups that are not among them.
  Outcome Collect(PartMask parts, RowSink& sink) override;

 private:
  absl::Status ReadTotals();
  absl::Status ReadStatistics(IpsecReading& reading);
  // Nothing and OK: there is no DoS protection to be read, and nobody named it.
  absl::Status ReadDosProtection(bool named, absl::optional<IpsecDospStatistics>& statistics);
  void CollectTotals(PartMask parts, RowSink& sink, FilterEngineGroups& groups, Outcome& outcome);
  void CollectSas(RowSink& sink, FilterEngineGroups& groups);

  const Api& api_;
  const Clock& clock_;
  FilterEngine engine_;
  // Of BFE, which keeps the driver's counters.
  ServiceIncarnation incarnation_;
  IpsecTotals totals_;
  RowWriter row_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_IPSEC_SOURCE_H_
