// SetTcpEstatsCollection, between its messages and sources/estats_switches.h.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/families/cidr.h"
#include "agent/families/operations.h"
#include "agent/families/operations_checks.h"
#include "agent/families/tcp_query.h"
#include "agent/sources/address_text.h"
#include "common/clock.h"
#include "common/status.h"

namespace farstat::families {
namespace {

using sources::EstatsRequest;
using sources::EstatsSwitches;
using sources::EstatsSwitchOf;
using sources::TcpIdentity;

constexpr absl::Duration kShortestLease = absl::Seconds(1);
constexpr absl::Duration kLongestLease = absl::Hours(24);
constexpr uint32_t kMaxPort = 65535;

bool HasSwitch(v1::TcpGroup group) {
  const auto& groups = sources::kSwitchedTcpGroups;
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

// Adds what is to become of one switch.
absl::Status AddSwitch(const std::string& field, v1::TcpEstatsSwitch setting, EstatsSwitches bit,
                       EstatsRequest& compiled) {
  switch (setting) {
    case v1::TCP_ESTATS_SWITCH_UNSPECIFIED:
      return absl::OkStatus();
    case v1::TCP_ESTATS_SWITCH_ENABLE:
      compiled.enable |= bit;
      return absl::OkStatus();
    case v1::TCP_ESTATS_SWITCH_DISABLE:
      compiled.disable |= bit;
      return absl::OkStatus();
    default:
      return InvalidField(field, absl::StrCat(field, ": ", setting, " is not a switch setting"));
  }
}

absl::Status AddGroup(const std::string& field, const v1::TcpEstatsGroupSwitch& asked,
                      EstatsRequest& compiled) {
  const v1::TcpGroup group = asked.group();
  const std::string name = v1::TcpGroup_Name(group);
  if (!HasSwitch(group)) {
    return InvalidField(field, absl::StrCat(field, ": ", name.empty() ? "this" : name,
                                            " is not a group that can be switched"));
  }
  const bool bandwidth = group == v1::TCP_GROUP_BANDWIDTH;
  if (!bandwidth && asked.inbound_collection() != v1::TCP_ESTATS_SWITCH_UNSPECIFIED) {
    return InvalidField(field, absl::StrCat(field, ": inbound_collection is for ",
                                            "TCP_GROUP_BANDWIDTH only, not for ", name));
  }
  const EstatsSwitches before = compiled.enable | compiled.disable;
  const EstatsSwitches both =
      EstatsSwitchOf(group) | (bandwidth ? sources::kInboundBandwidthSwitch : 0);
  if ((before & both) != 0) {
    return InvalidField(field, absl::StrCat(field, ": ", name, " is named twice"));
  }
  absl::Status status = AddSwitch(field, asked.collection(), EstatsSwitchOf(group), compiled);
  status.Update(
      AddSwitch(field, asked.inbound_collection(), sources::kInboundBandwidthSwitch, compiled));
  if (status.ok() && (compiled.enable | compiled.disable) == before) {
    return InvalidField(field, absl::StrCat(field, ": ", name, " is to be left as it is"));
  }
  return status;
}

absl::Status AddGroups(const std::string& path, const v1::SetTcpEstatsCollectionRequest& request,
                       EstatsRequest& compiled) {
  const std::string field = absl::StrCat(path, "groups");
  if (request.groups().empty()) {
    return InvalidField(field, absl::StrCat(field, ": name at least one group to switch"));
  }
  for (const v1::TcpEstatsGroupSwitch& asked : request.groups()) {
    if (absl::Status status = AddGroup(field, asked, compiled); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status AddConnection(const std::string& path, const v1::TcpConnectionKey& key,
                           EstatsRequest& compiled) {
  TcpIdentity& connection = compiled.connection.emplace();
  const auto local = ParseAddress(key.local_address());
  if (!local.ok()) {
    const std::string field = absl::StrCat(path, "connection.local_address");
    return InvalidField(field, absl::StrCat(field, ": ", local.status().message()));
  }
  const auto remote = ParseAddress(key.remote_address());
  if (!remote.ok()) {
    const std::string field = absl::StrCat(path, "connection.remote_address");
    return InvalidField(field, absl::StrCat(field, ": ", remote.status().message()));
  }
  if (key.local_port() > kMaxPort || key.remote_port() > kMaxPort) {
    const std::string field = absl::StrCat(path, "connection");
    return InvalidField(field, absl::StrCat(field, ": a port is at most 65535"));
  }
  connection.local_address = *local;
  connection.remote_address = *remote;
  connection.local_port = static_cast<uint16_t>(key.local_port());
  connection.remote_port = static_cast<uint16_t>(key.remote_port());
  connection.local_scope_id = key.local_scope_id();
  connection.remote_scope_id = key.remote_scope_id();
  connection.incarnation = key.incarnation();
  return absl::OkStatus();
}

absl::Status AddFilter(const std::string& field, const v1::TcpFilter& filter,
                       EstatsRequest& compiled) {
  absl::StatusOr<CompiledTcpFilter> checked = CompileTcpFilter(filter, field);
  if (!checked.ok()) return checked.status();
  compiled.filters_process = checked->needs_process;
  compiled.filter = [filter = checked->filter](absl::string_view facts) {
    return (*filter)(facts);
  };
  return absl::OkStatus();
}

absl::Status AddRelease(const std::string& path, const v1::SetTcpEstatsCollectionRequest& request,
                        EstatsRequest& compiled) {
  const std::string field = absl::StrCat(path, "on_release");
  if (!v1::TcpEstatsRelease_IsValid(request.on_release())) {
    return InvalidField(
        field, absl::StrCat(field, ": ", request.on_release(), " is not a way to release"));
  }
  compiled.undo = request.on_release() == v1::TCP_ESTATS_RELEASE_DISABLE;
  if (compiled.undo && compiled.ttl == absl::ZeroDuration()) {
    return InvalidField(field, absl::StrCat(field, ": there is no end at which to switch off ",
                                            "without ", path, "ttl"));
  }
  return CheckReason(absl::StrCat(path, "reason"), request.reason());
}

// What both kinds of request have in common; which connections are meant is added by them.
absl::Status AddCommon(const std::string& path, const v1::SetTcpEstatsCollectionRequest& request,
                       EstatsRequest& compiled) {
  absl::Status status = AddGroups(path, request, compiled);
  if (status.ok()) status = AddRelease(path, request, compiled);
  if (status.ok() && request.has_connection()) {
    status = AddConnection(path, request.connection(), compiled);
  }
  if (status.ok() && request.has_filter()) {
    status = AddFilter(absl::StrCat(path, "filter"), request.filter(), compiled);
  }
  return status;
}

std::string AddressOf(const std::array<uint8_t, 16>& address) {
  constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  sources::AddressText text;
  const bool mapped = std::equal(kMapped.begin(), kMapped.end(), address.begin());
  return std::string(mapped ? text.FormatIpv4(address.data() + kMapped.size())
                            : text.FormatIpv6(address.data()));
}

v1::TcpConnectionKey KeyOf(const TcpIdentity& connection) {
  v1::TcpConnectionKey key;
  key.set_local_address(AddressOf(connection.local_address));
  key.set_local_port(connection.local_port);
  key.set_remote_address(AddressOf(connection.remote_address));
  key.set_remote_port(connection.remote_port);
  key.set_local_scope_id(connection.local_scope_id);
  key.set_remote_scope_id(connection.remote_scope_id);
  key.set_incarnation(connection.incarnation);
  return key;
}

v1::TcpEstatsSwitch SettingOf(const sources::EstatsLease& lease, EstatsSwitches bit) {
  if ((lease.enable & bit) != 0) return v1::TCP_ESTATS_SWITCH_ENABLE;
  return (lease.disable & bit) != 0 ? v1::TCP_ESTATS_SWITCH_DISABLE
                                    : v1::TCP_ESTATS_SWITCH_UNSPECIFIED;
}

}  // namespace

absl::Status CheckEstatsAvailable(const Operations& operations) {
  if (operations.set_estats != nullptr) return absl::OkStatus();
  if (!operations.estats_unavailable.ok()) return operations.estats_unavailable;
  return ErrorStatus(absl::StatusCode::kUnimplemented, kNotSupportedHere,
                     "TCP extended statistics cannot be switched on and off on this host",
                     {{"family", "tcp"}});
}

absl::StatusOr<EstatsRequest> CompileEstatsRequest(
    const v1::SetTcpEstatsCollectionRequest& request) {
  EstatsRequest compiled;
  absl::Status status = CheckFilterOrConnection("", request.has_filter(), request.has_connection());
  if (!status.ok()) return status;
  compiled.ttl = FromProto(request.ttl());
  if (compiled.ttl != absl::ZeroDuration() &&
      (compiled.ttl < kShortestLease || compiled.ttl > kLongestLease)) {
    return InvalidField(
        "ttl", absl::StrCat("ttl: a lease lasts ", absl::FormatDuration(kShortestLease), " to ",
                            absl::FormatDuration(kLongestLease), ", not ",
                            absl::FormatDuration(compiled.ttl)));
  }
  status = AddCommon("", request, compiled);
  if (!status.ok()) return status;
  return compiled;
}

absl::StatusOr<EstatsRequest> CompileEstatsRequest(
    const v1::SubscribeTcpStatisticsRequest& subscription) {
  const v1::SetTcpEstatsCollectionRequest& request = subscription.estats();
  EstatsRequest compiled;
  compiled.ttl = absl::InfiniteDuration();
  if (FromProto(request.ttl()) != absl::ZeroDuration()) {
    return InvalidField("estats.ttl", "estats.ttl: the lease ends with the stream; leave it unset");
  }
  absl::Status status;
  if (request.has_filter() && request.has_connection()) {
    status = CheckFilterOrConnection("estats.", true, true);
  } else if (!request.has_filter() && !request.has_connection()) {
    status = AddFilter("query.filter", subscription.query().filter(), compiled);
  }
  if (status.ok()) status = AddCommon("estats.", request, compiled);
  if (status.ok() && compiled.disable != 0) {
    status = InvalidField("estats.groups",
                          "estats.groups: a stream can switch groups on, but not off; call "
                          "SetTcpEstatsCollection for that");
  }
  if (!status.ok()) return status;
  return compiled;
}

v1::SetTcpEstatsCollectionResponse ToProto(const sources::EstatsResult& result) {
  v1::SetTcpEstatsCollectionResponse response;
  response.set_matched_connections(result.matched_connections);
  response.set_succeeded(result.succeeded);
  response.set_already(result.already);
  response.set_failed(result.failed);
  response.set_vanished_connections(result.vanished_connections);
  if (result.lease != 0) response.set_lease_id(EstatsLeaseName(result.lease));
  for (const sources::EstatsFailure& failure : result.failures) {
    v1::TcpEstatsResult& told = *response.add_failures();
    *told.mutable_connection() = KeyOf(failure.connection);
    told.set_group(failure.group);
    told.set_win32_code(failure.win32_code);
    *told.mutable_error() = ErrorInfoOf(failure.status);
    told.set_was_enabled(failure.was_enabled);
  }
  return response;
}

v1::EstatsLease ToProto(const sources::EstatsLease& lease) {
  v1::EstatsLease told;
  told.set_lease_id(EstatsLeaseName(lease.id));
  told.set_holder(lease.holder);
  told.set_reason(lease.reason);
  for (const v1::TcpGroup group : sources::kSwitchedTcpGroups) {
    const v1::TcpEstatsSwitch collection = SettingOf(lease, EstatsSwitchOf(group));
    const v1::TcpEstatsSwitch inbound = group == v1::TCP_GROUP_BANDWIDTH
                                            ? SettingOf(lease, sources::kInboundBandwidthSwitch)
                                            : v1::TCP_ESTATS_SWITCH_UNSPECIFIED;
    if (collection == v1::TCP_ESTATS_SWITCH_UNSPECIFIED &&
        inbound == v1::TCP_ESTATS_SWITCH_UNSPECIFIED) {
      continue;
    }
    v1::TcpEstatsGroupSwitch& switched = *told.add_groups();
    switched.set_group(group);
    switched.set_collection(collection);
    switched.set_inbound_collection(inbound);
  }
  told.set_on_release(lease.undo ? v1::TCP_ESTATS_RELEASE_DISABLE : v1::TCP_ESTATS_RELEASE_KEEP);
  *told.mutable_start_time() = farstat::ToProto(lease.start_time);
  if (lease.end_time != absl::InfiniteFuture()) {
    *told.mutable_end_time() = farstat::ToProto(lease.end_time);
  }
  told.set_connections(lease.connections);
  if (!lease.status.ok()) {
    told.set_problem(std::string(lease.status.message()));
    *told.mutable_error() = ErrorInfoOf(lease.status);
  }
  return told;
}

std::string EstatsLeaseName(uint64_t lease) { return absl::StrCat("estats-", lease); }

}  // namespace farstat::families
