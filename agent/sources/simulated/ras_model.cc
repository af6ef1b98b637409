#include "agent/sources/simulated/ras_model.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/sources/simulated/ras_answers.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::simulated {
namespace {

using windows::Handle;

constexpr uint32_t kErrorNoConnection = 668;
constexpr uint32_t kErrorCannotInitialize = 711;
constexpr uint32_t kErrorServiceStopped = 834;

// A handle is the number of the session, the line plus one and the link, with these shifts.
constexpr int kSessionShift = 24;
constexpr int kLineShift = 8;
constexpr uint64_t kLineMask = 0xFFFF;
constexpr uint64_t kLinkMask = 0xFF;
constexpr int kMostLines = 60'000;

// Whether a Windows that knows layouts up to `largest` knows this one.
template <size_t kSizes>
bool Knows(const uint32_t (&sizes)[kSizes], uint32_t largest, uint32_t size) {
  return std::any_of(std::begin(sizes), std::end(sizes), [&](uint32_t known) {
    return known == size && (largest == 0 || known <= largest);
  });
}

int CountOf(const RasConnections& connections) { return std::max(1, connections.count()); }

template <size_t kSizes>
void CheckSize(const uint32_t (&sizes)[kSizes], uint32_t size, absl::string_view field,
               std::vector<std::string>& problems) {
  if (size != 0 && !Knows(sizes, 0, size)) {
    problems.push_back(
        absl::StrCat(field, ": ", size, " is not one of ", absl::StrJoin(sizes, ", ")));
  }
}

void CheckConnections(const RasConnections& connections, const std::string& field,
                      std::vector<std::string>& problems) {
  const auto require = [&](bool good, absl::string_view what) {
    if (!good) problems.push_back(absl::StrCat(field, what));
  };
  constexpr double kMostKbps = 2e6;
  require(!connections.name().empty(), "name: is missing");
  require(connections.count() >= 0, "count: is negative");
  require(connections.out_kbps() >= 0 && connections.out_kbps() <= kMostKbps,
          "out_kbps: is not between 0 and 2000000");
  require(connections.in_kbps() >= 0 && connections.in_kbps() <= kMostKbps,
          "in_kbps: is not between 0 and 2000000");
  require(connections.swing() >= 0 && connections.swing() <= 1, "swing: is not between 0 and 1");
  require(connections.links() >= 0 && connections.links() <= RasLine::kMaxLinks,
          absl::StrCat("links: is not between 0 and ", RasLine::kMaxLinks));
  require(connections.dormant_s() <= connections.dormant_every_s(),
          "dormant_s: is longer than dormant_every_s");
  require(connections.dial_s() >= 0 && connections.up_s() >= 0 && connections.down_s() >= 0 &&
              connections.closing_s() >= 0 && connections.link_up_s() >= 0 &&
              connections.link_down_s() >= 0 && connections.dormant_s() >= 0,
          "*_s: a time is negative");
}

}  // namespace

absl::Status CheckRasScenario(const RasScenario& scenario) {
  std::vector<std::string> problems;
  int64_t lines = 0;
  for (int i = 0; i < scenario.connections_size(); ++i) {
    CheckConnections(scenario.connections(i), absl::StrCat("connections[", i, "]."), problems);
    lines += CountOf(scenario.connections(i));
  }
  if (lines > kMostLines) {
    problems.push_back(absl::StrCat("connections: there are more than ", kMostLines));
  }
  CheckSize(windows::kRasConnectionSizes, scenario.layouts().connection_size(),
            "layouts.connection_size", problems);
  CheckSize(windows::kRasConnectionStatusSizes, scenario.layouts().status_size(),
            "layouts.status_size", problems);
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

RasModel::RasModel(const RasScenario& scenario, World& world)
    : scenario_(scenario),
      world_(world),
      missing_(static_cast<uint32_t>(scenario.growth().missing())) {
  world_.AdvanceWhileWaiting([this](absl::Duration now)
                                 ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex) {
                                   const absl::Duration next = Advance(now);
                                   return registrations_.empty() ? absl::InfiniteDuration() : next;
                                 });
  MutexLock lock(world_.mutex);
  std::mt19937_64 chance = world_.Chance("ras");
  for (const RasConnections& connections : scenario_.connections()) {
    for (int number = 1; number <= CountOf(connections); ++number) {
      lines_.push_back(std::make_unique<RasLine>(connections, number, chance()));
    }
  }
  conditions_.resize(lines_.size());
  running_ = world_.ServiceRuns(windows::kRasService, absl::ZeroDuration());
  service_since_ = world_.ServiceStateSince(windows::kRasService, absl::ZeroDuration());
  if (!running_) return;
  for (uint32_t index = 0; index < lines_.size(); ++index) {
    conditions_[index] = lines_[index]->ConditionAt(absl::ZeroDuration());
    Plan(index, absl::ZeroDuration());
  }
}

RasModel::~RasModel() = default;

absl::optional<RasTraffic> RasModel::TrafficOf(Handle connection, uint32_t link) {
  MutexLock lock(world_.mutex);
  const absl::Duration now = world_.Now();
  Advance(now);
  const absl::optional<Target> target = Find(connection, now);
  if (!target) return absl::nullopt;
  return link == 0 ? target->line->TrafficAt(now)
                   : target->line->LinkTrafficAt(static_cast<int>(link), now);
}

// --- Handles ---

Handle RasModel::HandleOf(uint32_t index, int link) const {
  return lines_[index]->session().number << kSessionShift | Handle{index + 1} << kLineShift |
         static_cast<Handle>(link);
}

absl::optional<RasModel::Target> RasModel::Find(Handle handle, absl::Duration now) {
  const auto index = static_cast<uint32_t>(handle >> kLineShift & kLineMask) - 1;
  const auto link = static_cast<int>(handle & kLinkMask);
  if (!running_ || index >= lines_.size()) return absl::nullopt;
  RasLine& line = *lines_[index];
  if (handle >> kSessionShift != line.session().number || now < line.session().dialled_at ||
      link > line.links()) {
    return absl::nullopt;
  }
  return Target{&line, index, link, now};
}

// --- Time ---

absl::Duration RasModel::Advance(absl::Duration now) {
  FollowService(now);
  while (!due_.empty() && due_.top().first <= now) {
    const auto [at, index] = due_.top();
    due_.pop();
    AdvanceLine(index, at);
  }
  const absl::Duration service = world_.NextServiceChange(windows::kRasService, now);
  return due_.empty() ? service : std::min(service, due_.top().first);
}

// With the service, connections and registrations end. All of them are dialled again when it
// starts.
void RasModel::FollowService(absl::Duration now) {
  const absl::Duration since = world_.ServiceStateSince(windows::kRasService, now);
  if (since == service_since_) return;
  service_since_ = since;
  running_ = world_.ServiceRuns(windows::kRasService, now);
  due_ = {};
  registrations_.clear();
  cleared_.clear();
  for (uint32_t index = 0; index < lines_.size(); ++index) {
    conditions_[index] = {};
    if (!running_) continue;
    lines_[index]->ServiceStarted(since);
    Plan(index, since);
  }
}

void RasModel::Plan(uint32_t index, absl::Duration now) {
  const absl::Duration next = lines_[index]->NextChange(now);
  if (next < absl::InfiniteDuration()) due_.emplace(next, index);
}

void RasModel::AdvanceLine(uint32_t index, absl::Duration at) {
  RasLine& line = *lines_[index];
  const Handle connection = HandleOf(index, 0);
  const uint64_t session = line.session().number;
  line.AdvanceTo(at);
  if (line.session().number != session) {
    cleared_.erase(cleared_.lower_bound(connection), cleared_.upper_bound(connection | kLinkMask));
  }
  const RasLine::Condition before = conditions_[index];
  conditions_[index] = line.ConditionAt(at);
  SignalChange(before, conditions_[index], connection);
  Plan(index, at);
}

void RasModel::SignalChange(const RasLine::Condition& before, const RasLine::Condition& after,
                            Handle connection) {
  uint32_t all = 0;     // For those who wait for any connection.
  uint32_t bundle = 0;  // For those who wait for this one.
  if (after.listed && !before.listed) all |= windows::kRasNotifyConnection;
  if (before.listed && !after.listed) bundle |= windows::kRasNotifyDisconnection;
  if (before.listed && after.listed) {
    if ((after.links_up & ~before.links_up) != 0) bundle |= windows::kRasNotifyBandwidthAdded;
    if ((before.links_up & ~after.links_up) != 0) bundle |= windows::kRasNotifyBandwidthRemoved;
    if (after.sub_state != before.sub_state) {
      if (after.sub_state == windows::kRasSubStateDormant) all |= windows::kRasNotifyDormant;
      if (after.sub_state == windows::kRasSubStateReconnected) {
        all |= windows::kRasNotifyReconnection;
      }
    }
  }
  all |= bundle & windows::kRasNotifyDisconnection;
  for (const Registration& registration : registrations_) {
    const uint32_t flags = registration.connection == windows::kInvalidHandle ? all
                           : registration.connection == connection            ? all | bundle
                                                                              : 0;
    if ((registration.flags & flags) != 0) world_.Signal(registration.event);
  }
}

bool RasModel::Reach(absl::Duration& now) {
  now = world_.Now();
  Advance(now);
  return running_;
}

absl::optional<RasModel::Target> RasModel::Reach(Handle handle, uint32_t& code) {
  absl::Duration now;
  code = kErrorServiceStopped;
  if (!Reach(now)) return absl::nullopt;
  code = windows::kErrorInvalidHandle;
  return Find(handle, now);
}

absl::optional<RasModel::Target> RasModel::ReachLink(Handle connection, uint32_t link,
                                                     uint32_t& code) {
  absl::optional<Target> target = Reach(connection, code);
  if (!target) return absl::nullopt;
  code = kErrorNoConnection;
  if (link > static_cast<uint32_t>(target->line->links())) return absl::nullopt;
  target->link = static_cast<int>(link);
  const RasLine::Link state = target->line->LinkAt(target->link, target->now);
  if (state.state == RasLine::LinkState::kDown) return absl::nullopt;
  return target;
}

// --- Calls ---

uint32_t RasModel::List(windows::RasConnection* rows, uint32_t* bytes, uint32_t* count,
                        absl::Duration now) {
  std::vector<uint32_t> listed;
  for (uint32_t index = 0; index < lines_.size(); ++index) {
    if (lines_[index]->Listed(now)) listed.push_back(index);
  }
  listed.resize(listed.size() - std::min<size_t>(listed.size(), missing_));
  uint32_t size = sizeof(windows::RasConnection);
  if (rows != nullptr) {
    std::memcpy(&size, rows, sizeof(size));
    if (!Knows(windows::kRasConnectionSizes, scenario_.layouts().connection_size(), size)) {
      return windows::kErrorInvalidSize;
    }
  }
  const uint32_t given = rows == nullptr ? 0 : *bytes;
  const auto needed = static_cast<uint32_t>(listed.size() * size);
  *bytes = needed;
  *count = static_cast<uint32_t>(listed.size());
  if (needed > given) {
    missing_ -= std::min(missing_, static_cast<uint32_t>(scenario_.growth().per_call()));
    return windows::kErrorBufferTooSmall;
  }
  auto* at = reinterpret_cast<uint8_t*>(rows);
  for (const uint32_t index : listed) {
    windows::RasConnection row = ConnectionOf(*lines_[index], index, HandleOf(index, 0));
    row.size = size;
    std::memcpy(at, &row, size);
    at += size;
  }
  return windows::kSuccess;
}

windows::RasStats RasModel::StatsOf(const Target& target) {
  const RasLine& line = *target.line;
  const absl::Duration now = target.now;
  const bool whole = target.link == 0;
  const RasLine::Link link = line.LinkAt(std::max(1, target.link), now);
  RasTraffic traffic = whole ? line.TrafficAt(now) : line.LinkTrafficAt(target.link, now);
  absl::Duration since = whole ? line.session().connected_at : link.since;
  const auto cleared = cleared_.find(HandleOf(target.index, target.link));
  if (cleared != cleared_.end() && (whole || cleared->second.link_number == link.number)) {
    for (size_t i = 0; i < traffic.size(); ++i) traffic[i] -= cleared->second.traffic[i];
    if (scenario_.clear().with_duration()) since = cleared->second.at;
  }
  // A link that is being dialled has its port, and nothing to count yet.
  const bool dialling = !whole && link.state == RasLine::LinkState::kDialling;
  int links_up = 0;
  for (int i = 1; i <= line.links(); ++i) {
    links_up += line.LinkAt(i, now).state == RasLine::LinkState::kUp ? 1 : 0;
  }
  windows::RasStats stats = {};
  stats.size = sizeof(stats);
  uint32_t* member = &stats.bytes_xmited;
  for (const uint64_t value : traffic) *member++ = static_cast<uint32_t>(value);
  // As percentages; for several links they say nothing.
  stats.compression_ratio_in = whole && line.links() > 1 ? 0xDEADBEEF : 104;
  stats.compression_ratio_out = whole && line.links() > 1 ? 0xDEADBEEF : 117;
  if (dialling) return stats;
  stats.bps = static_cast<uint32_t>(line.link_speed_bps() * (whole ? std::max(1, links_up) : 1));
  stats.connect_duration = static_cast<uint32_t>(absl::ToInt64Milliseconds(now - since));
  return stats;
}

void RasModel::ClearOne(const Target& target) {
  const RasLine& line = *target.line;
  const bool whole = target.link == 0;
  cleared_[HandleOf(target.index, target.link)] = {
      whole ? 0 : line.LinkAt(target.link, target.now).number,
      whole ? line.TrafficAt(target.now) : line.LinkTrafficAt(target.link, target.now), target.now};
}

void RasModel::Clear(const Target& target) {
  ClearOne(target);
  if (!scenario_.clear().with_links()) return;
  const int links = target.line->links();
  Target other = target;
  if (target.link == 0) {
    for (other.link = 1; other.link <= links; ++other.link) ClearOne(other);
  } else if (links == 1) {
    other.link = 0;
    ClearOne(other);
  }
}

void RasModel::Fill(windows::Api& api) {
  FillLists(api);
  FillCounters(api);
  FillProjections(api);
  FillNotifications(api);
}

void RasModel::FillLists(windows::Api& api) {
  api.ras_enum_connections = [this](windows::RasConnection* rows, uint32_t* bytes,
                                    uint32_t* count) -> uint32_t {
    if (bytes == nullptr || count == nullptr) return windows::kErrorInvalidParameter;
    MutexLock lock(world_.mutex);
    absl::Duration now;
    return Reach(now) ? List(rows, bytes, count, now) : kErrorCannotInitialize;
  };
  api.ras_get_connect_status = [this](Handle handle,
                                      windows::RasConnectionStatus* status) -> uint32_t {
    if (status == nullptr) return windows::kErrorInvalidParameter;
    const uint32_t size = status->size;
    if (!Knows(windows::kRasConnectionStatusSizes, scenario_.layouts().status_size(), size)) {
      return windows::kErrorInvalidSize;
    }
    MutexLock lock(world_.mutex);
    uint32_t code = windows::kSuccess;
    const absl::optional<Target> target = Reach(handle, code);
    if (!target) return code;
    windows::RasConnectionStatus answer =
        StatusOf(*target->line, target->index, target->link, target->now);
    answer.size = size;
    std::memcpy(status, &answer, size);
    return windows::kSuccess;
  };
  api.ras_get_sub_entry_handle = [this](Handle handle, uint32_t link,
                                        Handle* link_handle) -> uint32_t {
    if (link == 0 || link_handle == nullptr) return windows::kErrorInvalidParameter;
    MutexLock lock(world_.mutex);
    uint32_t code = windows::kSuccess;
    const absl::optional<Target> target = Reach(handle, code);
    if (!target) return code;
    if (link > static_cast<uint32_t>(target->line->links())) return windows::kErrorNoMoreItems;
    const auto number = static_cast<int>(link);
    if (target->line->LinkAt(number, target->now).state == RasLine::LinkState::kDown) {
      return windows::kErrorPortNotOpen;
    }
    *link_handle = HandleOf(target->index, number);
    return windows::kSuccess;
  };
  api.ras_get_error_string = [](uint32_t error, char16_t* text, uint32_t text_size) -> uint32_t {
    const windows::Win32Code* known = windows::FindWin32Code(error);
    if (known == nullptr || text == nullptr) return windows::kErrorInvalidParameter;
    if (known->sentence.size() >= text_size) return windows::kErrorInsufficientBuffer;
    PutUtf16(known->sentence, {text, text_size});
    return windows::kSuccess;
  };
}

void RasModel::FillCounters(windows::Api& api) {
  api.ras_get_connection_statistics = [this](Handle handle, windows::RasStats* stats) -> uint32_t {
    if (handle == 0 || stats == nullptr || stats->size != sizeof(*stats)) {
      return windows::kErrorInvalidArgument;
    }
    MutexLock lock(world_.mutex);
    uint32_t code = windows::kSuccess;
    const absl::optional<Target> target = Reach(handle, code);
    if (!target) return code;
    *stats = StatsOf(*target);
    return windows::kSuccess;
  };
  api.ras_get_link_statistics = [this](Handle handle, uint32_t link,
                                       windows::RasStats* stats) -> uint32_t {
    if (handle == 0 || link == 0 || stats == nullptr || stats->size != sizeof(*stats)) {
      return windows::kErrorInvalidArgument;
    }
    MutexLock lock(world_.mutex);
    uint32_t code = windows::kSuccess;
    const absl::optional<Target> target = ReachLink(handle, link, code);
    if (!target) return code;
    *stats = StatsOf(*target);
    return windows::kSuccess;
  };
  api.ras_clear_connection_statistics = [this](Handle handle) -> uint32_t {
    MutexLock lock(world_.mutex);
    uint32_t code = windows::kSuccess;
    const absl::optional<Target> target = Reach(handle, code);
    if (!target) return code;
    Clear(*target);
    return windows::kSuccess;
  };
  api.ras_clear_link_statistics = [this](Handle handle, uint32_t link) -> uint32_t {
    if (link == 0) return windows::kErrorInvalidParameter;
    MutexLock lock(world_.mutex);
    uint32_t code = windows::kSuccess;
    const absl::optional<Target> target = ReachLink(handle, link, code);
    if (!target) return code;
    Clear(*target);
    return windows::kSuccess;
  };
}

void RasModel::FillProjections(windows::Api& api) {
  // Puts what was negotiated into the buffer, which may be too small.
  const auto deliver = [](const std::vector<uint8_t>& bytes, void* to, uint32_t* size) -> uint32_t {
    const uint32_t given = *size;
    *size = static_cast<uint32_t>(bytes.size());
    if (given < bytes.size()) return windows::kErrorBufferTooSmall;
    std::memcpy(to, bytes.data(), bytes.size());
    return windows::kSuccess;
  };
  api.ras_get_projection_info_ex = [this, deliver](Handle handle, windows::RasProjectionInfo* to,
                                                   uint32_t* size) -> uint32_t {
    if (to == nullptr || size == nullptr || to->version != windows::kRasApiVersion601) {
      return windows::kErrorInvalidParameter;
    }
    MutexLock lock(world_.mutex);
    uint32_t code = windows::kSuccess;
    const absl::optional<Target> target = Reach(handle, code);
    if (!target) return code;
    if (!IsProjected(*target->line, target->now)) return windows::kErrorProjectionNotComplete;
    return deliver(WholeProjection(*target->line, target->index, to), to, size);
  };
  api.ras_get_projection_info = [this, deliver](Handle handle, uint32_t kind, void* to,
                                                uint32_t* size) -> uint32_t {
    if (to == nullptr || size == nullptr) return windows::kErrorInvalidParameter;
    MutexLock lock(world_.mutex);
    uint32_t code = windows::kSuccess;
    const absl::optional<Target> target = Reach(handle, code);
    if (!target) return code;
    if (!IsProjected(*target->line, target->now)) return windows::kErrorProjectionNotComplete;
    const std::vector<uint8_t> bytes = ProtocolProjection(*target->line, target->index, kind);
    if (bytes.empty()) return windows::kErrorProtocolNotConfigured;
    uint32_t stated = 0;
    std::memcpy(&stated, to, sizeof(stated));
    return stated == bytes.size() ? deliver(bytes, to, size) : windows::kErrorInvalidSize;
  };
}

void RasModel::FillNotifications(windows::Api& api) {
  api.ras_connection_notification = [this](Handle handle, Handle event,
                                           uint32_t flags) -> uint32_t {
    constexpr uint32_t kKnownFlags = 0x3F;
    if (event == 0 || flags == 0 || (flags & ~kKnownFlags) != 0) {
      return windows::kErrorInvalidParameter;
    }
    MutexLock lock(world_.mutex);
    absl::Duration now;
    if (!Reach(now)) return kErrorCannotInitialize;
    if (handle != windows::kInvalidHandle && !Find(handle, now)) {
      return windows::kErrorInvalidHandle;
    }
    registrations_.push_back({handle, event, flags});
    return windows::kSuccess;
  };
}

}  // namespace farstat::sources::simulated
