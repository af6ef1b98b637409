#include "agent/rpc/agent_service.h"

#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <utility>

#include "agent/rpc/messages.h"
#include "agent/rpc/stream.h"
#include "common/status.h"
#include "farstat/v1/agent.grpc.pb.h"

namespace farstat::rpc {
namespace {

using farstat::ToProto;

constexpr size_t kMaxDescribedStreams = 1000;

v1::AgentLimits ToProto(const Limits& limits) {
  v1::AgentLimits proto;
  *proto.mutable_min_interval() = ToProto(limits.min_interval);
  *proto.mutable_max_interval() = ToProto(limits.max_interval);
  *proto.mutable_default_interval() = ToProto(limits.default_interval);
  proto.set_max_message_bytes(static_cast<uint32_t>(limits.max_message_bytes));
  proto.set_max_request_bytes(static_cast<uint32_t>(limits.max_request_bytes));
  proto.set_max_streams(static_cast<uint32_t>(limits.max_streams));
  proto.set_max_streams_per_peer(static_cast<uint32_t>(limits.max_streams_per_peer));
  proto.set_max_retained_snapshots(static_cast<uint32_t>(limits.max_retained_snapshots));
  *proto.mutable_stalled_stream_timeout() = ToProto(limits.stalled_stream_timeout);
  return proto;
}

// OK until a collection has shown otherwise.
v1::SectionStatus FamilyStatus(const families::Family& family) {
  if (family.feed == nullptr) {
    return ToSectionStatus(family.id, family.unavailable, v1::SECTION_STATE_UNAVAILABLE);
  }
  const feed::Table& table = family.feed->table();
  return DescribeCondition(family.id, table.condition(), table.info());
}

v1::FamilyCapability DescribeCapability(const families::Family& family) {
  v1::FamilyCapability capability;
  capability.set_family(family.id);
  *capability.mutable_status() = FamilyStatus(family);
  for (const v1::TcpGroup group : family.tcp_groups) capability.add_tcp_groups(group);
  for (const std::string& limitation : family.limitations) {
    capability.add_limitations(limitation);
  }
  return capability;
}

v1::SourceState ToProto(feed::SourceState state) {
  switch (state) {
    case feed::SourceState::kOk:
      return v1::SOURCE_STATE_OK;
    case feed::SourceState::kSlow:
      return v1::SOURCE_STATE_SLOW;
    case feed::SourceState::kHung:
      return v1::SOURCE_STATE_HUNG;
    case feed::SourceState::kQuarantined:
      return v1::SOURCE_STATE_QUARANTINED;
  }
  return v1::SOURCE_STATE_UNSPECIFIED;
}

// How the source keeps its time.
void DescribeTimes(const feed::FeedStatus& status, v1::SourceStatus& source) {
  source.set_state(ToProto(status.state));
  *source.mutable_state_since() = ToProto(status.state_since);
  source.set_hung_collections(status.hung_collections);
  if (status.quarantined_until != absl::InfinitePast()) {
    *source.mutable_retry_time() = ToProto(status.quarantined_until);
  }
  if (status.interval != absl::InfiniteDuration()) {
    *source.mutable_interval() = ToProto(status.interval);
    if (status.interval != status.wanted_interval) {
      *source.mutable_wanted_interval() = ToProto(status.wanted_interval);
    }
  }
  if (status.running_for > absl::ZeroDuration()) {
    *source.mutable_running_for() = ToProto(status.running_for);
  }
  if (status.total_cpu_time > absl::ZeroDuration()) {
    *source.mutable_cpu_time() = ToProto(status.total_cpu_time);
  }
}

v1::SourceStatus DescribeSource(const families::Family& family, SteadyTime now) {
  v1::SourceStatus source;
  source.set_family(family.id);
  *source.mutable_status() = FamilyStatus(family);
  if (family.feed == nullptr) return source;
  const feed::FeedStatus status = family.feed->status();
  if (status.newest.tick != 0) *source.mutable_newest() = DescribeCollection(status.newest, now);
  source.set_collections(status.collections);
  source.set_failed_collections(status.failed_collections);
  *source.mutable_total_duration() = ToProto(status.total_duration);
  DescribeTimes(status, source);
  source.set_rows(status.newest.row_count);
  source.set_row_bytes(status.row_bytes);
  return source;
}

class AgentRpc final : public v1::AgentService::CallbackService {
 public:
  AgentRpc(const Families& families, Serving& serving, const families::Operations& operations,
           v1::GetAgentInfoResponse identity, std::function<v1::ProcessStatus()> describe_process)
      : families_(families),
        serving_(serving),
        operations_(operations),
        identity_(std::move(identity)),
        describe_process_(std::move(describe_process)) {}

  grpc::ServerUnaryReactor* GetAgentInfo(grpc::CallbackServerContext* context,
                                         const v1::GetAgentInfoRequest*,
                                         v1::GetAgentInfoResponse* response) override {
    *response = identity_;
    response->set_agent_start_id(serving_.start_id);
    *response->mutable_limits() = ToProto(serving_.limits);
    for (const auto& family : families_) *response->add_families() = DescribeCapability(*family);
    return Done(context);
  }

  grpc::ServerUnaryReactor* GetAgentStatus(grpc::CallbackServerContext* context,
                                           const v1::GetAgentStatusRequest*,
                                           v1::GetAgentStatusResponse* response) override {
    const SteadyTime now = serving_.clock.Steady();
    for (const auto& family : families_) *response->add_sources() = DescribeSource(*family, now);
    std::vector<std::shared_ptr<StatisticsStream>> streams = serving_.streams.All();
    response->set_subscriber_count(static_cast<uint32_t>(streams.size()));
    std::sort(streams.begin(), streams.end(),
              [](const auto& a, const auto& b) { return a->start_time() < b->start_time(); });
    if (streams.size() > kMaxDescribedStreams) streams.resize(kMaxDescribedStreams);
    for (const auto& stream : streams) *response->add_subscribers() = stream->Describe();
    *response->mutable_process() = describe_process_();
    response->set_retained_snapshots(static_cast<uint32_t>(serving_.snapshots.size()));
    response->set_evicted_streams(serving_.streams.evicted);
    response->set_refused_calls(serving_.streams.refused);
    if (operations_.estats_leases != nullptr) {
      for (const sources::EstatsLease& lease : operations_.estats_leases()) {
        *response->add_estats_leases() = families::ToProto(lease);
      }
    }
    return Done(context);
  }

 private:
  static grpc::ServerUnaryReactor* Done(grpc::CallbackServerContext* context) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  const Families& families_;
  Serving& serving_;
  const families::Operations& operations_;
  const v1::GetAgentInfoResponse identity_;
  const std::function<v1::ProcessStatus()> describe_process_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAgentService(
    const Families& families, Serving& serving, const families::Operations& operations,
    v1::GetAgentInfoResponse identity, std::function<v1::ProcessStatus()> describe_process) {
  return std::make_unique<AgentRpc>(families, serving, operations, std::move(identity),
                                    std::move(describe_process));
}

}  // namespace farstat::rpc
