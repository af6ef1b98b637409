#include "agent/hosts/windows_host.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/feed/abandonable_thread.h"
#include "agent/sources/windows/estats_control.h"
#include "agent/sources/windows/ike_source.h"
#include "agent/sources/windows/ipsec_source.h"
#include "agent/sources/windows/ras_change_watch.h"
#include "agent/sources/windows/ras_clear.h"
#include "agent/sources/windows/ras_source.h"
#include "agent/sources/windows/tcp_source.h"
#include "agent/sources/windows/win32_status.h"
#include "common/mutex.h"

namespace farstat::hosts {
namespace {

namespace windows = sources::windows;
using windows::Api;

constexpr char kEstatsJournal[] = "estats.journal";

// A function that a family needs to be all there.
struct Needed {
  v1::Family family;
  absl::string_view function;
  // What it is like without it. Empty: there is nothing.
  absl::string_view without;
  // Another one that does as well. Empty: none.
  absl::string_view or_else;
};

constexpr Needed kNeeded[] = {
    {v1::FAMILY_RAS, "RasEnumConnectionsW", "", ""},
    {v1::FAMILY_RAS, "RasGetConnectStatusW", "states and end points of connections are not known",
     ""},
    {v1::FAMILY_RAS, "RasGetConnectionStatistics", "connections have no statistics", ""},
    {v1::FAMILY_RAS, "RasGetLinkStatistics", "links have no statistics", ""},
    {v1::FAMILY_RAS, "RasGetProjectionInfoEx", "what IKEv2 connections negotiated is not known",
     ""},
    {v1::FAMILY_RAS, "RasConnectionNotificationW", "changes are seen at the next tick, not at once",
     ""},
    {v1::FAMILY_RAS, "RasClearConnectionStatistics", "statistics cannot be cleared", ""},

    {v1::FAMILY_TCP, "GetExtendedTcpTable", "", ""},
    {v1::FAMILY_TCP, "GetTcpStatisticsEx2", "totals of segments are counted in 32 bits and wrap",
     ""},
    {v1::FAMILY_TCP, "GetTcpStatisticsEx", "the stack has no totals", "GetTcpStatisticsEx2"},
    {v1::FAMILY_TCP, "GetPerTcpConnectionEStats",
     "connections over IPv4 have no extended statistics", ""},
    {v1::FAMILY_TCP, "GetPerTcp6ConnectionEStats",
     "connections over IPv6 have no extended statistics", ""},
    {v1::FAMILY_TCP, "SetPerTcpConnectionEStats",
     "extended statistics cannot be switched on over IPv4", ""},
    {v1::FAMILY_TCP, "SetPerTcp6ConnectionEStats",
     "extended statistics cannot be switched on over IPv6", ""},

    {v1::FAMILY_IPSEC, "FwpmEngineOpen0", "", ""},
    {v1::FAMILY_IPSEC, "IPsecGetStatistics1", "totals are those of Windows Vista", ""},
    {v1::FAMILY_IPSEC, "IPsecGetStatistics0", "there are no totals", "IPsecGetStatistics1"},
    {v1::FAMILY_IPSEC, "IPsecDospGetStatistics0", "there are no statistics of DoS protection", ""},
    {v1::FAMILY_IPSEC, "IPsecSaContextEnum1", "security associations are not listed", ""},

    {v1::FAMILY_IKE, "FwpmEngineOpen0", "", ""},
    {v1::FAMILY_IKE, "IkeextGetStatistics1", "there are no statistics of IKEv2", ""},
    {v1::FAMILY_IKE, "IkeextGetStatistics0", "there are no totals", "IkeextGetStatistics1"},
    {v1::FAMILY_IKE, "IkeextSaEnum1", "security associations are not listed", "IkeextSaEnum2"},
};

using Names = absl::flat_hash_set<absl::string_view>;

Names AbsentFunctions(const Api& api) {
  Names absent;
  windows::VisitEntries(api, [&](absl::string_view, absl::string_view function, const auto& entry) {
    if (!entry) absent.insert(function);
  });
  return absent;
}

// OK, or that this Windows has not what the family cannot be without.
absl::Status Availability(v1::Family family, const Names& absent) {
  for (const Needed& needed : kNeeded) {
    if (needed.family == family && needed.without.empty() && absent.contains(needed.function)) {
      return windows::AbsentEntry(needed.function);
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> Limitations(v1::Family family, const Names& absent) {
  std::vector<std::string> limitations;
  for (const Needed& needed : kNeeded) {
    const bool replaced = !needed.or_else.empty() && !absent.contains(needed.or_else);
    if (needed.family != family || !absent.contains(needed.function) || replaced) continue;
    limitations.push_back(
        absl::StrCat(needed.without, ", because this Windows has no ", needed.function));
  }
  return limitations;
}

// What all families of one Windows are made with.
struct Makings {
  const std::shared_ptr<const Api>& api;
  const Clock& clock;
  const absl::Duration phase;
  const Names absent;
};

std::unique_ptr<families::Family> MakeFamily(v1::Family id, const Makings& makings,
                                             std::shared_ptr<sources::Source> source) {
  if (absl::Status status = Availability(id, makings.absent); !status.ok()) {
    return AbsentFamily(id, std::move(status));
  }
  auto family = CollectedFamily(id, std::move(source), makings.clock, makings.phase);
  family->limitations = Limitations(id, makings.absent);
  return family;
}

// How long the end of a host waits for what may hang in Windows.
constexpr absl::Duration kPatience = absl::Milliseconds(300);

// `user`, which uses `api`, together with it.
template <typename User>
std::shared_ptr<User> Keeping(const std::shared_ptr<const Api>& api,
                              const std::shared_ptr<User>& user) {
  struct Both {
    std::shared_ptr<const Api> api;
    std::shared_ptr<User> user;
  };
  return {std::make_shared<Both>(Both{api, user}), user.get()};
}

// The watch for changes of RAS. It is made and ended on a thread of its own: it registers with the
// service, which may take long or hang, and neither the agent's start nor its end must wait for it.
class RasWatch {
 public:
  RasWatch(const std::shared_ptr<const Api>& api, feed::Feed& feed)
      : shared_(std::make_shared<Shared>()) {
    shared_->api = api;
    {
      MutexLock lock(shared_->mutex);
      shared_->feed = &feed;
    }
    thread_.Run([shared = shared_] {
      shared->watch = std::make_unique<windows::RasChangeWatch>(
          *shared->api, [nudged = shared.get()] { nudged->Nudge(); });
    });
  }
  ~RasWatch() {
    {
      MutexLock lock(shared_->mutex);
      shared_->feed = nullptr;
    }
    thread_.Run([shared = shared_] { shared->watch.reset(); });
    thread_.End(kPatience);
  }
  RasWatch(const RasWatch&) = delete;
  RasWatch& operator=(const RasWatch&) = delete;

 private:
  struct Shared {
    void Nudge() {
      MutexLock lock(mutex);
      if (feed != nullptr) feed->Nudge();
    }

    std::shared_ptr<const Api> api;
    Mutex mutex;
    // Null: it has gone.
    feed::Feed* feed ABSL_GUARDED_BY(mutex) = nullptr;
    // The thread's own. Ended before what it uses.
    std::unique_ptr<windows::RasChangeWatch> watch;
  };

  // Kept alive by the thread too.
  const std::shared_ptr<Shared> shared_;
  feed::AbandonableThread thread_;
};

// Ends on a thread of its own: it switches off what its leases have switched on.
std::shared_ptr<windows::EstatsControl> MakeEstatsControl(const Makings& makings,
                                                          const std::string& journal) {
  auto control = std::make_unique<windows::EstatsControl>(*makings.api, makings.clock, journal);
  return {control.release(), [api = makings.api](windows::EstatsControl* ended) {
            feed::AbandonableThread thread;
            thread.Run([api, ended] { delete ended; });
            thread.End(kPatience);
          }};
}

void AddRas(const Makings& makings, Host& host) {
  const auto source =
      Keeping(makings.api, std::make_shared<windows::RasSource>(*makings.api, makings.clock));
  auto family = MakeFamily(v1::FAMILY_RAS, makings, source);
  if (family->feed != nullptr) {
    family->watch = std::make_shared<RasWatch>(makings.api, *family->feed);
    host.operations.clear_ras = [api = makings.api,
                                 source](const sources::RasClearRequest& request) {
      return windows::ClearRasStatistics(*api, source->clearings(), request);
    };
  } else {
    host.operations.ras_clearing_unavailable = family->unavailable;
  }
  host.families.push_back(std::move(family));
}

void AddEstatsSwitches(const Makings& makings, const std::string& state_directory,
                       families::Operations& operations) {
  constexpr char kSwitch[] = "SetPerTcpConnectionEStats";
  if (makings.absent.contains(kSwitch)) {
    operations.estats_unavailable = windows::AbsentEntry(kSwitch);
    return;
  }
  const std::string journal =
      state_directory.empty() ? "" : absl::StrCat(state_directory, "/", kEstatsJournal);
  const auto control = MakeEstatsControl(makings, journal);
  operations.set_estats = [control](const sources::EstatsRequest& request) {
    return control->Set(request);
  };
  operations.end_estats_lease = [control](uint64_t lease) { control->End(lease); };
  operations.estats_leases = [control] { return control->Leases(); };
}

void AddTcp(const Makings& makings, Host& host) {
  auto family = MakeFamily(
      v1::FAMILY_TCP, makings,
      Keeping(makings.api, std::make_shared<windows::TcpSource>(*makings.api, makings.clock)));
  const bool has_estats = !makings.absent.contains("GetPerTcpConnectionEStats") ||
                          !makings.absent.contains("GetPerTcp6ConnectionEStats");
  if (family->feed != nullptr && has_estats) {
    family->tcp_groups = {v1::TCP_GROUP_SYN_OPTIONS,      v1::TCP_GROUP_DATA,
                          v1::TCP_GROUP_SEND_CONGESTION,  v1::TCP_GROUP_PATH,
                          v1::TCP_GROUP_SEND_BUFFER,      v1::TCP_GROUP_RECEIVE,
                          v1::TCP_GROUP_OBSERVED_RECEIVE, v1::TCP_GROUP_BANDWIDTH,
                          v1::TCP_GROUP_FINE_RTT};
  }
  host.families.push_back(std::move(family));
}

}  // namespace

Host WindowsHost(const std::shared_ptr<const Api>& api, const Clock& clock,
                 const std::string& state_directory) {
  const Makings makings = {api, clock, RandomPhase(), AbsentFunctions(*api)};
  Host host;
  AddRas(makings, host);
  AddTcp(makings, host);
  host.families.push_back(
      MakeFamily(v1::FAMILY_IPSEC, makings,
                 Keeping(api, std::make_shared<windows::IpsecSource>(*api, clock))));
  host.families.push_back(MakeFamily(
      v1::FAMILY_IKE, makings, Keeping(api, std::make_shared<windows::IkeSource>(*api, clock))));
  AddEstatsSwitches(makings, state_directory, host.operations);
  return host;
}

Host WindowsHost(const Api& api, const Clock& clock, const std::string& state_directory) {
  return WindowsHost(std::shared_ptr<const Api>(std::shared_ptr<void>(), &api), clock,
                     state_directory);
}

}  // namespace farstat::hosts
