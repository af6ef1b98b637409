// A client of the TCP subscription that reads frames and keeps the promise's books.

#ifndef FARSTAT_TESTS_CONTRACT_SUBSCRIBER_H_
#define FARSTAT_TESTS_CONTRACT_SUBSCRIBER_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "common/clock.h"
#include "farstat/v1/tcp.grpc.pb.h"

namespace farstat::testing {

using Frame = v1::SubscribeTcpStatisticsResponse;

class Subscriber {
 public:
  Subscriber(v1::TcpService::Stub& stub, const v1::SubscribeTcpStatisticsRequest& request) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    reader_ = stub.SubscribeTcpStatistics(&context_, request);
  }
  ~Subscriber() { Cancel(); }

  // The next frame; false: the stream has ended.
  bool Read(Frame& frame) {
    if (!reader_->Read(&frame)) return false;
    EXPECT_EQ(frame.header().sequence(), ++sequence_) << "contiguous";
    if (!frame.header().resume_token().empty()) token_ = frame.header().resume_token();
    Apply(frame);
    return true;
  }
  // Reads up to a frame for which `wanted` holds.
  Frame ReadUntil(const std::function<bool(const Frame&)>& wanted) {
    Frame frame;
    while (Read(frame)) {
      if (wanted(frame)) return frame;
    }
    ADD_FAILURE() << "the stream ended: " << reader_->Finish().error_message();
    return {};
  }
  Frame ReadUntilComplete() {
    return ReadUntil([](const Frame& frame) { return frame.header().tick_complete(); });
  }
  grpc::Status Finish() {
    Frame frame;
    while (Read(frame)) {
    }
    return TakeStatus();
  }
  grpc::Status TakeStatus() {
    finished_ = true;
    return reader_->Finish();
  }
  void Cancel() {
    if (finished_) return;
    context_.TryCancel();
    Finish();
  }

  const std::map<uint64_t, v1::TcpConnection>& rows() const { return rows_; }
  const std::string& token() const { return token_; }

 private:
  void Apply(const Frame& frame) {
    if (frame.has_sync_begin()) in_set_.clear();
    for (const auto& row : frame.statistics().connections()) {
      rows_[row.key().incarnation()] = row;
      in_set_.insert(row.key().incarnation());
    }
    for (const auto& key : frame.statistics().removed_connections()) rows_.erase(key.incarnation());
    if (!frame.has_sync_end()) return;
    EXPECT_EQ(frame.sync_end().row_count(), in_set_.size());
    for (auto row = rows_.begin(); row != rows_.end();) {
      row = in_set_.count(row->first) != 0 ? std::next(row) : rows_.erase(row);
    }
  }

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<Frame>> reader_;
  uint64_t sequence_ = 0;
  std::map<uint64_t, v1::TcpConnection> rows_;
  std::set<uint64_t> in_set_;
  std::string token_;
  bool finished_ = false;
};

inline v1::SubscribeTcpStatisticsRequest Every(absl::Duration interval) {
  v1::SubscribeTcpStatisticsRequest request;
  *request.mutable_options()->mutable_interval() = ToProto(interval);
  return request;
}

// Waits until it is so; false: it did not come in time.
inline bool Comes(const std::function<bool()>& wanted) {
  const SteadyTime deadline = SystemClock().Steady() + std::chrono::seconds(20);
  while (!wanted()) {
    if (SystemClock().Steady() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_CONTRACT_SUBSCRIBER_H_
