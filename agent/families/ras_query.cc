#include "agent/families/ras_query.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/families/cidr.h"
#include "agent/families/filter_checks.h"
#include "agent/sources/ras_rows.h"
#include "common/clock.h"
#include "common/status.h"

namespace farstat::families {
namespace {

using sources::GuidText;
using sources::PartBit;
using sources::RasFacts;
using sources::RasGroupBit;

// A RasFilter whose every field has been checked.
struct CheckedFilter {
  std::vector<std::string> entry_names;
  std::vector<GuidText> entry_guids;
  std::vector<std::string> device_types;
  std::vector<uint32_t> states;
  std::vector<AddressRange> tunnel_addresses;
  std::vector<AddressRange> addresses;

  bool Matches(absl::string_view bytes) const;
  bool MatchesAddresses(const RasFacts& facts) const;
};

bool AnyEquals(const std::vector<std::string>& texts, absl::string_view text) {
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& wanted) {
    return absl::EqualsIgnoreCase(wanted, text);
  });
}

bool CheckedFilter::Matches(absl::string_view bytes) const {
  RasFacts facts;
  if (bytes.size() < sizeof(facts)) return false;
  std::memcpy(&facts, bytes.data(), sizeof(facts));
  const absl::string_view texts = bytes.substr(sizeof(facts));
  if (texts.size() < facts.device_type_size) return false;
  if (!states.empty() && !Has(states, facts.state)) return false;
  if (!entry_guids.empty() && !Has(entry_guids, facts.entry_guid)) return false;
  if (!device_types.empty() && !AnyEquals(device_types, texts.substr(0, facts.device_type_size))) {
    return false;
  }
  if (!entry_names.empty() && !AnyEquals(entry_names, texts.substr(facts.device_type_size))) {
    return false;
  }
  return MatchesAddresses(facts);
}

bool CheckedFilter::MatchesAddresses(const RasFacts& facts) const {
  if (!tunnel_addresses.empty() &&
      !(facts.has_tunnel_address != 0 && AnyContains(tunnel_addresses, facts.tunnel_address))) {
    return false;
  }
  return addresses.empty() ||
         (facts.has_ipv4_address != 0 && AnyContains(addresses, facts.ipv4_address)) ||
         (facts.has_ipv6_address != 0 && AnyContains(addresses, facts.ipv6_address));
}

bool IsGuid(absl::string_view text) {
  if (text.size() != std::tuple_size_v<GuidText>) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !absl::ascii_isxdigit(static_cast<unsigned char>(text[i]))) {
      return false;
    }
  }
  return true;
}

absl::Status CheckGuids(const v1::RasFilter& filter, const std::string& field,
                        std::vector<GuidText>& to) {
  for (const std::string& text : filter.entry_guids()) {
    if (!IsGuid(text)) {
      return InvalidField(field, absl::StrCat(field, ": \"", text,
                                              "\" is not a GUID such as "
                                              "\"01234567-89ab-cdef-0123-456789abcdef\""));
    }
    GuidText guid;
    absl::c_transform(text, guid.begin(), [](unsigned char c) { return absl::ascii_tolower(c); });
    to.push_back(guid);
  }
  return absl::OkStatus();
}

absl::Status CheckStates(const v1::RasFilter& filter, const std::string& field,
                         std::vector<uint32_t>& to) {
  for (const int state : filter.states()) {
    if (state == v1::RAS_STATE_UNSPECIFIED || !v1::RasState_IsValid(state)) {
      return InvalidField(field, absl::StrCat(field, ": ", state, " is not a RAS state"));
    }
    to.push_back(static_cast<uint32_t>(state));
  }
  return absl::OkStatus();
}

absl::StatusOr<CheckedFilter> CheckFilter(const v1::RasFilter& filter, absl::string_view field) {
  const int values = filter.entry_names_size() + filter.entry_guids_size() +
                     filter.device_types_size() + filter.states_size() +
                     filter.tunnel_addresses_size() + filter.addresses_size();
  if (values > kMaxFilterValues) {
    return InvalidField(field, absl::StrCat(field, " has ", values, " values; at most ",
                                            kMaxFilterValues, " are allowed"));
  }
  CheckedFilter checked;
  absl::Status status =
      CheckGuids(filter, absl::StrCat(field, ".entry_guids"), checked.entry_guids);
  status.Update(CheckStates(filter, absl::StrCat(field, ".states"), checked.states));
  status.Update(CheckRanges(filter.tunnel_addresses(), absl::StrCat(field, ".tunnel_addresses"),
                            checked.tunnel_addresses));
  status.Update(
      CheckRanges(filter.addresses(), absl::StrCat(field, ".addresses"), checked.addresses));
  if (!status.ok()) return status;
  checked.entry_names.assign(filter.entry_names().begin(), filter.entry_names().end());
  checked.device_types.assign(filter.device_types().begin(), filter.device_types().end());
  return checked;
}

absl::StatusOr<feed::PartMask> SelectedParts(const v1::RasSelection& selection) {
  if (selection.groups().empty()) {
    if (!v1::View_IsValid(selection.view())) {
      return InvalidField("query.selection.view", "query.selection.view is not a known view");
    }
    return selection.view() == v1::VIEW_BASIC ? RasGroupBit(v1::RAS_GROUP_STATUS)
                                              : sources::kAllRasGroups;
  }
  feed::PartMask parts = 0;
  for (const int group : selection.groups()) {
    if (group == v1::RAS_GROUP_UNSPECIFIED || !v1::RasGroup_IsValid(group)) {
      return InvalidField("query.selection.groups",
                          absl::StrCat("query.selection.groups: ", group, " is not a group"));
    }
    parts |= RasGroupBit(static_cast<v1::RasGroup>(group));
  }
  return parts;
}

}  // namespace

absl::StatusOr<CompiledRasFilter> CompileRasFilter(const v1::RasFilter& filter,
                                                   absl::string_view field) {
  absl::StatusOr<CheckedFilter> checked = CheckFilter(filter, field);
  if (!checked.ok()) return checked.status();
  CompiledRasFilter compiled;
  if (!checked->states.empty() || !checked->tunnel_addresses.empty()) {
    compiled.parts |= RasGroupBit(v1::RAS_GROUP_STATUS);
  }
  if (!checked->addresses.empty()) compiled.parts |= RasGroupBit(v1::RAS_GROUP_PROJECTION);
  compiled.filter = std::make_shared<const feed::Filter>(
      FilterKey(filter),
      [checked = *std::move(checked)](absl::string_view facts) { return checked.Matches(facts); });
  return compiled;
}

absl::StatusOr<CompiledQuery> CompileRasQuery(const v1::RasQuery& query) {
  CompiledQuery compiled;
  compiled.interval = FromProto(query.interval());
  compiled.fingerprint = absl::HashOf(query.SerializeAsString());
  absl::StatusOr<feed::PartMask> selected = SelectedParts(query.selection());
  if (!selected.ok()) return selected.status();
  compiled.demand = PartBit(0) | *selected;
  if (query.has_filter()) {
    absl::StatusOr<CompiledRasFilter> filter = CompileRasFilter(query.filter(), "query.filter");
    if (!filter.ok()) return filter.status();
    // What a filter reads is shown as well: the API says that it selects the group.
    compiled.demand |= filter->parts;
    if (!filter->filter->key().empty()) compiled.selection.filter = std::move(filter->filter);
  }
  compiled.selection.parts = compiled.demand;
  return compiled;
}

}  // namespace farstat::families
