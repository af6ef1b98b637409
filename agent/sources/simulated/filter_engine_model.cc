#include "agent/sources/simulated/filter_engine_model.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "agent/sources/simulated/ipsec_dosp.h"
#include "agent/sources/simulated/ipsec_listing.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::simulated {
namespace {

using windows::Guid;
using windows::Handle;
using windows::kSuccess;

constexpr uint32_t kRpcServerUnavailable = 1722;
constexpr uint32_t kEndpointNotRegistered = 1753;
constexpr uint32_t kFwpAlreadyExists = 0x80320009;
constexpr uint32_t kFwpSessionAborted = 0x80320010;
constexpr uint32_t kFwpInvalidParameter = 0x80320035;
constexpr uint32_t kFwpIkeextNotRunning = 0x80320044;
constexpr uint32_t kRpcAuthenticationDefault = 0xFFFFFFFF;

bool Equal(const Guid& a, const Guid& b) { return std::memcmp(&a, &b, sizeof(Guid)) == 0; }

windows::IpsecTrafficStatistics0 Version0(const windows::IpsecTrafficStatistics1& traffic) {
  return {traffic.encrypted_byte_count,
          traffic.authenticated_ah_byte_count,
          traffic.authenticated_esp_byte_count,
          traffic.transport_byte_count,
          traffic.tunnel_byte_count,
          traffic.offload_byte_count};
}

windows::IpsecStatistics0 Version0(const windows::IpsecStatistics1& statistics) {
  const windows::IpsecAggregateDropStatistics1& drops = statistics.aggregate_drop_packet_statistics;
  return {statistics.aggregate_sa_statistics,
          statistics.esp_drop_packet_statistics,
          statistics.ah_drop_packet_statistics,
          {drops.invalid_spis_on_inbound, drops.decryption_failures_on_inbound,
           drops.authentication_failures_on_inbound, drops.udp_esp_validation_failures_on_inbound,
           drops.replay_check_failures_on_inbound, drops.invalid_clear_text_inbound,
           drops.sa_not_initialized_on_inbound, drops.receive_over_incorrect_sa_inbound,
           drops.secure_receives_not_matching_filters},
          Version0(statistics.inbound_traffic_statistics),
          Version0(statistics.outbound_traffic_statistics)};
}

windows::IkeStatistics0 Version0(const windows::IkeStatistics1& statistics) {
  return {statistics.ike_statistics, statistics.authip_statistics, statistics.common_statistics};
}

// Creates an enumeration of everything. The model knows no templates.
template <typename List>
uint32_t CreateEnumeration(FilterEngineSession& session, const void* enum_template, List list,
                           absl::Duration service_since, World& world, Handle* enum_handle) {
  if (enum_handle == nullptr) return kFwpNullPointer;
  if (enum_template != nullptr) return windows::kErrorNotSupported;
  *enum_handle = world.NewHandle();
  session.AddEnumeration(*enum_handle, list(), service_since);
  return kSuccess;
}

}  // namespace

FilterEngineModel::FilterEngineModel(const FilterEngineScenario& scenario, World& world)
    : scenario_(scenario), world_(world), population_(scenario, world) {}

FilterEngineModel::~FilterEngineModel() = default;

absl::Duration FilterEngineModel::RunningSince(absl::string_view service) const {
  return world_.ServiceStateSince(service, world_.Now());
}

bool FilterEngineModel::Lives(const FilterEngineSession& session) const {
  return world_.ServiceRuns(windows::kFilterEngineService, world_.Now()) &&
         session.service_since() == RunningSince(windows::kFilterEngineService);
}

uint32_t FilterEngineModel::Enter(Handle engine, FilterEngineSession** session) {
  population_.AdvanceTo(world_.Now());
  const auto found = sessions_.find(engine);
  if (found == sessions_.end()) return windows::kErrorInvalidHandle;
  if (!world_.ServiceRuns(windows::kFilterEngineService, world_.Now())) {
    return kRpcServerUnavailable;
  }
  // A service that runs again knows nothing of the sessions of the one before.
  if (!Lives(found->second)) return kFwpSessionAborted;
  if (!world_.administrator()) return windows::kErrorAccessDenied;
  *session = &found->second;
  return kSuccess;
}

uint32_t FilterEngineModel::EnterIke(Handle engine, FilterEngineSession** session) {
  if (const uint32_t code = Enter(engine, session); code != kSuccess) return code;
  return world_.ServiceRuns(windows::kIkeService, world_.Now()) ? kSuccess : kFwpIkeextNotRunning;
}

uint32_t FilterEngineModel::Open(const char16_t* server, uint32_t authentication,
                                 const windows::FwpmSession* options, Handle* engine) {
  if (engine == nullptr) return kFwpNullPointer;
  if (server != nullptr || (authentication != windows::kRpcAuthenticationWindows &&
                            authentication != kRpcAuthenticationDefault)) {
    return kFwpInvalidParameter;
  }
  if (!world_.ServiceRuns(windows::kFilterEngineService, world_.Now())) {
    return kEndpointNotRegistered;
  }
  const Guid key = options != nullptr ? options->session_key : Guid{};
  // Without a key Windows makes one that nobody else has.
  if (!Equal(key, Guid{}) &&
      std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& session) {
        return Equal(session.second.key(), key) && Lives(session.second);
      })) {
    return kFwpAlreadyExists;
  }
  *engine = world_.NewHandle();
  sessions_.emplace(*engine, FilterEngineSession(key, RunningSince(windows::kFilterEngineService)));
  return kSuccess;
}

uint32_t FilterEngineModel::Close(Handle engine) {
  const auto found = sessions_.find(engine);
  if (found == sessions_.end()) {
    ++violations_;
    return windows::kErrorInvalidHandle;
  }
  const bool lives = Lives(found->second);
  // Enumerations of a dead session went with the service.
  if (lives) violations_ += found->second.enumerations();
  sessions_.erase(found);
  if (lives) return kSuccess;
  return world_.ServiceRuns(windows::kFilterEngineService, world_.Now()) ? kFwpSessionAborted
                                                                         : kRpcServerUnavailable;
}

uint32_t FilterEngineModel::DestroyEnumeration(Handle engine, Handle enum_handle) {
  FilterEngineSession* session = nullptr;
  if (const uint32_t code = Enter(engine, &session); code != kSuccess) return code;
  if (session->RemoveEnumeration(enum_handle)) return kSuccess;
  ++violations_;
  return windows::kErrorInvalidHandle;
}

void FilterEngineModel::Fill(windows::Api& api) {
  FillSessions(api);
  FillStatistics(api);
  FillEnumerations(api);
}

void FilterEngineModel::FillSessions(windows::Api& api) {
  api.fwpm_engine_open = [this](const char16_t* server, uint32_t authentication, void*,
                                const windows::FwpmSession* options, Handle* engine) {
    MutexLock lock(world_.mutex);
    return Open(server, authentication, options, engine);
  };
  api.fwpm_engine_close = [this](Handle engine) {
    MutexLock lock(world_.mutex);
    return Close(engine);
  };
  api.fwpm_free_memory = [this](void** memory) {
    MutexLock lock(world_.mutex);
    if (memory == nullptr || *memory == nullptr) return;
    // The caller's pointer is left as it is: nothing says that it becomes null.
    if (!memory_.Free(*memory)) ++violations_;
  };
}

void FilterEngineModel::FillStatistics(windows::Api& api) {
  api.ipsec_get_statistics1 = [this](Handle engine, windows::IpsecStatistics1* statistics) {
    MutexLock lock(world_.mutex);
    FilterEngineSession* session = nullptr;
    if (const uint32_t code = Enter(engine, &session); code != kSuccess) return code;
    if (statistics == nullptr) return kFwpNullPointer;
    *statistics = population_.IpsecStatistics();
    return kSuccess;
  };
  api.ipsec_get_statistics0 = [this](Handle engine, windows::IpsecStatistics0* statistics) {
    MutexLock lock(world_.mutex);
    FilterEngineSession* session = nullptr;
    if (const uint32_t code = Enter(engine, &session); code != kSuccess) return code;
    if (statistics == nullptr) return kFwpNullPointer;
    *statistics = Version0(population_.IpsecStatistics());
    return kSuccess;
  };
  api.ipsec_dosp_get_statistics = [this](Handle engine, windows::IpsecDospStatistics* statistics) {
    MutexLock lock(world_.mutex);
    FilterEngineSession* session = nullptr;
    if (const uint32_t code = Enter(engine, &session); code != kSuccess) return code;
    if (statistics == nullptr) return kFwpNullPointer;
    const DosProtection& protection = scenario_.dos_protection();
    if (protection.state() == DosProtection::STATE_NOT_INSTALLED) {
      return windows::kErrorDospNotInstalled;
    }
    *statistics = DospStatisticsAt(protection, world_.Now());
    return kSuccess;
  };
  api.ikeext_get_statistics1 = [this](Handle engine, windows::IkeStatistics1* statistics) {
    MutexLock lock(world_.mutex);
    FilterEngineSession* session = nullptr;
    if (const uint32_t code = EnterIke(engine, &session); code != kSuccess) return code;
    if (statistics == nullptr) return kFwpNullPointer;
    *statistics = population_.IkeStatistics();
    return kSuccess;
  };
  api.ikeext_get_statistics0 = [this](Handle engine, windows::IkeStatistics0* statistics) {
    MutexLock lock(world_.mutex);
    FilterEngineSession* session = nullptr;
    if (const uint32_t code = EnterIke(engine, &session); code != kSuccess) return code;
    if (statistics == nullptr) return kFwpNullPointer;
    *statistics = Version0(population_.IkeStatistics());
    return kSuccess;
  };
}

void FilterEngineModel::FillEnumerations(windows::Api& api) {
  api.ipsec_sa_context_create_enum_handle = [this](Handle engine, const void* enum_template,
                                                   Handle* enum_handle) {
    MutexLock lock(world_.mutex);
    FilterEngineSession* session = nullptr;
    if (const uint32_t code = Enter(engine, &session); code != kSuccess) return code;
    const auto list = [&peers = population_.peers()] { return ListSaPairs(peers); };
    return CreateEnumeration(*session, enum_template, list,
                             RunningSince(windows::kFilterEngineService), world_, enum_handle);
  };
  api.ipsec_sa_context_enum1 = [this](Handle engine, Handle enum_handle, uint32_t wanted,
                                      windows::IpsecSaContext*** entries, uint32_t* returned) {
    MutexLock lock(world_.mutex);
    FilterEngineSession* session = nullptr;
    if (const uint32_t code = Enter(engine, &session); code != kSuccess) return code;
    return session->NextPage<ListedSaPair>(enum_handle, RunningSince(windows::kFilterEngineService),
                                           wanted, memory_, entries, returned);
  };
  api.ikeext_sa_create_enum_handle = [this](Handle engine, const void* enum_template,
                                            Handle* enum_handle) {
    MutexLock lock(world_.mutex);
    FilterEngineSession* session = nullptr;
    if (const uint32_t code = EnterIke(engine, &session); code != kSuccess) return code;
    const auto list = [&peers = population_.peers()] { return ListIkeSas(peers); };
    return CreateEnumeration(*session, enum_template, list, RunningSince(windows::kIkeService),
                             world_, enum_handle);
  };
  api.ikeext_sa_enum2 = [this](Handle engine, Handle enum_handle, uint32_t wanted,
                               windows::IkeSaDetails*** entries, uint32_t* returned) {
    MutexLock lock(world_.mutex);
    FilterEngineSession* session = nullptr;
    if (const uint32_t code = EnterIke(engine, &session); code != kSuccess) return code;
    return session->NextPage<ListedIkeSa>(enum_handle, RunningSince(windows::kIkeService), wanted,
                                          memory_, entries, returned);
  };
  // The two versions differ only behind pointers.
  api.ikeext_sa_enum1 = api.ikeext_sa_enum2;
  const auto destroy = [this](Handle engine, Handle enum_handle) {
    MutexLock lock(world_.mutex);
    return DestroyEnumeration(engine, enum_handle);
  };
  api.ipsec_sa_context_destroy_enum_handle = destroy;
  api.ikeext_sa_destroy_enum_handle = destroy;
}

int FilterEngineModel::LiveEngines() const {
  MutexLock lock(world_.mutex);
  return static_cast<int>(sessions_.size());
}

int FilterEngineModel::LiveEnumHandles() const {
  MutexLock lock(world_.mutex);
  return std::accumulate(sessions_.begin(), sessions_.end(), 0,
                         [this](int sum, const auto& session) {
                           return sum + (Lives(session.second) ? session.second.enumerations() : 0);
                         });
}

int FilterEngineModel::LiveArrays() const {
  MutexLock lock(world_.mutex);
  return memory_.live();
}

int FilterEngineModel::Violations() const {
  MutexLock lock(world_.mutex);
  return violations_;
}

}  // namespace farstat::sources::simulated
