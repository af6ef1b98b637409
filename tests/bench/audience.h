// Subscribers, each with a connection of its own, that count what they get and parse nothing.

#ifndef FARSTAT_TESTS_BENCH_AUDIENCE_H_
#define FARSTAT_TESTS_BENCH_AUDIENCE_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/mutex.h"

namespace farstat::bench {

class Subscriber;

class Audience {
 public:
  // Calls `method` of `address` with `request` `count` times.
  Audience(const std::string& address, const std::string& method, const std::string& request,
           int count);
  // Ends them all.
  ~Audience();
  Audience(const Audience&) = delete;
  Audience& operator=(const Audience&) = delete;

  uint64_t bytes() const { return bytes_; }
  uint64_t frames() const { return frames_; }

  // Waits until everybody has got at least so many frames since the audience came.
  void WaitForFrames(uint64_t each) const;
  // Waits until nothing has come for so long.
  void WaitUntilQuiet(absl::Duration quiet) const;

  // The sizes of the frames that the first subscriber has got since the last time.
  std::vector<size_t> TakeFrameSizes();
  // Times from publication to receipt, of all frames with a mark while it is asked for.
  void MeasureLatency(bool measure) { measure_latency_ = measure; }
  std::vector<absl::Duration> TakeLatencies();

 private:
  friend class Subscriber;
  void OnFrame(const grpc::ByteBuffer& frame, bool to_first);

  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> frames_{0};
  std::atomic<bool> measure_latency_{false};
  Mutex mutex_;
  std::vector<size_t> sizes_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Duration> latencies_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Subscriber>> subscribers_;
};

// A connection of its own to a server on this host.
std::shared_ptr<grpc::Channel> OwnConnection(const std::string& address);

// A message as a buffer.
grpc::ByteBuffer ToBuffer(const std::string& bytes);

}  // namespace farstat::bench

#endif  // FARSTAT_TESTS_BENCH_AUDIENCE_H_
