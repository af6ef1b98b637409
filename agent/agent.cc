#include "agent/agent.h"

#include <random>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "agent/families/family.h"
#include "agent/host.h"
#include "agent/sources/linux/tcp_source.h"
#include "agent/sources/source.h"
#include "common/clock.h"
#include "common/status.h"
#include "common/version.h"

namespace farstat {
namespace {

// Hands a source's rows to a feed.
class FeedSink : public sources::RowSink {
 public:
  explicit FeedSink(absl::FunctionRef<void(const feed::RowInput&)> put) : put_(put) {}
  void Put(sources::RowKind kind, sources::RowWriter& row) override {
    put_({kind == sources::RowKind::kTotals, row.bytes(), row.part_ends(), row.key(), row.facts()});
  }

 private:
  const absl::FunctionRef<void(const feed::RowInput&)> put_;
};

static_assert(sources::kMaxParts == feed::kMaxParts);

std::unique_ptr<feed::Feed> MakeFeed(const std::shared_ptr<sources::Source>& source,
                                     absl::Duration phase) {
  const feed::Collect collect = [source](feed::PartMask parts,
                                         absl::FunctionRef<void(const feed::RowInput&)> put) {
    FeedSink sink(put);
    sources::Outcome outcome = source->Collect(parts, sink);
    return feed::Collected{std::move(outcome.status), std::move(outcome.partial),
                           outcome.native_calls, outcome.vanished_rows, outcome.rows_listed};
  };
  feed::Feed::Options options;
  options.phase = phase;
  return std::make_unique<feed::Feed>(collect, SystemClock(), options);
}

std::unique_ptr<families::Family> AbsentFamily(v1::Family id, absl::string_view name,
                                               absl::string_view service) {
  auto family = std::make_unique<families::Family>();
  family->id = id;
  family->service = absl::StrCat("farstat.v1.", service);
  family->unavailable = ErrorStatus(
      absl::StatusCode::kUnimplemented, kNotSupportedHere,
      absl::StrCat(name,
                   " statistics are not delivered on Linux by this version; they come from "
                   "Windows"),
      {{"family", absl::AsciiStrToLower(name)}, {"system", "Linux"}});
  return family;
}

std::unique_ptr<families::Family> LinuxTcpFamily(absl::Duration phase) {
  auto family = std::make_unique<families::Family>();
  family->id = v1::FAMILY_TCP;
  family->service = "farstat.v1.TcpService";
  family->feed = MakeFeed(std::make_shared<sources::LinuxTcpSource>(), phase);
  family->tcp_groups = {v1::TCP_GROUP_DATA,
                        v1::TCP_GROUP_PATH,
                        v1::TCP_GROUP_SEND_BUFFER,
                        v1::TCP_GROUP_RECEIVE,
                        v1::TCP_GROUP_OBSERVED_RECEIVE,
                        v1::TCP_GROUP_FINE_RTT,
                        v1::TCP_GROUP_LINUX};
  family->limitations = {
      "the groups syn_options, send_congestion and bandwidth exist on Windows only",
      "counters of segments are 32 bits wide in the kernel and wrap"};
  return family;
}

rpc::Families MakeFamilies() {
  // Agents that start together do not collect in the same instant.
  std::mt19937_64 random{std::random_device{}()};
  const absl::Duration phase = absl::Milliseconds(random() % 1000);
  rpc::Families families;
  families.push_back(AbsentFamily(v1::FAMILY_RAS, "RAS", "RasService"));
  families.push_back(LinuxTcpFamily(phase));
  families.push_back(AbsentFamily(v1::FAMILY_IPSEC, "IPsec", "IpsecService"));
  families.push_back(AbsentFamily(v1::FAMILY_IKE, "IKE", "IkeService"));
  return families;
}

uint64_t NewStartId() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

rpc::Limits LimitsOf(const agent::AgentSettings& settings) {
  rpc::Limits limits;
  if (settings.max_streams() > 0) limits.max_streams = settings.max_streams();
  if (settings.stalled_stream_timeout_s() > 0) {
    limits.stalled_stream_timeout = absl::Seconds(settings.stalled_stream_timeout_s());
  }
  return limits;
}

v1::GetAgentInfoResponse Identity() {
  v1::GetAgentInfoResponse identity;
  identity.set_host_name(HostName());
  *identity.mutable_operating_system() = DescribeOperatingSystem();
  identity.set_agent_version(kVersion);
  *identity.mutable_start_time() = ToProto(SystemClock().Wall());
  return identity;
}

}  // namespace

Agent::Agent(const rpc::Limits& limits)
    : families_(MakeFamilies()), serving_(SystemClock(), limits, NewStartId()) {}

Agent::~Agent() = default;

absl::StatusOr<std::unique_ptr<Agent>> Agent::Start(const agent::AgentSettings& settings) {
  rpc::ServerOptions options;
  options.listen.assign(settings.listen().begin(), settings.listen().end());
  options.use_tls = settings.has_tls();
  options.tls = {settings.tls().ca(), settings.tls().certificate(), settings.tls().key()};
  options.identity = Identity();
  options.describe_process = DescribeProcess;

  std::unique_ptr<Agent> agent(new Agent(LimitsOf(settings)));  // its constructor is private
  auto server = rpc::Server::Start(options, agent->families_, agent->serving_);
  if (!server.ok()) return server.status();
  agent->server_ = *std::move(server);
  return agent;
}

void Agent::Stop(absl::Duration grace) { server_->Drain(grace); }

}  // namespace farstat
