// A host that can be changed, behind a server: what the tests of calls that change a host share.

#ifndef FARSTAT_TESTS_CONTRACT_OPERATIONS_FIXTURE_H_
#define FARSTAT_TESTS_CONTRACT_OPERATIONS_FIXTURE_H_

#include "tests/contract/contract_fixture.h"
#include "tests/support/becomes.h"

namespace farstat::testing {

inline v1::TcpEstatsGroupSwitch EnablePath() {
  v1::TcpEstatsGroupSwitch enable;
  enable.set_group(v1::TCP_GROUP_PATH);
  enable.set_collection(v1::TCP_ESTATS_SWITCH_ENABLE);
  return enable;
}

inline v1::SetTcpEstatsCollectionRequest EnablePathOfAll() {
  v1::SetTcpEstatsCollectionRequest request;
  request.mutable_filter();
  *request.add_groups() = EnablePath();
  return request;
}

// A host that does what it is told, or is stuck in doing it.
class FakeHost {
 public:
  families::Operations operations() {
    families::Operations operations;
    operations.set_estats = [this](const sources::EstatsRequest& request) {
      MutexLock lock(mutex_);
      requests_.push_back(request);
      while (stuck_) changed_.wait(mutex_);
      return result_;
    };
    operations.end_estats_lease = [this](uint64_t lease) {
      MutexLock lock(mutex_);
      ended_.push_back(lease);
    };
    operations.estats_leases = [this] {
      MutexLock lock(mutex_);
      return leases_;
    };
    operations.clear_ras = [this](const sources::RasClearRequest& request) {
      MutexLock lock(mutex_);
      ras_requests_.push_back(request);
      return ras_report_;
    };
    return operations;
  }

  void Answer(absl::StatusOr<sources::EstatsResult> result) {
    MutexLock lock(mutex_);
    result_ = std::move(result);
  }
  void AnswerRas(absl::StatusOr<sources::RasClearReport> report) {
    MutexLock lock(mutex_);
    ras_report_ = std::move(report);
  }
  void SetLeases(std::vector<sources::EstatsLease> leases) {
    MutexLock lock(mutex_);
    leases_ = std::move(leases);
  }
  void Stick(bool stuck) {
    MutexLock lock(mutex_);
    stuck_ = stuck;
    changed_.notify_all();
  }
  std::vector<sources::EstatsRequest> requests() {
    MutexLock lock(mutex_);
    return requests_;
  }
  std::vector<sources::RasClearRequest> ras_requests() {
    MutexLock lock(mutex_);
    return ras_requests_;
  }
  std::vector<uint64_t> ended() {
    MutexLock lock(mutex_);
    return ended_;
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  bool stuck_ ABSL_GUARDED_BY(mutex_) = false;
  absl::StatusOr<sources::EstatsResult> result_ ABSL_GUARDED_BY(mutex_) = sources::EstatsResult();
  absl::StatusOr<sources::RasClearReport> ras_report_ ABSL_GUARDED_BY(mutex_) =
      sources::RasClearReport();
  std::vector<sources::EstatsLease> leases_ ABSL_GUARDED_BY(mutex_);
  std::vector<sources::EstatsRequest> requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<sources::RasClearRequest> ras_requests_ ABSL_GUARDED_BY(mutex_);
  std::vector<uint64_t> ended_ ABSL_GUARDED_BY(mutex_);
};

inline rpc::ServerOptions OptionsFor(families::Operations operations, bool local_operators) {
  rpc::ServerOptions options;
  options.operations = std::move(operations);
  options.roles.local_operators = local_operators;
  return options;
}

// A host that can do everything, and callers who are operators.
class OperationsTest : public ContractTest {
 protected:
  OperationsTest() : OperationsTest(std::make_unique<FakeHost>(), true) {}
  OperationsTest(std::unique_ptr<FakeHost> host, bool local_operators)
      : ContractTest(rpc::Limits(), OptionsFor(host->operations(), local_operators)),
        host_(std::move(host)) {}
  // The server looks at the host.
  ~OperationsTest() override { server_.reset(); }

  grpc::Status Set(const v1::SetTcpEstatsCollectionRequest& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    return stub_->SetTcpEstatsCollection(&context, request, &response_);
  }

  const std::unique_ptr<FakeHost> host_;
  v1::SetTcpEstatsCollectionResponse response_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_CONTRACT_OPERATIONS_FIXTURE_H_
