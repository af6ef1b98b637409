// IPsec DoS protection of a simulated gateway.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_DOSP_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_DOSP_H_

#include "absl/time/time.h"
#include "agent/sources/simulated/filter_engine_scenario.pb.h"
#include "agent/sources/windows/abi_ipsec.h"

namespace farstat::sources::simulated {

// What it has counted by `now`. It counts since the machine was started, whatever happens to the
// services.
windows::IpsecDospStatistics DospStatisticsAt(const DosProtection& protection, absl::Duration now);

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_DOSP_H_
