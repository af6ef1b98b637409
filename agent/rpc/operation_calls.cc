#include "agent/rpc/operation_calls.h"

#include <chrono>
#include <functional>
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

// Nobody waits for the answer any more. That a deadline has passed is known at once, that the
// client has cancelled only when it is told.
bool IsGivenUp(const CallbackServerContext& context) {
  return context.IsCancelled() || context.deadline() <= std::chrono::system_clock::now();
}

// Carries out a call on the queue's thread, unless the caller has gone by then.
UnaryReactor* RunOn(OperationQueue& queue, CallbackServerContext* context,
                    std::function<absl::Status()> work) {
  UnaryReactor* reactor = context->DefaultReactor();
  queue.Run([context, reactor, work = std::move(work)](const absl::Status& admission) {
    absl::Status status = admission;
    if (status.ok()) {
      status = IsGivenUp(*context) ? TooLate() : work();
    }
    reactor->Finish(ToGrpcStatus(status));
  });
  return reactor;
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
  return RunOn(
      tcp_queue_, context, [this, context, caller, response, wanted = *std::move(compiled)] {
        const absl::StatusOr<sources::EstatsResult> result = operations_.set_estats(wanted);
        LogDone(kSetEstats, caller, result.status(), result.ok() ? Describe(*result) : "");
        if (!result.ok()) return result.status();
        if (result->lease != 0 && IsGivenUp(*context)) {
          // Nobody would learn its number.
          operations_.end_estats_lease(result->lease);
          spdlog::info("{} by {}: the caller has gone, so lease {} ends", kSetEstats,
                       absl::CHexEscape(caller.name), families::EstatsLeaseName(result->lease));
          return absl::CancelledError("the caller went while its lease was taken");
        }
        *response = families::ToProto(*result);
        return absl::OkStatus();
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
  return RunOn(ras_queue_, context, [this, caller, response, wanted = *std::move(compiled)] {
    const absl::StatusOr<sources::RasClearReport> report = operations_.clear_ras(wanted);
    absl::StatusOr<v1::ClearRasStatisticsResponse> answer =
        report.ok() ? families::ToProto(*report) : report.status();
    LogDone(kClearRas, caller, answer.status(),
            answer.ok()
                ? absl::StrCat(answer->succeeded(), " cleared, ", answer->failed(), " failed")
                : "");
    if (!answer.ok()) return answer.status();
    *response = *std::move(answer);
    return absl::OkStatus();
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
    tcp_queue_.Run([this, caller, wanted, is_wanted = std::move(is_wanted),
                    done = std::move(done)](const absl::Status& admission) {
      if (!admission.ok()) return done(admission);
      if (!is_wanted()) return done(TooLate());
      const absl::StatusOr<sources::EstatsResult> result = operations_.set_estats(wanted);
      LogDone(kInlineEstats, caller, result.status(), result.ok() ? Describe(*result) : "");
      if (!result.ok()) return done(result.status());
      done(result->lease);
    });
  };
  return lease;
}

void OperationCalls::Close() {
  tcp_queue_.Close();
  ras_queue_.Close();
}

}  // namespace farstat::rpc
