#include "client/operation.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/query.h"
#include "common/clock.h"
#include "farstat/v1/ras.pb.h"

namespace farstat::client {
namespace {

void AddGroups(const std::vector<int>& groups, v1::TcpEstatsSwitch setting,
               v1::SetTcpEstatsCollectionRequest& request) {
  for (const int group : groups) {
    v1::TcpEstatsGroupSwitch& added = *request.add_groups();
    added.set_group(static_cast<v1::TcpGroup>(group));
    added.set_collection(setting);
    if (group == v1::TCP_GROUP_BANDWIDTH) added.set_inbound_collection(setting);
  }
}

void SetRelease(const Options& options, v1::SetTcpEstatsCollectionRequest& request) {
  request.set_on_release(options.release_disables ? v1::TCP_ESTATS_RELEASE_DISABLE
                                                  : v1::TCP_ESTATS_RELEASE_KEEP);
  request.set_reason(options.reason);
}

// Nothing, if nothing went wrong. The connections that did are told with the answer.
absl::optional<Failure> Judge(uint64_t failed, uint64_t succeeded, absl::string_view what) {
  if (failed == 0) return absl::nullopt;
  return Failure{FailureClass::kInternal,
                 absl::StrCat(failed, " of ", failed + succeeded, " ", what), true};
}

absl::optional<Failure> JudgeEstats(const Message& answer) {
  const auto& response =
      *google::protobuf::DynamicCastToGenerated<const v1::SetTcpEstatsCollectionResponse>(&answer);
  return Judge(response.failed(), response.succeeded(), "groups could not be switched");
}

absl::optional<Failure> JudgeClearing(const Message& answer) {
  const auto& response =
      *google::protobuf::DynamicCastToGenerated<const v1::ClearRasStatisticsResponse>(&answer);
  return Judge(response.failed(), response.succeeded(), "connections and links were not cleared");
}

Question EstatsQuestion(const Options& options) {
  auto request = std::make_unique<v1::SetTcpEstatsCollectionRequest>();
  FillFilter(options.selection, *request->mutable_filter());
  AddGroups(options.estats_groups,
            options.command == Command::kEstatsEnable ? v1::TCP_ESTATS_SWITCH_ENABLE
                                                      : v1::TCP_ESTATS_SWITCH_DISABLE,
            *request);
  if (options.ttl > absl::ZeroDuration()) *request->mutable_ttl() = ToProto(options.ttl);
  SetRelease(options, *request);
  return {"/farstat.v1.TcpService/SetTcpEstatsCollection", std::move(request),
          v1::SetTcpEstatsCollectionResponse::descriptor(), "estats_result", JudgeEstats};
}

Question ClearingQuestion(const Options& options) {
  auto request = std::make_unique<v1::ClearRasStatisticsRequest>();
  FillFilter(options.selection, *request->mutable_filter());
  request->set_all_links(options.all_links);
  request->set_reason(options.reason);
  return {"/farstat.v1.RasService/ClearRasStatistics", std::move(request),
          v1::ClearRasStatisticsResponse::descriptor(), "clear_result", JudgeClearing};
}

}  // namespace

Question OperationQuestion(const Options& options) {
  return options.command == Command::kClearRas ? ClearingQuestion(options)
                                               : EstatsQuestion(options);
}

v1::SetTcpEstatsCollectionRequest InlineEstats(const Options& options) {
  v1::SetTcpEstatsCollectionRequest request;
  AddGroups(options.estats_groups, v1::TCP_ESTATS_SWITCH_ENABLE, request);
  SetRelease(options, request);
  return request;
}

}  // namespace farstat::client
