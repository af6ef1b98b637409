// The structures of EStats, filled from what was collected.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_TCP_ESTATS_RODS_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_TCP_ESTATS_RODS_H_

#include <cstdint>

#include "agent/sources/simulated/tcp_population.h"
#include "agent/sources/windows/abi_tcp.h"

namespace farstat::sources::simulated {

windows::EstatsSynOptsRos SynOptsRos(const TcpConnection& connection);
windows::EstatsDataRod DataRod(const TcpConnection& connection);
windows::EstatsSndCongRod SndCongRod(const TcpConnection& connection);
windows::EstatsPathRod PathRod(const TcpConnection& connection);
windows::EstatsSendBuffRod SendBuffRod(const TcpConnection& connection);
windows::EstatsRecRod RecRod(const TcpConnection& connection);
windows::EstatsObsRecRod ObsRecRod(const TcpConnection& connection);
// Of a direction that is not collected the members are left as they are.
void FillBandwidthRod(const TcpConnection& connection, windows::EstatsBandwidthRod& rod);
windows::EstatsFineRttRod FineRttRod(const TcpConnection& connection);

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_TCP_ESTATS_RODS_H_
