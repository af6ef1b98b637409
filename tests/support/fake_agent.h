// A small agent over real gRPC and a real port, which says what a test wants it to say.

#ifndef FARSTAT_TESTS_SUPPORT_FAKE_AGENT_H_
#define FARSTAT_TESTS_SUPPORT_FAKE_AGENT_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "common/certificates.h"
#include "farstat/v1/agent.grpc.pb.h"
#include "farstat/v1/ras.grpc.pb.h"
#include "farstat/v1/tcp.grpc.pb.h"

namespace farstat {

class FakeAgent : public v1::TcpService::Service,
                  public v1::RasService::Service,
                  public v1::AgentService::Service {
 public:
  using TcpWriter = grpc::ServerWriter<v1::SubscribeTcpStatisticsResponse>;
  using OnGet = std::function<grpc::Status(const v1::GetTcpStatisticsRequest&,
                                           v1::GetTcpStatisticsResponse*)>;
  using OnSubscribe = std::function<grpc::Status(
      grpc::ServerContext*, const v1::SubscribeTcpStatisticsRequest&, TcpWriter*)>;

  using OnSetEstats = std::function<grpc::Status(const v1::SetTcpEstatsCollectionRequest&,
                                                 v1::SetTcpEstatsCollectionResponse*)>;
  using OnClearRas = std::function<grpc::Status(const v1::ClearRasStatisticsRequest&,
                                                v1::ClearRasStatisticsResponse*)>;
  using OnStatus = std::function<void(v1::GetAgentStatusResponse*)>;

  FakeAgent() = default;
  ~FakeAgent() override { Stop(); }

  // What calls do; those without one are UNIMPLEMENTED. Set before Start.
  OnGet on_get;
  OnSubscribe on_subscribe;
  OnSetEstats on_set_estats;
  OnClearRas on_clear_ras;
  OnStatus on_status;

  // Serves on loopback: without TLS, or with `tls`. `port` 0: a free one.
  void Start(const absl::optional<TlsFiles>& tls = absl::nullopt, int port = 0);
  void StartWith(const std::shared_ptr<grpc::ServerCredentials>& credentials, int port = 0);
  // Ends calls under way and closes the port.
  void Stop();

  int port() const { return port_; }
  // "127.0.0.1:PORT".
  std::string target() const;
  int gets() const { return gets_; }
  int subscriptions() const { return subscriptions_; }

 private:
  grpc::Status GetTcpStatistics(grpc::ServerContext* context,
                                const v1::GetTcpStatisticsRequest* request,
                                v1::GetTcpStatisticsResponse* response) override;
  grpc::Status SubscribeTcpStatistics(grpc::ServerContext* context,
                                      const v1::SubscribeTcpStatisticsRequest* request,
                                      TcpWriter* writer) override;
  grpc::Status SetTcpEstatsCollection(grpc::ServerContext* context,
                                      const v1::SetTcpEstatsCollectionRequest* request,
                                      v1::SetTcpEstatsCollectionResponse* response) override;
  grpc::Status ClearRasStatistics(grpc::ServerContext* context,
                                  const v1::ClearRasStatisticsRequest* request,
                                  v1::ClearRasStatisticsResponse* response) override;
  grpc::Status GetAgentStatus(grpc::ServerContext* context,
                              const v1::GetAgentStatusRequest* request,
                              v1::GetAgentStatusResponse* response) override;
  grpc::Status GetAgentInfo(grpc::ServerContext* context, const v1::GetAgentInfoRequest* request,
                            v1::GetAgentInfoResponse* response) override;

  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::atomic<int> gets_ = 0;
  std::atomic<int> subscriptions_ = 0;
};

// An established connection 192.0.2.1:`port` to 198.51.100.1:443 with these counters.
v1::TcpConnection FakeConnection(uint32_t port, uint64_t bytes_in, uint64_t bytes_out);

// An answer with the connections of ports 1 to `count`.
grpc::Status GiveConnections(v1::GetTcpStatisticsResponse* response, int count);
// Answers so whatever is asked.
FakeAgent::OnGet Connections(int count);

// The frames of one stream, with their sequence and times kept right: second `tick` of 2024.
class FakeStream {
 public:
  using Frame = v1::SubscribeTcpStatisticsResponse;
  using Write = std::function<bool(const Frame&)>;

  explicit FakeStream(FakeAgent::TcpWriter* writer)
      : FakeStream(Write([writer](const Frame& frame) { return writer->Write(frame); })) {}
  // Frames go to `write`.
  explicit FakeStream(Write write) : write_(std::move(write)) {}

  // `next()` is filled in and then sent. False: the client is gone.
  Frame& next() { return frame_; }
  bool Send();
  // The number of a frame that never comes.
  void LoseFrame() { ++sequence_; }
  // The next frame has the number of the newest once more.
  void RepeatNumber() { --sequence_; }

  bool Accept(uint64_t start_id, bool resumed);
  // A full set: begin, the rows in one frame, end.
  bool FullSet(uint64_t tick, const std::vector<v1::TcpConnection>& rows);
  // What changed in `tick`, with base time a second before.
  bool Delta(uint64_t tick, const std::vector<v1::TcpConnection>& rows,
             const std::vector<v1::TcpConnectionKey>& removed);
  bool Goodbye(v1::GoodbyeReason reason);

 private:
  void SetTick(uint64_t tick, bool complete);

  const Write write_;
  Frame frame_;
  uint64_t sequence_ = 0;
};

}  // namespace farstat

#endif  // FARSTAT_TESTS_SUPPORT_FAKE_AGENT_H_
