// One subscription: a cursor per family, and at most one frame on its way to the client.
//
// A tick only marks the family as due. Whenever no write is outstanding, the next frames are made
// from what the tables hold then, so a slow client has no backlog, only an old cursor.

#ifndef FARSTAT_AGENT_RPC_STREAM_H_
#define FARSTAT_AGENT_RPC_STREAM_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/rpc/serving.h"
#include "agent/rpc/stream_request.h"
#include "common/mutex.h"
#include "farstat/v1/common.pb.h"

namespace farstat::rpc {

class StatisticsStream : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                         public std::enable_shared_from_this<StatisticsStream> {
 public:
  // The reactor for a call; owns itself until gRPC is done with it. If the stream cannot be opened,
  // the reactor only ends the call with the reason.
  static grpc::ServerWriteReactor<grpc::ByteBuffer>* Open(grpc::CallbackServerContext* context,
                                                          Serving& serving,
                                                          absl::StatusOr<StreamRequest> request);

  StatisticsStream(grpc::CallbackServerContext* context, Serving& serving, StreamRequest request,
                   Quota::SharePtr share);

  // Ends the stream with a Goodbye as soon as its client has read what was sent.
  void SayGoodbye(v1::GoodbyeReason reason, absl::Duration retry_after);
  // Ends it without a word: its client does not read.
  void Evict();
  v1::SubscriberStatus Describe();
  absl::Time start_time() const { return start_time_; }

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // One family of the stream.
  struct Subscribed {
    families::Family* family;
    families::CompiledQuery query;
    feed::AudiencePtr audience;
    feed::Cursor cursor;
    // A tick has come that has not been sent completely.
    bool due = false;
    // Ticks that came while it was due.
    uint64_t skipped_ticks = 0;
    // The newest frame was not the last one of its tick.
    bool incomplete = false;
    // The client's position cannot be honoured: its full set is a resync.
    bool resync = false;
    // Nothing is sent up to the first tick.
    bool skip_initial = false;
    uint64_t condition_version = 0;
    bool condition_ok = true;
    // How seldom the client knows that the family is collected.
    absl::Duration told_interval;
    std::unique_ptr<feed::Feed::Subscription> subscription;
  };

  // Starts the stream, or has its lease taken first.
  void Begin();
  // Its client is still there.
  bool IsWanted();
  void OnLease(absl::StatusOr<uint64_t> lease);
  void Start();
  void Resume() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string ResumeToken() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnTick(size_t family);
  // Writes the next frame if it can.
  void Pump();
  void MakeFrames() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MakeFamilyFrames(Subscribed& subscribed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MakeConditionFrame(Subscribed& subscribed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MakeBatchFrames(Subscribed& subscribed, const feed::Batch& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  v1::FrameHeader BatchHeader(Subscribed& subscribed, const feed::Batch& batch, bool last)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  v1::FrameHeader NextHeader() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  v1::Accepted MakeAccepted() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddFrame(const v1::FrameHeader& header, int field, const google::protobuf::MessageLite& body)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddGoodbye() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ScheduleTend() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Tend();

  grpc::CallbackServerContext* const context_;
  Serving& serving_;
  const StreamRequest request_;
  const Quota::SharePtr share_;
  const std::string peer_;
  const absl::Time start_time_;
  const SteadyTime steady_start_;

  Mutex mutex_;
  std::vector<Subscribed> families_ ABSL_GUARDED_BY(mutex_);
  std::deque<grpc::ByteBuffer> frames_ ABSL_GUARDED_BY(mutex_);
  // No frame is made before.
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<uint64_t> lease_ ABSL_GUARDED_BY(mutex_);
  // The frame that gRPC is writing; not touched while `writing_`.
  grpc::ByteBuffer outstanding_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  SteadyTime write_started_ ABSL_GUARDED_BY(mutex_);
  SteadyTime newest_frame_ ABSL_GUARDED_BY(mutex_);
  bool accepted_sent_ ABSL_GUARDED_BY(mutex_) = false;
  bool resumed_ ABSL_GUARDED_BY(mutex_) = false;
  bool heartbeat_due_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<v1::Goodbye> goodbye_ ABSL_GUARDED_BY(mutex_);
  // No more frames will be made.
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  // The peer or the transport has gone.
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool evicted_ ABSL_GUARDED_BY(mutex_) = false;
  size_t next_family_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t sequence_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t skipped_ticks_ ABSL_GUARDED_BY(mutex_) = 0;
  // Keeps the stream alive until OnDone.
  std::shared_ptr<StatisticsStream> self_;
};

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_STREAM_H_
