#include "tests/support/fake_agent.h"

#include <chrono>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/tls.h"

namespace farstat {
namespace {

constexpr int64_t kFirstSecond = 1704067200;  // 2024-01-01T00:00:00Z

}  // namespace

void FakeAgent::Start(const absl::optional<TlsFiles>& tls, int port) {
  StartWith(tls.has_value() ? *MakeServerCredentials(*tls)
                            : grpc::experimental::LocalServerCredentials(LOCAL_TCP),
            port);
}

void FakeAgent::StartWith(const std::shared_ptr<grpc::ServerCredentials>& credentials, int port) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port), credentials, &port_);
  builder.RegisterService(static_cast<v1::TcpService::Service*>(this));
  builder.RegisterService(static_cast<v1::RasService::Service*>(this));
  builder.RegisterService(static_cast<v1::AgentService::Service*>(this));
  server_ = builder.BuildAndStart();
}

void FakeAgent::Stop() {
  if (server_ == nullptr) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_ = nullptr;
}

std::string FakeAgent::target() const { return absl::StrCat("127.0.0.1:", port_); }

grpc::Status FakeAgent::GetTcpStatistics(grpc::ServerContext* /*context*/,
                                         const v1::GetTcpStatisticsRequest* request,
                                         v1::GetTcpStatisticsResponse* response) {
  ++gets_;
  if (on_get == nullptr) return {grpc::StatusCode::UNIMPLEMENTED, "no"};
  return on_get(*request, response);
}

grpc::Status FakeAgent::SubscribeTcpStatistics(grpc::ServerContext* context,
                                               const v1::SubscribeTcpStatisticsRequest* request,
                                               TcpWriter* writer) {
  ++subscriptions_;
  if (on_subscribe == nullptr) return {grpc::StatusCode::UNIMPLEMENTED, "no"};
  return on_subscribe(context, *request, writer);
}

grpc::Status FakeAgent::SetTcpEstatsCollection(grpc::ServerContext* /*context*/,
                                               const v1::SetTcpEstatsCollectionRequest* request,
                                               v1::SetTcpEstatsCollectionResponse* response) {
  if (on_set_estats == nullptr) return {grpc::StatusCode::UNIMPLEMENTED, "no"};
  return on_set_estats(*request, response);
}

grpc::Status FakeAgent::ClearRasStatistics(grpc::ServerContext* /*context*/,
                                           const v1::ClearRasStatisticsRequest* request,
                                           v1::ClearRasStatisticsResponse* response) {
  if (on_clear_ras == nullptr) return {grpc::StatusCode::UNIMPLEMENTED, "no"};
  return on_clear_ras(*request, response);
}

grpc::Status FakeAgent::GetAgentStatus(grpc::ServerContext* /*context*/,
                                       const v1::GetAgentStatusRequest* /*request*/,
                                       v1::GetAgentStatusResponse* response) {
  if (on_status == nullptr) return {grpc::StatusCode::UNIMPLEMENTED, "no"};
  on_status(response);
  return grpc::Status::OK;
}

grpc::Status FakeAgent::GetAgentInfo(grpc::ServerContext* /*context*/,
                                     const v1::GetAgentInfoRequest* /*request*/,
                                     v1::GetAgentInfoResponse* response) {
  response->set_host_name("fake");
  response->set_agent_version("0.1.0");
  return grpc::Status::OK;
}

v1::TcpConnection FakeConnection(uint32_t port, uint64_t bytes_in, uint64_t bytes_out) {
  v1::TcpConnection connection;
  v1::TcpConnectionKey* key = connection.mutable_key();
  key->set_local_address("192.0.2.1");
  key->set_local_port(port);
  key->set_remote_address("198.51.100.1");
  key->set_remote_port(443);
  key->set_incarnation(port);
  connection.set_state(v1::TCP_STATE_ESTABLISHED);
  connection.mutable_data()->set_thru_bytes_received(bytes_in);
  connection.mutable_data()->set_thru_bytes_acked(bytes_out);
  return connection;
}

grpc::Status GiveConnections(v1::GetTcpStatisticsResponse* response, int count) {
  response->mutable_statistics()->mutable_status()->set_state(v1::SECTION_STATE_OK);
  response->mutable_statistics()->mutable_collection()->set_tick(1);
  response->mutable_statistics()->mutable_collection()->mutable_start_time()->set_seconds(
      1'700'000'000);
  for (int i = 1; i <= count; ++i) {
    *response->mutable_statistics()->add_connections() =
        FakeConnection(static_cast<uint32_t>(i), 10, 20);
  }
  return grpc::Status::OK;
}

FakeAgent::OnGet Connections(int count) {
  return [count](const v1::GetTcpStatisticsRequest&, v1::GetTcpStatisticsResponse* response) {
    return GiveConnections(response, count);
  };
}

bool FakeStream::Send() {
  frame_.mutable_header()->set_sequence(++sequence_);
  const bool sent = write_(frame_);
  frame_.Clear();
  return sent;
}

void FakeStream::SetTick(uint64_t tick, bool complete) {
  v1::FrameHeader* header = frame_.mutable_header();
  header->set_family(v1::FAMILY_TCP);
  header->set_tick(tick);
  header->mutable_time()->set_seconds(kFirstSecond + static_cast<int64_t>(tick));
  header->set_tick_complete(complete);
  if (complete) header->set_resume_token(absl::StrCat("after ", tick));
}

bool FakeStream::Accept(uint64_t start_id, bool resumed) {
  v1::Accepted* accepted = frame_.mutable_accepted();
  accepted->set_agent_start_id(start_id);
  accepted->set_resumed(resumed);
  accepted->mutable_interval()->set_seconds(1);
  accepted->mutable_heartbeat_interval()->set_seconds(15);
  return Send();
}

bool FakeStream::FullSet(uint64_t tick, const std::vector<v1::TcpConnection>& rows) {
  SetTick(tick, false);
  frame_.mutable_sync_begin()->set_family(v1::FAMILY_TCP);
  if (!Send()) return false;
  SetTick(tick, false);
  for (const v1::TcpConnection& row : rows) *frame_.mutable_statistics()->add_connections() = row;
  if (!rows.empty() && !Send()) return false;
  frame_.Clear();
  SetTick(tick, true);
  frame_.mutable_sync_end()->set_family(v1::FAMILY_TCP);
  frame_.mutable_sync_end()->set_row_count(rows.size());
  return Send();
}

bool FakeStream::Delta(uint64_t tick, const std::vector<v1::TcpConnection>& rows,
                       const std::vector<v1::TcpConnectionKey>& removed) {
  SetTick(tick, true);
  frame_.mutable_header()->mutable_base_time()->set_seconds(kFirstSecond +
                                                            static_cast<int64_t>(tick) - 1);
  for (const v1::TcpConnection& row : rows) *frame_.mutable_statistics()->add_connections() = row;
  for (const v1::TcpConnectionKey& key : removed) {
    *frame_.mutable_statistics()->add_removed_connections() = key;
  }
  frame_.mutable_statistics();
  return Send();
}

bool FakeStream::Goodbye(v1::GoodbyeReason reason) {
  frame_.mutable_goodbye()->set_reason(reason);
  return Send();
}

}  // namespace farstat
