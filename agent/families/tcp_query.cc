#include "agent/families/tcp_query.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/families/cidr.h"
#include "agent/families/filter_checks.h"
#include "agent/sources/tcp_rows.h"
#include "common/clock.h"
#include "common/status.h"

namespace farstat::families {
namespace {

using sources::PartBit;
using sources::TcpFacts;

constexpr uint32_t kMaxPort = 65535;

struct Ports {
  uint16_t first;
  uint16_t last;
  bool Contain(uint16_t port) const { return port >= first && port <= last; }
};

// A TcpFilter whose every field has been checked.
struct CheckedFilter {
  std::vector<AddressRange> local_addresses;
  std::vector<AddressRange> remote_addresses;
  std::vector<Ports> local_ports;
  std::vector<Ports> remote_ports;
  std::vector<Ports> ports;
  uint32_t states = 0;  // bit n: state n; 0: any
  std::vector<uint32_t> pids;
  std::vector<std::string> processes;

  bool Matches(absl::string_view bytes) const;
};

bool AnyContains(const std::vector<Ports>& ranges, uint16_t port) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Ports& range) { return range.Contain(port); });
}

bool CheckedFilter::Matches(absl::string_view bytes) const {
  TcpFacts facts;
  if (bytes.size() < sizeof(facts)) return false;
  std::memcpy(&facts, bytes.data(), sizeof(facts));
  const absl::string_view process = bytes.substr(sizeof(facts));
  if (states != 0 && (states >> facts.state & 1) == 0) return false;
  if (!local_ports.empty() && !AnyContains(local_ports, facts.local_port)) return false;
  if (!remote_ports.empty() &&
      !(facts.has_remote != 0 && AnyContains(remote_ports, facts.remote_port))) {
    return false;
  }
  if (!ports.empty() && !AnyContains(ports, facts.local_port) &&
      !(facts.has_remote != 0 && AnyContains(ports, facts.remote_port))) {
    return false;
  }
  if (!local_addresses.empty() && !AnyContains(local_addresses, facts.local_address)) return false;
  if (!remote_addresses.empty() &&
      !(facts.has_remote != 0 && AnyContains(remote_addresses, facts.remote_address))) {
    return false;
  }
  if (!pids.empty() && std::find(pids.begin(), pids.end(), facts.pid) == pids.end()) return false;
  return processes.empty() ||
         std::any_of(processes.begin(), processes.end(), [&](const std::string& name) {
           return absl::EqualsIgnoreCase(name, process);
         });
}

absl::Status CheckPorts(const google::protobuf::RepeatedPtrField<v1::PortRange>& from,
                        absl::string_view field, std::vector<Ports>& to) {
  for (const v1::PortRange& range : from) {
    const uint32_t last = range.last() == 0 ? range.first() : range.last();
    if (range.first() > kMaxPort || last > kMaxPort || last < range.first()) {
      return InvalidField(field, absl::StrCat(field, ": ", range.first(), "-", last,
                                              " is not a range of ports from 0 to 65535"));
    }
    to.push_back({static_cast<uint16_t>(range.first()), static_cast<uint16_t>(last)});
  }
  return absl::OkStatus();
}

absl::StatusOr<CheckedFilter> CheckFilter(const v1::TcpFilter& filter, absl::string_view field) {
  const int values = filter.local_addresses_size() + filter.remote_addresses_size() +
                     filter.local_ports_size() + filter.remote_ports_size() + filter.ports_size() +
                     filter.states_size() + filter.pids_size() + filter.processes_size();
  if (values > kMaxFilterValues) {
    return InvalidField(field, absl::StrCat(field, " has ", values, " values; at most ",
                                            kMaxFilterValues, " are allowed"));
  }
  CheckedFilter checked;
  const auto in = [&](absl::string_view name) { return absl::StrCat(field, ".", name); };
  absl::Status status;
  status.Update(
      CheckRanges(filter.local_addresses(), in("local_addresses"), checked.local_addresses));
  status.Update(
      CheckRanges(filter.remote_addresses(), in("remote_addresses"), checked.remote_addresses));
  status.Update(CheckPorts(filter.local_ports(), in("local_ports"), checked.local_ports));
  status.Update(CheckPorts(filter.remote_ports(), in("remote_ports"), checked.remote_ports));
  status.Update(CheckPorts(filter.ports(), in("ports"), checked.ports));
  if (!status.ok()) return status;
  for (const int state : filter.states()) {
    if (state == v1::TCP_STATE_UNSPECIFIED || !v1::TcpState_IsValid(state)) {
      return InvalidField(in("states"),
                          absl::StrCat(in("states"), ": ", state, " is not a TCP state"));
    }
    checked.states |= uint32_t{1} << state;
  }
  checked.pids.assign(filter.pids().begin(), filter.pids().end());
  checked.processes.assign(filter.processes().begin(), filter.processes().end());
  return checked;
}

// Sets the parts of the groups that are wanted; `lacking` gets those that the host lacks.
absl::Status SelectGroups(const v1::TcpSelection& selection,
                          const std::vector<v1::TcpGroup>& deliverable, CompiledQuery& compiled) {
  if (selection.groups().empty()) {
    if (!v1::View_IsValid(selection.view())) {
      return InvalidField("query.selection.view", "query.selection.view is not a known view");
    }
    if (selection.view() == v1::VIEW_BASIC) return absl::OkStatus();
    for (const v1::TcpGroup group : deliverable) {
      compiled.demand |= PartBit(sources::TcpGroupPart(group));
    }
    return absl::OkStatus();
  }
  std::vector<std::string> lacking;
  for (const int group : selection.groups()) {
    if (group == v1::TCP_GROUP_UNSPECIFIED || !v1::TcpGroup_IsValid(group)) {
      return InvalidField("query.selection.groups",
                          absl::StrCat("query.selection.groups: ", group, " is not a group"));
    }
    if (std::find(deliverable.begin(), deliverable.end(), group) != deliverable.end()) {
      compiled.demand |= PartBit(sources::TcpGroupPart(static_cast<v1::TcpGroup>(group)));
    } else {
      lacking.push_back(v1::TcpGroup_Name(group));
    }
  }
  if (!lacking.empty()) {
    compiled.unsupported =
        ErrorStatus(absl::StatusCode::kUnimplemented, kNotSupportedHere,
                    absl::StrCat("this host does not deliver ", absl::StrJoin(lacking, ", ")),
                    {{"family", "tcp"}, {"groups", absl::StrJoin(lacking, ",")}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CompiledTcpFilter> CompileTcpFilter(const v1::TcpFilter& filter,
                                                   absl::string_view field) {
  absl::StatusOr<CheckedFilter> checked = CheckFilter(filter, field);
  if (!checked.ok()) return checked.status();
  CompiledTcpFilter compiled;
  compiled.needs_process = !checked->processes.empty();
  compiled.needs_owner = compiled.needs_process || !checked->pids.empty();
  compiled.filter = std::make_shared<const feed::Filter>(
      FilterKey(filter),
      [checked = *std::move(checked)](absl::string_view facts) { return checked.Matches(facts); });
  return compiled;
}

absl::StatusOr<CompiledQuery> CompileTcpQuery(const v1::TcpQuery& query,
                                              const std::vector<v1::TcpGroup>& deliverable) {
  CompiledQuery compiled;
  compiled.interval = FromProto(query.interval());
  compiled.fingerprint = absl::HashOf(query.SerializeAsString());
  compiled.demand = PartBit(0) | PartBit(sources::kTcpStackPart);
  const v1::TcpSelection& selection = query.selection();
  if (selection.stack_only()) {
    compiled.selection.rows = false;
    return compiled;
  }
  compiled.demand |= PartBit(sources::kTcpConnectionsPart);
  if (absl::Status status = SelectGroups(selection, deliverable, compiled); !status.ok()) {
    return status;
  }
  absl::StatusOr<CompiledTcpFilter> filter = CompileTcpFilter(query.filter(), "query.filter");
  if (!filter.ok()) return filter.status();
  if (selection.owner() || filter->needs_owner) {
    compiled.demand |= PartBit(sources::kTcpOwnerPart);
  }
  compiled.selection.parts = compiled.demand;
  if (!filter->filter->key().empty()) compiled.selection.filter = filter->filter;
  return compiled;
}

}  // namespace farstat::families
