#include "client/dial.h"

#include <grpc/support/log.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <cstdlib>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/environment.h"
#include "common/clock.h"
#include "common/grpc_status.h"
#include "common/mutex.h"
#include "common/status.h"
#include "common/tls.h"

namespace farstat::client {
namespace {

// Answers are at most 512 KiB; the rest is for what a later agent may add around them.
constexpr int kMaxMessageBytes = 640 * 1024;
constexpr int kKeepaliveMs = 30'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
// One frame, and what HTTP/2 needs at least.
constexpr int kStreamWindowBytes = 65535;

// Files of certificates are read again after this.
constexpr std::chrono::seconds kCredentialsAge(10);

constexpr absl::string_view kRetryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";

std::chrono::system_clock::time_point DeadlineIn(absl::Duration timeout) {
  return absl::ToChronoTime(absl::Now() + timeout);
}

// With RetryInfo, which FromGrpcStatus leaves to the side that wants it.
absl::Status StatusFrom(const grpc::Status& grpc_status) {
  absl::Status status = FromGrpcStatus(grpc_status);
  v1::RpcStatus details;
  if (status.ok() || !details.ParseFromString(grpc_status.error_details())) return status;
  for (const auto& detail : details.details()) {
    if (detail.type_url() == kRetryInfoUrl) {
      status.SetPayload(kRetryInfoUrl, absl::Cord(detail.value()));
    }
  }
  return status;
}

grpc::ByteBuffer ToBuffer(const Message& message) {
  const std::string bytes = message.SerializeAsString();
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

// Null if the bytes are no such message.
std::shared_ptr<Message> FromBuffer(grpc::ByteBuffer& buffer, const Descriptor* type) {
  std::shared_ptr<Message> message = NewMessage(type);
  grpc::ProtoBufferReader reader(&buffer);
  if (!reader.status().ok() || !message->ParseFromZeroCopyStream(&reader)) return nullptr;
  return message;
}

absl::Status Incomprehensible() {
  return absl::InternalError(
      "the answer is no farstat message: is something else answering at this address?");
}

class TrackedCall;

// Owns calls until they are over and the loop has let go of them. A call holds its channel, and the
// last channel takes gRPC's callback threads with it, so neither may be destroyed on one of those.
class CallTracker {
 public:
  void Add(std::shared_ptr<TrackedCall> call) {
    const MutexLock lock(mutex_);
    ++under_way_;
    calls_.insert(std::move(call));
  }

  // The last thing that gRPC does to a call.
  void Over() {
    const MutexLock lock(mutex_);
    --under_way_;
    changed_.notify_all();
  }

  // On the loop.
  void Release(const std::shared_ptr<TrackedCall>& call) {
    const MutexLock lock(mutex_);
    calls_.erase(call);  // Not the last reference: the caller has one.
  }

  // Ends all calls and waits for gRPC to be done with them.
  void Drain();

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  std::set<std::shared_ptr<TrackedCall>> calls_ ABSL_GUARDED_BY(mutex_);
  int under_way_ ABSL_GUARDED_BY(mutex_) = 0;
};

class TrackedCall : public Call, public std::enable_shared_from_this<TrackedCall> {
 public:
  TrackedCall(EventLoop::Poster post, std::shared_ptr<CallTracker> tracker)
      : post_(std::move(post)), tracker_(std::move(tracker)) {}

  // Nobody will deliver what has come: end.
  virtual void Abandon() = 0;

 protected:
  // On a thread of gRPC, as the last thing: `finish` runs on the loop.
  void EndWith(std::function<void()> finish) {
    // The call may be gone as soon as it is posted.
    const std::shared_ptr<CallTracker> tracker = tracker_;
    post_([self = shared_from_this(), finish = std::move(finish)] {
      finish();
      self->tracker_->Release(self);
    });
    tracker->Over();
  }

  const EventLoop::Poster post_;
  const std::shared_ptr<CallTracker> tracker_;
};

void CallTracker::Drain() {
  std::set<std::shared_ptr<TrackedCall>> calls;
  {
    const MutexLock lock(mutex_);
    calls = calls_;
  }
  for (const std::shared_ptr<TrackedCall>& call : calls) call->Abandon();
  const MutexLock lock(mutex_);
  while (under_way_ > 0) changed_.wait(mutex_);
  calls_.clear();
}

class UnaryCall : public TrackedCall {
 public:
  UnaryCall(const EventLoop::Poster& post, const std::shared_ptr<CallTracker>& tracker,
            const Descriptor* response, Channel::UnaryDone done)
      : TrackedCall(post, tracker), response_type_(response), done_(std::move(done)) {}

  void Start(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
             const Message& request, absl::Duration timeout) {
    tracker_->Add(shared_from_this());
    request_ = ToBuffer(request);
    context_.set_deadline(DeadlineIn(timeout));
    grpc::GenericStub stub(channel);
    stub.UnaryCall(&context_, method, grpc::StubOptions(), &request_, &response_,
                   [this](const grpc::Status& status) { Finish(StatusFrom(status)); });
  }

  void Cancel() override {
    done_ = nullptr;
    context_.TryCancel();
  }
  void Abandon() override { context_.TryCancel(); }

 private:
  // On a thread of gRPC: parsing is what takes time.
  void Finish(absl::Status status) {
    std::shared_ptr<Message> message;
    if (status.ok()) {
      message = FromBuffer(response_, response_type_);
      if (message == nullptr) status = Incomprehensible();
    }
    EndWith([this, status, message] {
      if (done_ != nullptr) std::exchange(done_, nullptr)(status, message);
    });
  }

  const Descriptor* const response_type_;
  Channel::UnaryDone done_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

// A server stream over the generic stub, which knows bidirectional streams only: one message out,
// half-closed, is the same on the wire.
class StreamCall : public TrackedCall,
                   public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  StreamCall(const EventLoop::Poster& post, const std::shared_ptr<CallTracker>& tracker,
             const Descriptor* response, Channel::OnMessage on_message, Channel::OnEnd on_end)
      : TrackedCall(post, tracker),
        response_type_(response),
        on_message_(std::move(on_message)),
        on_end_(std::move(on_end)) {}

  void Start(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
             const Message& request) {
    tracker_->Add(shared_from_this());
    request_ = ToBuffer(request);
    grpc::GenericStub stub(channel);
    stub.PrepareBidiStreamingCall(&context_, method, grpc::StubOptions(), this);
    StartWriteLast(&request_, grpc::WriteOptions());
    // Reads are started from the loop, outside gRPC's callbacks.
    AddHold();
    StartRead(&response_);
    StartCall();
  }

  // On the loop.
  void Cancel() override {
    on_message_ = nullptr;
    on_end_ = nullptr;
    context_.TryCancel();
  }

  void Abandon() override {
    context_.TryCancel();
    ReadOn();
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) {
      RemoveHold();
      return;
    }
    const std::shared_ptr<Message> message = FromBuffer(response_, response_type_);
    {
      const MutexLock lock(mutex_);
      waits_for_loop_ = true;
    }
    post_([self = shared_from_this(), this, message] {
      Deliver(message);
      ReadOn();
    });
  }

  void Deliver(const std::shared_ptr<Message>& message) {
    if (message != nullptr && on_message_ != nullptr) {
      // A copy, because what it does may cancel this call.
      const Channel::OnMessage on_message = on_message_;
      on_message(*message);
    } else if (message == nullptr && on_end_ != nullptr) {
      const Channel::OnEnd on_end = on_end_;
      Cancel();
      on_end(Incomprehensible());
    }
  }

  // Once for each message that has come.
  void ReadOn() {
    {
      const MutexLock lock(mutex_);
      if (!std::exchange(waits_for_loop_, false)) return;
    }
    StartRead(&response_);
  }

  void OnDone(const grpc::Status& status) override {
    EndWith([this, status = StatusFrom(status)] {
      if (on_end_ != nullptr) std::exchange(on_end_, nullptr)(status);
    });
  }

  const Descriptor* const response_type_;
  Channel::OnMessage on_message_;
  Channel::OnEnd on_end_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  Mutex mutex_;
  // A message was read, and the next is not asked for before it is delivered.
  bool waits_for_loop_ ABSL_GUARDED_BY(mutex_) = false;
};

// Watches channels connect. gRPC tells changes of their state through a completion queue only.
class ConnectWatcher {
 public:
  explicit ConnectWatcher(const EventLoop::Poster& post)
      : post_(post), thread_([this] { Work(); }) {}

  ~ConnectWatcher() {
    queue_.Shutdown();
    thread_.join();
  }

  void Watch(std::shared_ptr<grpc::Channel> channel, absl::Duration timeout,
             std::function<void(bool)> done) {
    auto attempt = std::make_unique<Attempt>();
    attempt->channel = std::move(channel);
    attempt->deadline = DeadlineIn(timeout);
    attempt->done = std::move(done);
    Continue(std::move(attempt));
  }

 private:
  struct Attempt {
    std::shared_ptr<grpc::Channel> channel;
    std::chrono::system_clock::time_point deadline;
    std::function<void(bool)> done;
  };

  void Continue(std::unique_ptr<Attempt> attempt) {
    const grpc_connectivity_state state = attempt->channel->GetState(/*try_to_connect=*/true);
    switch (state) {
      case GRPC_CHANNEL_READY:
        return Finish(std::move(attempt), true);
      case GRPC_CHANNEL_TRANSIENT_FAILURE:
      case GRPC_CHANNEL_SHUTDOWN:
        return Finish(std::move(attempt), false);
      default:
        break;
    }
    Attempt* const waiting = attempt.release();  // The queue has it now.
    waiting->channel->NotifyOnStateChange(state, waiting->deadline, &queue_, waiting);
  }

  void Finish(std::unique_ptr<Attempt> attempt, bool connected) {
    post_([done = std::move(attempt->done), connected] { done(connected); });
  }

  void Work() {
    void* tag = nullptr;
    bool changed = false;
    while (queue_.Next(&tag, &changed)) {
      std::unique_ptr<Attempt> attempt(static_cast<Attempt*>(tag));
      if (changed) {
        Continue(std::move(attempt));
      } else {
        Finish(std::move(attempt), false);
      }
    }
  }

  const EventLoop::Poster post_;
  grpc::CompletionQueue queue_;
  std::thread thread_;
};

class GrpcChannel : public Channel {
 public:
  GrpcChannel(const EventLoop::Poster& post, const std::shared_ptr<CallTracker>& tracker,
              ConnectWatcher& watcher, std::shared_ptr<grpc::Channel> channel,
              absl::Duration connect_timeout)
      : post_(post),
        tracker_(tracker),
        watcher_(watcher),
        channel_(std::move(channel)),
        connect_timeout_(connect_timeout) {}

  void Connect(std::function<void(bool)> done) override {
    watcher_.Watch(channel_, connect_timeout_, std::move(done));
  }

  std::shared_ptr<Call> Unary(const std::string& method, const Message& request,
                              const Descriptor* response, absl::Duration timeout,
                              UnaryDone done) override {
    auto call = std::make_shared<UnaryCall>(post_, tracker_, response, std::move(done));
    call->Start(channel_, method, request, timeout);
    return call;
  }

  std::shared_ptr<Call> Stream(const std::string& method, const Message& request,
                               const Descriptor* response, OnMessage on_message,
                               OnEnd on_end) override {
    auto call = std::make_shared<StreamCall>(post_, tracker_, response, std::move(on_message),
                                             std::move(on_end));
    call->Start(channel_, method, request);
    return call;
  }

 private:
  const EventLoop::Poster post_;
  const std::shared_ptr<CallTracker> tracker_;
  ConnectWatcher& watcher_;
  const std::shared_ptr<grpc::Channel> channel_;
  const absl::Duration connect_timeout_;
};

grpc::ChannelArguments ArgumentsFor(const DialOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix("farstat/" FARSTAT_VERSION);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  // A quiet subscription goes on pinging; gRPC would stop after two.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // One connection attempt is given up after the connect timeout. Whether to try again is decided
  // here, with channels that know nothing of each other.
  const int connect_ms = static_cast<int>(absl::ToInt64Milliseconds(options.connect_timeout));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, connect_ms);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, connect_ms);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // Proxies of the environment are for the web, not for the hosts of one's own network.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (options.streaming) {
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindowBytes);
  }
  if (!options.server_name.empty()) arguments.SetSslTargetNameOverride(options.server_name);
  return arguments;
}

// Before gRPC is used for the first time. Names are to be resolved as everything else on this host
// resolves them (nsswitch.conf), and gRPC's own messages would mix with what the CLI says about the
// same failure. Both can be overridden in the environment.
void PrepareGrpc() {
  SetDefaultEnvironment("GRPC_DNS_RESOLVER", "native");
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

class GrpcDialer : public Dialer {
 public:
  GrpcDialer(const EventLoop& loop, const DialOptions& options)
      : post_(loop.poster()),
        clock_(loop.clock()),
        options_(options),
        arguments_(ArgumentsFor(options)),
        watcher_(post_) {}
  ~GrpcDialer() override { tracker_->Drain(); }
  GrpcDialer(const GrpcDialer&) = delete;
  GrpcDialer& operator=(const GrpcDialer&) = delete;

  absl::StatusOr<std::shared_ptr<Channel>> Dial(const Target& target) override {
    const absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> credentials = Credentials();
    if (!credentials.ok()) return credentials.status();
    return std::make_shared<GrpcChannel>(
        post_, tracker_, watcher_,
        grpc::CreateCustomChannel(target.GrpcUri(), *credentials, arguments_),
        options_.connect_timeout);
  }

 private:
  absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials() {
    // For a fleet the files are not read a thousand times, for a long watch not only once.
    const SteadyTime now = clock_.Steady();
    if (credentials_ != nullptr && now - made_ < kCredentialsAge) return credentials_;
    if (options_.tls.empty()) {
      credentials_ = grpc::experimental::LocalCredentials(LOCAL_TCP);
    } else {
      auto made = MakeChannelCredentials(options_.tls);
      // Files that are being replaced: go on with what was good.
      if (!made.ok() && credentials_ == nullptr) return made.status();
      if (made.ok()) credentials_ = *std::move(made);
    }
    made_ = now;
    return credentials_;
  }

  const EventLoop::Poster post_;
  const Clock& clock_;
  const DialOptions options_;
  const grpc::ChannelArguments arguments_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  SteadyTime made_;
  const std::shared_ptr<CallTracker> tracker_ = std::make_shared<CallTracker>();
  ConnectWatcher watcher_;
};

}  // namespace

absl::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kRetryInfoUrl);
  v1::RetryInfo info;
  if (!payload.has_value() || !info.ParseFromString(std::string(*payload))) return absl::nullopt;
  return FromProto(info.retry_delay());
}

std::unique_ptr<Dialer> MakeDialer(EventLoop& loop, const DialOptions& options) {
  PrepareGrpc();
  return std::make_unique<GrpcDialer>(loop, options);
}

std::string LibraryVersions() {
  const int protobuf = GOOGLE_PROTOBUF_VERSION;
  return absl::StrCat("gRPC ", grpc::Version(), ", Protobuf ", protobuf / 1'000'000, ".",
                      protobuf / 1000 % 1000, ".", protobuf % 1000);
}

}  // namespace farstat::client
