#include "tests/chaos/stage.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/clock.h"
#include "common/tls.h"
#include "tests/bench/child_process.h"

namespace farstat::testing {
namespace {

constexpr uint32_t kLastPort = 65535;
constexpr int kListeners = 10;
constexpr int kConnectionsEach = 20;
constexpr char kEverything[] = "everything";

// Every port but these.
template <typename Add>
void AllPortsBut(std::vector<uint32_t> ports, const Add& add) {
  std::sort(ports.begin(), ports.end());
  uint32_t next = 0;
  for (const uint32_t port : ports) {
    v1::PortRange* range = add();
    range->set_first(next);
    range->set_last(port - 1);
    next = port + 1;
  }
  v1::PortRange* range = add();
  range->set_first(next);
  range->set_last(kLastPort);
}

uint32_t PortOf(const std::string& address) {
  uint32_t port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  return port;
}

// The audience's own connections change with every frame, so they are left out.
v1::TcpQuery EverythingBut(const std::vector<uint32_t>& ports) {
  v1::TcpQuery query;
  v1::TcpFilter& filter = *query.mutable_filter();
  AllPortsBut(ports, [&] { return filter.add_local_ports(); });
  AllPortsBut(ports, [&] { return filter.add_remote_ports(); });
  return query;
}

// Once in a process: gRPC's threads stay where they began.
bool InOwnNetwork() {
  static const bool entered = bench::EnterOwnNetwork();
  return entered;
}

}  // namespace

const Scale& ChosenScale() {
  static const Scale small = {
      1000, 100, 2, 10, 1, 4, 1, absl::Milliseconds(200), absl::Seconds(60)};
  static const Scale full = {9000, 1000, 5, 100, 3, 20, 2, absl::Seconds(1), absl::Seconds(240)};
  const char* chosen = std::getenv("FARSTAT_CHAOS");
  return chosen != nullptr && std::string(chosen) == "full" ? full : small;
}

Stage::Stage() : own_network_(InOwnNetwork()), scale_(ChosenScale()) {}

void Stage::SetUp() {
  if (!own_network_) GTEST_SKIP() << "a network of its own needs root";
  bench::RaiseFileLimit();
  // It forks, so it comes before there are threads.
  held_ = std::make_unique<bench::Connections>(scale_.held_connections);
  agent_files_ = folder_.WriteTlsFiles("agent", authority_.certificate(), authority_.Issue());
  client_files_ = folder_.WriteTlsFiles("client", authority_.certificate(), authority_.Issue());
  churn_ = std::make_unique<Churn>(kListeners, kConnectionsEach);
  relay_ = std::make_unique<Relay>(address_);
  for (const uint32_t port : churn_->ports()) {
    v1::TcpQuery& query = queries_[absl::StrCat("port ", port)];
    query.mutable_filter()->add_ports()->set_first(port);
  }
  queries_[kEverything] = EverythingBut({PortOf(address_), PortOf(relay_->address())});
}

void Stage::TearDown() {
  if (audience_ == nullptr) return;
  for (const auto& non_reader : non_readers_) {
    non_reader->context.TryCancel();
    non_reader->reader->Finish();
  }
  const Tally tally = audience_->tally();
  EXPECT_EQ(tally.breaches, 0u) << tally.breach;
  audience_ = nullptr;
}

void Stage::StartAgent(const std::vector<std::string>& words) {
  std::vector<std::string> line = words;
  line.insert(line.end(), {Binary("farstat-agent"), "run", "--listen", address_});
  line.insert(line.end(), {"--ca", agent_files_.ca, "--cert", agent_files_.certificate});
  line.insert(line.end(), {"--key", agent_files_.key});
  const std::string program = line.front();
  line.erase(line.begin());
  agent_ = std::make_unique<Process>(program, line);
  agent_->WaitForError("serving on", scale_.patience);
}

void Stage::Open(absl::Duration timeout) {
  audience_ = std::make_unique<Audience>(client_files_, timeout);
  int added = 0;
  for (const auto& [name, query] : queries_) {
    if (name == kEverything) continue;
    const int share = scale_.subscribers / kListeners;
    const int by_relay = scale_.behind_relay / kListeners;
    audience_->Add(share - by_relay, address_, name, query, scale_.interval, /*may_go=*/true);
    audience_->Add(by_relay, relay_->address(), name, query, scale_.interval, /*may_go=*/false);
    added += share;
  }
  audience_->Add(scale_.of_everything, address_, kEverything, queries_.at(kEverything),
                 scale_.interval, /*may_go=*/false);
  audience_->ComeAndGo(scale_.coming_and_going);
  Await("that all subscribers have streams",
        [&] { return audience_->Streaming() >= added * 9 / 10; });
  ExpectEverybodyHoldsTheTable();
}

void Stage::Await(const std::string& what, const std::function<bool()>& condition) {
  const absl::Time begin = absl::Now();
  while (!condition()) {
    if (absl::Now() - begin > scale_.patience) {
      ADD_FAILURE() << "waited in vain for " << scale_.patience << ": " << what << "\n"
                    << agent_->Said();
      return;
    }
    poll(nullptr, 0, 50);
  }
  longest_wait_ = std::max(longest_wait_, absl::Now() - begin);
}

void Stage::ExpectEverybodyHoldsTheTable() {
  audience_->ComeAndGo(0);
  churn_->Pause();
  std::map<std::string, Rows> expected;
  int differing = 0;
  // The kernel's timers move rows for some time yet, so the snapshot is taken again.
  Await("that all tables are the agent's", [&] {
    for (const auto& [name, query] : queries_) expected[name] = Get(query);
    differing = audience_->Differing(expected);
    return differing == 0;
  });
  EXPECT_EQ(differing, 0) << "of " << audience_->size() << " subscribers";
  EXPECT_GE(expected[kEverything].size(), 2u * static_cast<size_t>(scale_.held_connections));
  EXPECT_EQ(audience_->SilentLosses(), 0);
  churn_->Resume();
  audience_->ComeAndGo(scale_.coming_and_going);
}

std::shared_ptr<grpc::Channel> Stage::Dial() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Who does not read takes this much and no more.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 65535);
  return grpc::CreateCustomChannel(address_, *MakeChannelCredentials(client_files_), arguments);
}

Rows Stage::Get(const v1::TcpQuery& query) {
  const auto stub = v1::TcpService::NewStub(Dial());
  v1::GetTcpStatisticsRequest request;
  *request.mutable_query() = query;
  Rows rows;
  do {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(absl::ToChronoTime(absl::Now() + scale_.patience));
    v1::GetTcpStatisticsResponse answer;
    const grpc::Status status = stub->GetTcpStatistics(&context, request, &answer);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (!status.ok()) return rows;
    for (const auto& row : answer.statistics().connections()) {
      rows[row.key().SerializeAsString()] = row.SerializeAsString();
    }
    request.mutable_options()->set_page_token(answer.next_page_token());
  } while (!request.options().page_token().empty());
  return rows;
}

v1::GetAgentStatusResponse Stage::Status() {
  const auto stub = v1::AgentService::NewStub(Dial());
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(absl::ToChronoTime(absl::Now() + scale_.patience));
  v1::GetAgentStatusResponse answer;
  const grpc::Status status = stub->GetAgentStatus(&context, {}, &answer);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return answer;
}

double Stage::AgentPeakBytes() const {
  std::ifstream file(absl::StrCat("/proc/", agent_->pid(), "/status"));
  std::string word;
  double kilobytes = 0;
  while (file >> word && word != "VmHWM:") {
  }
  EXPECT_TRUE(file >> kilobytes);
  return kilobytes * 1024;
}

void Stage::AddNonReader() {
  auto non_reader = std::make_unique<NonReader>();
  non_reader->channel = Dial();
  v1::SubscribeTcpStatisticsRequest request;
  *request.mutable_query() = queries_.at(kEverything);
  *request.mutable_options()->mutable_interval() = ToProto(scale_.interval);
  non_reader->reader = v1::TcpService::NewStub(non_reader->channel)
                           ->SubscribeTcpStatistics(&non_reader->context, request);
  non_readers_.push_back(std::move(non_reader));
}

void Stage::Print(const std::string& what) {
  const Tally tally = audience_->tally();
  absl::PrintF(
      "%s: %d subscribers at once, %u in all, %u connections opened beside %d that stay; "
      "%u streams (%u resumed), %u lost, %u goodbyes; %u frames, %u rows, %u removed; "
      "gaps: %u restarts, %u resyncs, %u skipped ticks; agent's peak %.0f MB; "
      "longest wait %.1f s of %.1f s\n",
      what, audience_->size(), tally.subscribers, churn_->opened(), scale_.held_connections,
      tally.streams, tally.resumed, tally.lost, tally.goodbyes, tally.frames, tally.rows,
      tally.removed, tally.gaps_of_restarts, tally.gaps_of_resyncs, tally.gaps_of_skipped_ticks,
      AgentPeakBytes() / 1e6, absl::ToDoubleSeconds(longest_wait_),
      absl::ToDoubleSeconds(absl::Now() - began_));
}

}  // namespace farstat::testing
