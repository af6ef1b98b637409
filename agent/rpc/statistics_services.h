// The services of the families and of the host. Thin: they check the request, and hand it to a
// SnapshotCall or a StatisticsStream.

#ifndef FARSTAT_AGENT_RPC_STATISTICS_SERVICES_H_
#define FARSTAT_AGENT_RPC_STATISTICS_SERVICES_H_

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <vector>

#include "agent/families/family.h"
#include "agent/rpc/operation_calls.h"
#include "agent/rpc/serving.h"

namespace farstat::rpc {

// The families of an agent, in the order of v1::Family.
using Families = std::vector<std::unique_ptr<families::Family>>;

// RasService, TcpService, IpsecService, IkeService and HostService. What they are given must
// outlive them.
std::vector<std::unique_ptr<grpc::Service>> MakeStatisticsServices(const Families& families,
                                                                   Serving& serving,
                                                                   OperationCalls& operations);

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_STATISTICS_SERVICES_H_
