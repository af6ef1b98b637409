// An agent's server over the in-process channel, with a TCP family whose rows the test decides.

#ifndef FARSTAT_TESTS_CONTRACT_CONTRACT_FIXTURE_H_
#define FARSTAT_TESTS_CONTRACT_CONTRACT_FIXTURE_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/rpc/server.h"
#include "agent/sources/tcp_rows.h"
#include "common/mutex.h"
#include "common/status.h"
#include "farstat/v1/agent.grpc.pb.h"
#include "farstat/v1/host.grpc.pb.h"
#include "farstat/v1/ras.grpc.pb.h"
#include "farstat/v1/tcp.grpc.pb.h"
#include "tests/support/test_rows.h"

namespace farstat::testing {

// What the family delivers; may be changed while the agent serves.
class FakeTcp {
 public:
  void Set(std::vector<TestRow> rows) {
    MutexLock lock(mutex_);
    rows_ = std::move(rows);
  }
  void Fail(absl::Status status) {
    MutexLock lock(mutex_);
    status_ = std::move(status);
  }
  int collections() {
    MutexLock lock(mutex_);
    return collections_;
  }
  feed::PartMask newest_parts() {
    MutexLock lock(mutex_);
    return newest_parts_;
  }
  // From now on collections hang, until they are released.
  void Hang() {
    MutexLock lock(mutex_);
    hangs_ = true;
  }
  void Release() {
    MutexLock lock(mutex_);
    hangs_ = false;
    changed_.notify_all();
  }
  // Waits until a collection hangs.
  void AwaitHang() {
    MutexLock lock(mutex_);
    while (hanging_ == 0) changed_.wait(mutex_);
  }

  feed::Collected Collect(const feed::Demands& demands,
                          absl::FunctionRef<void(const feed::RowInput&)> put) {
    MutexLock lock(mutex_);
    ++collections_;
    newest_parts_ = demands.parts();
    ++hanging_;
    changed_.notify_all();
    while (hangs_) changed_.wait(mutex_);
    --hanging_;
    for (const TestRow& row : rows_) put(Encoded(row, demands.parts()));
    return {status_, absl::OkStatus(), 7, 0};
  }

 private:
  feed::RowInput Encoded(const TestRow& row, feed::PartMask parts)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    encoded_ = std::make_unique<EncodedTestRow>(row, parts);
    sources::TcpFacts facts = {};
    facts.state = static_cast<uint8_t>(row.state);
    facts.local_port = static_cast<uint16_t>(row.key);
    facts_.assign(reinterpret_cast<const char*>(&facts), sizeof(facts));
    feed::RowInput input = encoded_->input();
    input.facts = facts_;
    return input;
  }

  Mutex mutex_;
  ConditionVariable changed_;
  bool hangs_ ABSL_GUARDED_BY(mutex_) = false;
  int hanging_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<TestRow> rows_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  int collections_ ABSL_GUARDED_BY(mutex_) = 0;
  feed::PartMask newest_parts_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<EncodedTestRow> encoded_ ABSL_GUARDED_BY(mutex_);
  std::string facts_ ABSL_GUARDED_BY(mutex_);
};

class ContractTest : public ::testing::Test {
 protected:
  ContractTest() : ContractTest(rpc::Limits()) {}
  // `options` as far as they are not the same in all these tests.
  explicit ContractTest(const rpc::Limits& limits, rpc::ServerOptions options = {},
                        const feed::Feed::Options& feed_options = {})
      : serving_(SystemClock(), limits, 4711) {
    for (const v1::Family id : {v1::FAMILY_RAS, v1::FAMILY_TCP, v1::FAMILY_IPSEC, v1::FAMILY_IKE}) {
      auto& family = families_.emplace_back(std::make_unique<families::Family>());
      family->id = id;
      family->unavailable = ErrorStatus(absl::StatusCode::kUnimplemented, kNotSupportedHere,
                                        "not on this host", {{"family", "other"}});
    }
    families::Family& tcp = *families_[v1::FAMILY_TCP - 1];
    tcp.service = "farstat.v1.TcpService";
    tcp.tcp_groups = {v1::TCP_GROUP_DATA, v1::TCP_GROUP_PATH};
    tcp.feed = std::make_unique<feed::Feed>(
        [kept = kept_tcp_](const feed::Demands& demands,
                           absl::FunctionRef<void(const feed::RowInput&)> put) {
          return kept->Collect(demands, put);
        },
        SystemClock(), feed_options);
    options.describe_process = [] { return v1::ProcessStatus(); };
    auto server = rpc::Server::Start(options, families_, serving_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = server_->InProcessChannel();
    stub_ = v1::TcpService::NewStub(channel_);
  }
  // The server looks at feeds and rows that are destroyed after it.
  ~ContractTest() override {
    server_.reset();
    tcp_.Release();
  }

  static std::vector<TestRow> ManyRows(int count) {
    std::vector<TestRow> rows;
    for (int i = 1; i <= count; ++i) rows.push_back({i, 5, i * 100, i * 10});
    return rows;
  }

  // A collection that hangs outlives the test.
  const std::shared_ptr<FakeTcp> kept_tcp_ = std::make_shared<FakeTcp>();
  FakeTcp& tcp_ = *kept_tcp_;
  rpc::Families families_;
  rpc::Serving serving_;
  std::unique_ptr<rpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::TcpService::Stub> stub_;
};

// The cause that travels with an error.
inline v1::ErrorInfo CauseOf(const grpc::Status& status) {
  v1::RpcStatus rpc_status;
  EXPECT_TRUE(rpc_status.ParseFromString(status.error_details()));
  return ErrorInfoOf(FromRpcStatus(rpc_status));
}

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_CONTRACT_CONTRACT_FIXTURE_H_
