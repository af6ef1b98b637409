#include "tests/bench/raw_server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <thread>

#include "common/mutex.h"
#include "tests/bench/child_process.h"
#include "tests/bench/publish_mark.h"

namespace farstat::bench {
namespace {

using grpc::ByteBuffer;
using Frames = std::vector<ByteBuffer>;

ByteBuffer MakeBuffer(size_t size) {
  const grpc::Slice slice(std::string(size, 'x'));
  return {&slice, 1};
}

// One subscriber; deletes itself.
class RawStream : public grpc::ServerGenericBidiReactor {
 public:
  RawStream(const Frames& first, Mutex& mutex, std::set<RawStream*>& streams)
      : streams_mutex_(mutex), streams_(streams), due_(first.begin(), first.end()) {
    StartRead(&request_);
  }

  void Send(const Frames& frames) {
    MutexLock lock(mutex_);
    due_.insert(due_.end(), frames.begin(), frames.end());
    WriteNext();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    {
      MutexLock lock(streams_mutex_);
      streams_.insert(this);
    }
    MutexLock lock(mutex_);
    begun_ = true;
    WriteNext();
  }
  void OnWriteDone(bool ok) override {
    MutexLock lock(mutex_);
    writing_ = false;
    if (ok) WriteNext();
  }
  void OnCancel() override {
    {
      MutexLock lock(streams_mutex_);
      streams_.erase(this);
    }
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }  // allow(new): a reactor owns itself

 private:
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || !begun_ || due_.empty()) return;
    outstanding_ = due_.front();
    due_.pop_front();
    writing_ = true;
    StartWrite(&outstanding_);
  }

  Mutex& streams_mutex_;
  std::set<RawStream*>& streams_;
  ByteBuffer request_;
  ByteBuffer outstanding_;
  Mutex mutex_;
  std::deque<ByteBuffer> due_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;
};

// One snapshot; deletes itself.
class RawSnapshot : public grpc::ServerGenericBidiReactor {
 public:
  explicit RawSnapshot(const ByteBuffer& answer) : answer_(answer) { StartRead(&request_); }
  void OnReadDone(bool ok) override {
    if (ok) StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
    if (!ok) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }  // allow(new): a reactor owns itself

 private:
  ByteBuffer request_;
  ByteBuffer answer_;
};

class RawService : public grpc::CallbackGenericService {
 public:
  explicit RawService(const RawPlan& plan)
      : plan_(plan), snapshot_(MakeBuffer(plan.snapshot_bytes)) {
    for (const size_t size : plan.first_frames) first_.push_back(MakeBuffer(size));
    for (const size_t size : plan.frames) frames_.push_back(MakeBuffer(size));
  }

  // Sends the frames of a beat to everybody, the first with the time.
  void Beat() {
    if (frames_.empty()) return;
    Frames frames = frames_;
    const std::string mark = MakePublishMark();
    const size_t size = plan_.frames[0];
    const grpc::Slice slices[] = {
        grpc::Slice(mark), grpc::Slice(std::string(size - std::min(size, mark.size()), 'x'))};
    frames[0] = ByteBuffer(slices, 2);
    MutexLock lock(mutex_);
    for (RawStream* stream : streams_) stream->Send(frames);
  }

 private:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    // allow(new): reactors own themselves
    if (context->method() == kRawSnapshotMethod) return new RawSnapshot(snapshot_);
    return new RawStream(first_, mutex_, streams_);  // allow(new): as above
  }

  const RawPlan plan_;
  const ByteBuffer snapshot_;
  Frames first_;
  Frames frames_;
  Mutex mutex_;
  std::set<RawStream*> streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

void RunRawServer(const RawPlan& plan) {
  RaiseFileLimit();
  RawService service(plan);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::experimental::LocalServerCredentials(LOCAL_TCP),
                           &port);
  builder.RegisterCallbackGenericService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::thread beats([&] {
    auto next = std::chrono::steady_clock::now();
    while (true) {
      next += absl::ToChronoNanoseconds(plan.interval);
      std::this_thread::sleep_until(next);  // allow(sleep): the beat
      service.Beat();
    }
  });
  ServeUntilKilled("127.0.0.1:" + std::to_string(port));
}

}  // namespace farstat::bench
