#include "tests/bench/audience.h"

#include <grpcpp/generic/generic_stub.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tests/bench/publish_mark.h"

namespace farstat::bench {

class Subscriber : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Subscriber(Audience& audience, const std::string& address, const std::string& method,
             const std::string& request, bool first)
      : audience_(audience),
        first_(first),
        stub_(OwnConnection(address)),
        request_(ToBuffer(request)) {
    stub_.PrepareBidiStreamingCall(&context_, method, grpc::StubOptions(), this);
    StartWriteLast(&request_, grpc::WriteOptions());
    StartRead(&frame_);
    StartCall();
  }
  ~Subscriber() override {
    MutexLock lock(mutex_);
    while (!done_) changed_.wait(mutex_);
  }

  void Cancel() { context_.TryCancel(); }
  uint64_t frames() const { return frames_; }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    ++frames_;
    audience_.OnFrame(frame_, first_);
    StartRead(&frame_);
  }
  void OnDone(const grpc::Status& status) override {
    if (status.error_code() != grpc::StatusCode::CANCELLED) {
      std::fprintf(stderr, "a subscriber was refused: %s\n", status.error_message().c_str());
      std::exit(1);
    }
    MutexLock lock(mutex_);
    done_ = true;
    changed_.notify_all();
  }

 private:
  Audience& audience_;
  const bool first_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  const grpc::ByteBuffer request_;
  grpc::ByteBuffer frame_;
  std::atomic<uint64_t> frames_{0};
  Mutex mutex_;
  ConditionVariable changed_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
};

Audience::Audience(const std::string& address, const std::string& method,
                   const std::string& request, int count) {
  for (int i = 0; i < count; ++i) {
    subscribers_.push_back(std::make_unique<Subscriber>(*this, address, method, request, i == 0));
  }
}

Audience::~Audience() {
  for (const auto& subscriber : subscribers_) subscriber->Cancel();
  subscribers_.clear();
}

void Audience::OnFrame(const grpc::ByteBuffer& frame, bool to_first) {
  bytes_ += frame.Length();
  ++frames_;
  if (measure_latency_) {
    std::vector<grpc::Slice> slices;
    if (!frame.Dump(&slices).ok()) return;
    std::string bytes;
    for (const grpc::Slice& slice : slices) {
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
    const uint64_t now = MonotonicNow();
    if (const auto published = FindPublishMark(bytes)) {
      MutexLock lock(mutex_);
      latencies_.push_back(absl::Nanoseconds(now - *published));
    }
  }
  if (to_first) {
    MutexLock lock(mutex_);
    sizes_.push_back(frame.Length());
  }
}

void Audience::WaitForFrames(uint64_t each) const {
  for (const auto& subscriber : subscribers_) {
    while (subscriber->frames() < each) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // allow(sleep): polls
    }
  }
}

void Audience::WaitUntilQuiet(absl::Duration quiet) const {
  uint64_t before = 0;
  do {
    before = bytes_;
    std::this_thread::sleep_for(absl::ToChronoMilliseconds(quiet));  // allow(sleep): polls
  } while (bytes_ != before);
}

std::vector<size_t> Audience::TakeFrameSizes() {
  MutexLock lock(mutex_);
  return std::exchange(sizes_, {});
}

std::vector<absl::Duration> Audience::TakeLatencies() {
  MutexLock lock(mutex_);
  return std::exchange(latencies_, {});
}

std::shared_ptr<grpc::Channel> OwnConnection(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  return grpc::CreateCustomChannel(address, grpc::experimental::LocalCredentials(LOCAL_TCP),
                                   arguments);
}

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

}  // namespace farstat::bench
