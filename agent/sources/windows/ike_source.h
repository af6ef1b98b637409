// The IKE family on Windows: totals of the keying service (IKEEXT), and the IKE SAs.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_IKE_SOURCE_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_IKE_SOURCE_H_

#include "absl/status/status.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/source.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/filter_engine.h"
#include "agent/sources/windows/filter_engine_groups.h"
#include "agent/sources/windows/ike_totals.h"
#include "agent/sources/windows/service_incarnation.h"
#include "common/clock.h"

namespace farstat::sources::windows {

class IkeSource : public Source {
 public:
  // Both must outlive it.
  IkeSource(const Api& api, const Clock& clock);

  // Parts are those of ike_rows.h. Nothing is called for groups that are not among them.
  Outcome Collect(PartMask parts, RowSink& sink) override;

 private:
  absl::Status CollectTotals(RowSink& sink);
  absl::Status ReadStatistics(IkeReading& reading);
  void CollectSas(RowSink& sink, FilterEngineGroups& groups);

  const Api& api_;
  const Clock& clock_;
  FilterEngine engine_;
  // Of IKEEXT, which counts.
  ServiceIncarnation incarnation_;
  IkeTotals totals_;
  RowWriter row_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_IKE_SOURCE_H_
