// The calls that change the host: who may, on which thread, and what is logged of it.

#ifndef FARSTAT_AGENT_RPC_OPERATION_CALLS_H_
#define FARSTAT_AGENT_RPC_OPERATION_CALLS_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "absl/status/statusor.h"
#include "agent/families/operations.h"
#include "agent/rpc/authorizer.h"
#include "agent/rpc/operation_queue.h"
#include "agent/rpc/stream_lease.h"
#include "common/clock.h"
#include "farstat/v1/ras.pb.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::rpc {

// SetTcpEstatsCollection and ClearRasStatistics. What they are given must outlive them.
class OperationCalls {
 public:
  OperationCalls(const families::Operations& operations, const Authorizer& authorizer)
      : operations_(operations), authorizer_(authorizer) {}

  grpc::ServerUnaryReactor* SetTcpEstats(grpc::CallbackServerContext* context,
                                         const v1::SetTcpEstatsCollectionRequest& request,
                                         v1::SetTcpEstatsCollectionResponse* response);

  grpc::ServerUnaryReactor* ClearRas(grpc::CallbackServerContext* context,
                                     const v1::ClearRasStatisticsRequest& request,
                                     v1::ClearRasStatisticsResponse* response);

  // The lease of a subscription that carries a request.
  absl::StatusOr<StreamLease> LeaseFor(const grpc::CallbackServerContext& context,
                                       const v1::SubscribeTcpStatisticsRequest& subscription);

  // The agent stops: what waits is refused, and what comes.
  void Close();
  // Those under way may take until `deadline`; then their callers are told that the agent stops.
  void End(SteadyTime deadline);

 private:
  const families::Operations& operations_;
  const Authorizer& authorizer_;
  // One for each family: a call into Windows that hangs does not hold up the other's.
  OperationQueue tcp_queue_;
  OperationQueue ras_queue_;
};

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_OPERATION_CALLS_H_
