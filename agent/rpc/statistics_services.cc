#include "agent/rpc/statistics_services.h"

#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "agent/families/queries.h"
#include "agent/rpc/messages.h"
#include "agent/rpc/snapshot_call.h"
#include "agent/rpc/stream.h"
#include "common/grpc_status.h"
#include "common/status.h"
#include "farstat/v1/host.grpc.pb.h"
#include "farstat/v1/ike.grpc.pb.h"
#include "farstat/v1/ipsec.grpc.pb.h"
#include "farstat/v1/ras.grpc.pb.h"
#include "farstat/v1/tcp.grpc.pb.h"

namespace farstat::rpc {
namespace {

using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using UnaryReactor = grpc::ServerUnaryReactor;
using StreamReactor = grpc::ServerWriteReactor<ByteBuffer>;
using FamilyRequests = absl::StatusOr<std::vector<FamilyRequest>>;

template <typename Query>
absl::Status AddFamily(families::Family& family, const Query& query,
                       std::vector<FamilyRequest>& requests) {
  absl::StatusOr<families::CompiledQuery> compiled = families::Compile(family, query);
  if (!compiled.ok()) return compiled.status();
  requests.push_back({&family, *std::move(compiled)});
  return absl::OkStatus();
}

// What the requests of one service ask of the families.
class OneFamily {
 public:
  OneFamily(families::Family& family, Serving& serving) : family_(family), serving_(serving) {}

  Serving& serving() const { return serving_; }
  bool in_host() const { return false; }
  template <typename Query>
  FamilyRequests Compile(const Query& query) const {
    std::vector<FamilyRequest> requests;
    if (absl::Status status = AddFamily(family_, query, requests); !status.ok()) return status;
    return requests;
  }

 private:
  families::Family& family_;
  Serving& serving_;
};

class AllFamilies {
 public:
  AllFamilies(const Families& families, Serving& serving)
      : families_(families), serving_(serving) {}

  Serving& serving() const { return serving_; }
  bool in_host() const { return true; }
  FamilyRequests Compile(const v1::HostQuery& query) const {
    const bool all = !query.has_ras() && !query.has_tcp() && !query.has_ipsec() && !query.has_ike();
    std::vector<FamilyRequest> requests;
    absl::Status status;
    if (all || query.has_ras())
      status.Update(AddFamily(Find(v1::FAMILY_RAS), query.ras(), requests));
    if (all || query.has_tcp())
      status.Update(AddFamily(Find(v1::FAMILY_TCP), query.tcp(), requests));
    if (all || query.has_ipsec()) {
      status.Update(AddFamily(Find(v1::FAMILY_IPSEC), query.ipsec(), requests));
    }
    if (all || query.has_ike())
      status.Update(AddFamily(Find(v1::FAMILY_IKE), query.ike(), requests));
    if (!status.ok()) return status;
    return requests;
  }

 private:
  families::Family& Find(v1::Family id) const { return *families_[id - 1]; }

  const Families& families_;
  Serving& serving_;
};

template <typename Request, typename Scope>
UnaryReactor* Get(const Scope& scope, CallbackServerContext* context, const ByteBuffer& buffer,
                  ByteBuffer* response) {
  const auto parse = [&]() -> absl::StatusOr<SnapshotRequest> {
    Request request;
    if (absl::Status status = ParseRequest(buffer, request); !status.ok()) return status;
    SnapshotRequest parsed;
    parsed.in_host = scope.in_host();
    FamilyRequests families = scope.Compile(request.query());
    if (!families.ok()) return families.status();
    parsed.families = *std::move(families);
    absl::Status status = ApplyOptions(request.options(), scope.serving().limits, parsed);
    if (!status.ok()) return status;
    return parsed;
  };
  return SnapshotCall::Begin(context, scope.serving(), parse(), response);
}

template <typename Request, typename Scope>
StreamReactor* Subscribe(
    const Scope& scope, CallbackServerContext* context, const ByteBuffer& buffer,
    const std::function<absl::StatusOr<StreamLease>(const Request&)>& lease_for = nullptr) {
  const auto parse = [&]() -> absl::StatusOr<StreamRequest> {
    Request request;
    if (absl::Status status = ParseRequest(buffer, request); !status.ok()) return status;
    StreamRequest parsed;
    parsed.in_host = scope.in_host();
    FamilyRequests families = scope.Compile(request.query());
    if (!families.ok()) return families.status();
    parsed.families = *std::move(families);
    absl::Status status = ApplyOptions(request.options(), scope.serving().limits, parsed);
    if (!status.ok()) return status;
    if (lease_for != nullptr) {
      absl::StatusOr<StreamLease> lease = lease_for(request);
      if (!lease.ok()) return lease.status();
      parsed.lease = *std::move(lease);
    }
    return parsed;
  };
  return StatisticsStream::Open(context, scope.serving(), parse());
}

template <typename Base>
using RawRas = v1::RasService::WithRawCallbackMethod_GetRasStatistics<
    v1::RasService::WithRawCallbackMethod_SubscribeRasStatistics<Base>>;

class RasRpc final
    : public RawRas<
          v1::RasService::WithCallbackMethod_ClearRasStatistics<v1::RasService::Service>> {
 public:
  RasRpc(families::Family& family, Serving& serving, OperationCalls& operations)
      : scope_(family, serving), operations_(operations) {}

  UnaryReactor* GetRasStatistics(CallbackServerContext* context, const ByteBuffer* request,
                                 ByteBuffer* response) override {
    return Get<v1::GetRasStatisticsRequest>(scope_, context, *request, response);
  }
  StreamReactor* SubscribeRasStatistics(CallbackServerContext* context,
                                        const ByteBuffer* request) override {
    return Subscribe<v1::SubscribeRasStatisticsRequest>(scope_, context, *request);
  }
  UnaryReactor* ClearRasStatistics(CallbackServerContext* context,
                                   const v1::ClearRasStatisticsRequest* request,
                                   v1::ClearRasStatisticsResponse* response) override {
    return operations_.ClearRas(context, *request, response);
  }

 private:
  const OneFamily scope_;
  OperationCalls& operations_;
};

template <typename Base>
using RawTcp = v1::TcpService::WithRawCallbackMethod_GetTcpStatistics<
    v1::TcpService::WithRawCallbackMethod_SubscribeTcpStatistics<Base>>;

class TcpRpc final
    : public RawTcp<
          v1::TcpService::WithCallbackMethod_SetTcpEstatsCollection<v1::TcpService::Service>> {
 public:
  TcpRpc(families::Family& family, Serving& serving, OperationCalls& operations)
      : scope_(family, serving), operations_(operations) {}

  UnaryReactor* GetTcpStatistics(CallbackServerContext* context, const ByteBuffer* request,
                                 ByteBuffer* response) override {
    return Get<v1::GetTcpStatisticsRequest>(scope_, context, *request, response);
  }
  StreamReactor* SubscribeTcpStatistics(CallbackServerContext* context,
                                        const ByteBuffer* request) override {
    return Subscribe<v1::SubscribeTcpStatisticsRequest>(
        scope_, context, *request,
        [this, context](const v1::SubscribeTcpStatisticsRequest& subscription) {
          return operations_.LeaseFor(*context, subscription);
        });
  }
  UnaryReactor* SetTcpEstatsCollection(CallbackServerContext* context,
                                       const v1::SetTcpEstatsCollectionRequest* request,
                                       v1::SetTcpEstatsCollectionResponse* response) override {
    return operations_.SetTcpEstats(context, *request, response);
  }

 private:
  const OneFamily scope_;
  OperationCalls& operations_;
};

class IpsecRpc final : public v1::IpsecService::WithRawCallbackMethod_GetIpsecStatistics<
                           v1::IpsecService::WithRawCallbackMethod_SubscribeIpsecStatistics<
                               v1::IpsecService::Service>> {
 public:
  IpsecRpc(families::Family& family, Serving& serving) : scope_(family, serving) {}

  UnaryReactor* GetIpsecStatistics(CallbackServerContext* context, const ByteBuffer* request,
                                   ByteBuffer* response) override {
    return Get<v1::GetIpsecStatisticsRequest>(scope_, context, *request, response);
  }
  StreamReactor* SubscribeIpsecStatistics(CallbackServerContext* context,
                                          const ByteBuffer* request) override {
    return Subscribe<v1::SubscribeIpsecStatisticsRequest>(scope_, context, *request);
  }

 private:
  const OneFamily scope_;
};

class IkeRpc final
    : public v1::IkeService::WithRawCallbackMethod_GetIkeStatistics<
          v1::IkeService::WithRawCallbackMethod_SubscribeIkeStatistics<v1::IkeService::Service>> {
 public:
  IkeRpc(families::Family& family, Serving& serving) : scope_(family, serving) {}

  UnaryReactor* GetIkeStatistics(CallbackServerContext* context, const ByteBuffer* request,
                                 ByteBuffer* response) override {
    return Get<v1::GetIkeStatisticsRequest>(scope_, context, *request, response);
  }
  StreamReactor* SubscribeIkeStatistics(CallbackServerContext* context,
                                        const ByteBuffer* request) override {
    return Subscribe<v1::SubscribeIkeStatisticsRequest>(scope_, context, *request);
  }

 private:
  const OneFamily scope_;
};

class HostRpc final : public v1::HostService::WithRawCallbackMethod_GetHostStatistics<
                          v1::HostService::WithRawCallbackMethod_SubscribeHostStatistics<
                              v1::HostService::Service>> {
 public:
  HostRpc(const Families& families, Serving& serving) : scope_(families, serving) {}

  UnaryReactor* GetHostStatistics(CallbackServerContext* context, const ByteBuffer* request,
                                  ByteBuffer* response) override {
    return Get<v1::GetHostStatisticsRequest>(scope_, context, *request, response);
  }
  StreamReactor* SubscribeHostStatistics(CallbackServerContext* context,
                                         const ByteBuffer* request) override {
    return Subscribe<v1::SubscribeHostStatisticsRequest>(scope_, context, *request);
  }

 private:
  const AllFamilies scope_;
};

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MakeStatisticsServices(const Families& families,
                                                                   Serving& serving,
                                                                   OperationCalls& operations) {
  const auto family = [&](v1::Family id) -> families::Family& { return *families[id - 1]; };
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<RasRpc>(family(v1::FAMILY_RAS), serving, operations));
  services.push_back(std::make_unique<TcpRpc>(family(v1::FAMILY_TCP), serving, operations));
  services.push_back(std::make_unique<IpsecRpc>(family(v1::FAMILY_IPSEC), serving));
  services.push_back(std::make_unique<IkeRpc>(family(v1::FAMILY_IKE), serving));
  services.push_back(std::make_unique<HostRpc>(families, serving));
  return services;
}

}  // namespace farstat::rpc
