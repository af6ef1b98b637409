// The one place where statuses cross between our code and gRPC.

#ifndef FARSTAT_COMMON_GRPC_STATUS_H_
#define FARSTAT_COMMON_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace farstat {

// With the cause as google.rpc.Status in the details.
grpc::Status ToGrpcStatus(const absl::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace farstat

#endif  // FARSTAT_COMMON_GRPC_STATUS_H_
