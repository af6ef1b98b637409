// One unary snapshot: waits for the families' collections, then answers with the first page; or
// answers with a further page of a snapshot that is kept.

#ifndef FARSTAT_AGENT_RPC_SNAPSHOT_CALL_H_
#define FARSTAT_AGENT_RPC_SNAPSHOT_CALL_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/rpc/serving.h"
#include "common/mutex.h"
#include "farstat/v1/common.pb.h"

namespace farstat::rpc {

// What a snapshot asks for, checked.
struct SnapshotRequest {
  // The answer is of the host service: sections are wrapped in HostStatistics.
  bool in_host = false;
  std::vector<FamilyRequest> families;
  absl::Duration max_age;
  int page_size = 0;
  std::string page_token;
};

absl::Status ApplyOptions(const v1::SnapshotOptions& options, const Limits& limits,
                          SnapshotRequest& request);

class SnapshotCall : public std::enable_shared_from_this<SnapshotCall> {
 public:
  // Begins the call; it goes on by itself. `response` is filled before the reactor finishes.
  static grpc::ServerUnaryReactor* Begin(grpc::CallbackServerContext* context, Serving& serving,
                                         absl::StatusOr<SnapshotRequest> request,
                                         grpc::ByteBuffer* response);

  SnapshotCall(grpc::CallbackServerContext* context, Serving& serving, SnapshotRequest request,
               Quota::SharePtr share, grpc::ServerUnaryReactor* reactor,
               grpc::ByteBuffer* response);

 private:
  void Collect();
  void Refresh(size_t family, absl::Duration max_age);
  void OnRefreshed(size_t family, const absl::Status& status);
  bool IsLast();
  void Finish();
  absl::Status Answer();
  absl::Status AnswerCollected();
  absl::Status AnswerKept();
  absl::Status WritePage(const std::shared_ptr<const RetainedSnapshot>& snapshot, uint64_t id,
                         uint64_t position);
  uint64_t Fingerprint() const;

  grpc::CallbackServerContext* const context_;
  Serving& serving_;
  const SnapshotRequest request_;
  const Quota::SharePtr share_;
  grpc::ServerUnaryReactor* const reactor_;
  grpc::ByteBuffer* const response_;

  // What was collected, by family; each is written before its IsLast.
  std::vector<feed::SnapshotPtr> snapshots_;

  Mutex mutex_;
  // Collections that are still awaited.
  size_t awaited_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_SNAPSHOT_CALL_H_
