#include "agent/rpc/operation_calls.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/grpc_status.h"
#include "spdlog/spdlog.h"

namespace farstat::rpc {
namespace {

using grpc::CallbackServerContext;
using UnaryReactor = grpc::ServerUnaryReactor;

constexpr char kSetEstats[] = "SetTcpEstatsCollection";
constexpr char kClearRas[] = "ClearRasStatistics";
constexpr char kInlineEstats[] = "estats in SubscribeTcpStatistics";

// What somebody from outside has written, safe to stand in a log.
std::string Quoted(const std::string& text) {
  return text.empty() ? "no reason given" : absl::StrCat("\"", absl::CHexEscape(text), "\"");
}

void LogAsked(const char* method, const Authorizer::Caller& caller, const std::string& what,
              const std::string& reason) {
  spdlog::info("{} by {}: {}: {}", method, absl::CHexEscape(caller.name), what, Quoted(reason));
}

void LogDone(const char* method, const Authorizer::Caller& caller, const absl::Status& status,
             const std::string& result) {
  if (status.ok()) {
    spdlog::info("{} by {}: {}", method, absl::CHexEscape(caller.name), result);
  } else {
    spdlog::warn("{} by {} failed: {}", method, absl::CHexEscape(caller.name),
                 std::string(status.message()));
  }
}

std::string Describe(const v1::SetTcpEstatsCollectionRequest& request) {
  std::vector<std::string> groups;
  for (const v1::TcpEstatsGroupSwitch& group : request.groups()) {
    const bool off = group.collection() == v1::TCP_ESTATS_SWITCH_DISABLE ||
                     group.inbound_collection() == v1::TCP_ESTATS_SWITCH_DISABLE;
    groups.push_back(absl::StrCat(v1::TcpGroup_Name(group.group()), off ? " off" : " on"));
  }
  return absl::StrCat(
      absl::StrJoin(groups, ", "),
      request.has_connection() ? " of one connection" : " of those that match",
      request.has_ttl() ? absl::StrCat(" for ", request.ttl().seconds(), " s") : "",
      request.on_release() == v1::TCP_ESTATS_RELEASE_DISABLE ? ", then off again" : "");
}

std::string Describe(const sources::EstatsResult& result) {
  return absl::StrCat(
      result.matched_connections, " connections matched, ", result.succeeded,
      " groups are as asked for (", result.already, " were before), ", result.failed, " failed",
      result.lease == 0 ? "" : absl::StrCat("; lease ", families::EstatsLeaseName(result.lease)));
}

absl::Status TooLate() { return absl::CancelledError("the caller went before its turn came"); }

// Ends a call with an error at once.
UnaryReactor* Refuse(CallbackServerContext* context, const absl::Status& why) {
  UnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(why));
  return reactor;
}

// A call on its way through a queue. It may have been answered before the work for it ends.
class PendingCall {
 public:
  explicit PendingCall(CallbackServerContext* context)
      : reactor_(context->DefaultReactor()), context_(context) {}

  UnaryReactor* reactor() const { return reactor_; }

  // Nobody waits for the answer any more. That a deadline has passed is known at once, that the
  // client has cancelled only when it is told.
  bool IsGivenUp() {
    MutexLock lock(mutex_);
    return context_ == nullptr || context_->IsCancelled() ||
           context_->deadline() <= std::chrono::system_clock::now();
  }

  // Once.
  void Answer(const absl::Status& status) {
    {
      MutexLock lock(mutex_);
      context_ = nullptr;
    }
    reactor_->Finish(ToGrpcStatus(status));
  }

 private:
  UnaryReactor* const reactor_;
  Mutex mutex_;
  // Null: it is answered, and gRPC has taken context and response back.
  CallbackServerContext* context_ ABSL_GUARDED_BY(mutex_);
};

// Carries out a call on the queue's thread, unless the caller has gone by then. `work` may use the
// call, and otherwise only what it keeps alive itself.
template <typename Response>
UnaryReactor* RunOn(OperationQueue& queue, CallbackServerContext* context, Response* response,
                    std::function<absl::StatusOr<Response>(PendingCall& call)> work) {
  const auto call = std::make_shared<PendingCall>(context);
  const auto result = std::make_shared<absl::StatusOr<Response>>();
  queue.Run(
      [call, result, work = std::move(work)] {
        if (call->IsGivenUp()) return TooLate();
        *result = work(*call);
        return result->status();
      },
      [call, result, response](const absl::Status& status) {
        if (status.ok()) *response = **std::move(result);
        call->Answer(status);
      });
  return call->reactor();
}

}  // namespace

UnaryReactor* OperationCalls::SetTcpEstats(CallbackServerContext* context,
                                           const v1::SetTcpEstatsCollectionRequest& request,
                                           v1::SetTcpEstatsCollectionResponse* response) {
  const Authorizer::Caller caller = authorizer_.Identify(*context);
  absl::Status status = families::CheckEstatsAvailable(operations_);
  if (status.ok()) status = Authorizer::RequireOperator(caller, kSetEstats);
  if (!status.ok()) return Refuse(context, status);
  absl::StatusOr<sources::EstatsRequest> compiled = families::CompileEstatsRequest(request);
  if (!compiled.ok()) return Refuse(context, compiled.status());
  compiled->holder = caller.name;
  compiled->reason = request.reason();
  LogAsked(kSetEstats, caller, Describe(request), request.reason());
  using Response = v1::SetTcpEstatsCollectionResponse;
  return RunOn<Response>(
      tcp_queue_, context, response,
      [set = operations_.set_estats, end = operations_.end_estats_lease, caller,
       wanted = *std::move(compiled)](PendingCall& call) -> absl::StatusOr<Response> {
        const absl::StatusOr<sources::EstatsResult> result = set(wanted);
        LogDone(kSetEstats, caller, result.status(), result.ok() ? Describe(*result) : "");
        if (!result.ok()) return result.status();
        if (result->lease != 0 && call.IsGivenUp()) {
          // Nobody would learn its number.
          end(result->lease);
          spdlog::info("{} by {}: the caller has gone, so lease {} ends", kSetEstats,
                       absl::CHexEscape(caller.name), families::EstatsLeaseName(result->lease));
          return absl::CancelledError("the caller went while its lease was taken");
        }
        return families::ToProto(*result);
      });
}

UnaryReactor* OperationCalls::ClearRas(CallbackServerContext* context,
                                       const v1::ClearRasStatisticsRequest& request,
                                       v1::ClearRasStatisticsResponse* response) {
  const Authorizer::Caller caller = authorizer_.Identify(*context);
  absl::Status status = families::CheckRasClearingAvailable(operations_);
  if (status.ok()) status = Authorizer::RequireOperator(caller, kClearRas);
  if (!status.ok()) return Refuse(context, status);
  absl::StatusOr<sources::RasClearRequest> compiled = families::CompileRasClearRequest(request);
  if (!compiled.ok()) return Refuse(context, compiled.status());
  LogAsked(kClearRas, caller, request.has_connection() ? "one connection" : "those that match",
           request.reason());
  using Response = v1::ClearRasStatisticsResponse;
  return RunOn<Response>(ras_queue_, context, response,
                         [clear = operations_.clear_ras, caller,
                          wanted = *std::move(compiled)](PendingCall&) -> absl::StatusOr<Response> {
                           const absl::StatusOr<sources::RasClearReport> report = clear(wanted);
                           absl::StatusOr<Response> answer =
                               report.ok() ? families::ToProto(*report) : report.status();
                           LogDone(kClearRas, caller, answer.status(),
                                   answer.ok() ? absl::StrCat(answer->succeeded(), " cleared, ",
                                                              answer->failed(), " failed")
                                               : "");
                           return answer;
                         });
}

absl::StatusOr<StreamLease> OperationCalls::LeaseFor(
    const CallbackServerContext& context, const v1::SubscribeTcpStatisticsRequest& subscription) {
  StreamLease lease;
  if (!subscription.has_estats()) return lease;
  const Authorizer::Caller caller = authorizer_.Identify(context);
  absl::Status status = families::CheckEstatsAvailable(operations_);
  if (status.ok()) status = Authorizer::RequireOperator(caller, kInlineEstats);
  if (!status.ok()) return status;
  absl::StatusOr<sources::EstatsRequest> compiled = families::CompileEstatsRequest(subscription);
  if (!compiled.ok()) return compiled.status();
  compiled->holder = absl::StrCat("stream of ", caller.name);
  compiled->reason = subscription.estats().reason();
  LogAsked(kInlineEstats, caller, Describe(subscription.estats()), compiled->reason);
  lease.end = operations_.end_estats_lease;
  lease.take = [this, caller, wanted = *std::move(compiled)](
                   std::function<bool()> is_wanted,
                   std::function<void(absl::StatusOr<uint64_t>)> done) {
    const auto lease_id = std::make_shared<uint64_t>(0);
    tcp_queue_.Run(
        [set = operations_.set_estats, caller, wanted, lease_id, is_wanted = std::move(is_wanted)] {
          if (!is_wanted()) return TooLate();
          const absl::StatusOr<sources::EstatsResult> result = set(wanted);
          LogDone(kInlineEstats, caller, result.status(), result.ok() ? Describe(*result) : "");
          if (result.ok()) *lease_id = result->lease;
          return result.status();
        },
        [lease_id, done = std::move(done)](const absl::Status& outcome) {
          done(outcome.ok() ? absl::StatusOr<uint64_t>(*lease_id) : outcome);
        });
  };
  return lease;
}

void OperationCalls::Close() {
  tcp_queue_.Close();
  ras_queue_.Close();
}

void OperationCalls::End(SteadyTime deadline) {
  for (OperationQueue* queue : {&tcp_queue_, &ras_queue_}) {
    queue->End(absl::FromChrono(deadline - std::chrono::steady_clock::now()));
  }
}

}  // namespace farstat::rpc
