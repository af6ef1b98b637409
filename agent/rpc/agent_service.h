// AgentService: who the agent is and how it is doing.

#ifndef FARSTAT_AGENT_RPC_AGENT_SERVICE_H_
#define FARSTAT_AGENT_RPC_AGENT_SERVICE_H_

#include <functional>
#include <memory>

#include "agent/families/operations.h"
#include "agent/rpc/serving.h"
#include "agent/rpc/statistics_services.h"
#include "farstat/v1/agent.pb.h"

namespace farstat::rpc {

// `identity` has what is known at start: host, system, version, times. `describe_process` tells of
// the process when it is called.
std::unique_ptr<grpc::Service> MakeAgentService(
    const Families& families, Serving& serving, const families::Operations& operations,
    v1::GetAgentInfoResponse identity, std::function<v1::ProcessStatus()> describe_process);

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_AGENT_SERVICE_H_
