#include "agent/families/ipsec_query.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "agent/families/filter_checks.h"
#include "agent/sources/ipsec_rows.h"
#include "common/clock.h"
#include "common/status.h"

namespace farstat::families {
namespace {

using sources::IpsecFacts;
using sources::PartBit;

// An IpsecFilter whose every field has been checked.
struct CheckedFilter {
  std::vector<AddressRange> local_addresses;
  std::vector<AddressRange> remote_addresses;
  uint32_t directions = 0;  // bit n: direction n; 0: any
  uint32_t modes = 0;       // bit n: mode n; 0: any
  std::vector<uint32_t> spis;
  std::vector<uint8_t> transform_types;
  std::vector<uint64_t> sa_context_ids;
  std::vector<uint64_t> main_mode_sa_ids;

  bool Matches(absl::string_view bytes) const;
  bool MatchesAddresses(const IpsecFacts& facts) const;
  bool MatchesTransforms(const IpsecFacts& facts) const;
};

bool CheckedFilter::Matches(absl::string_view bytes) const {
  IpsecFacts facts;
  if (bytes.size() < sizeof(facts)) return false;
  std::memcpy(&facts, bytes.data(), sizeof(facts));
  if (!AnyOrHasBit(directions, facts.direction) || !AnyOrHasBit(modes, facts.mode)) return false;
  if (!sa_context_ids.empty() && !Has(sa_context_ids, facts.sa_context_id)) return false;
  if (!main_mode_sa_ids.empty() && !Has(main_mode_sa_ids, facts.main_mode_sa_id)) return false;
  return MatchesTransforms(facts) && MatchesAddresses(facts);
}

bool CheckedFilter::MatchesTransforms(const IpsecFacts& facts) const {
  bool spi = spis.empty();
  bool type = transform_types.empty();
  for (uint8_t i = 0; i < facts.transforms; ++i) {
    spi = spi || Has(spis, facts.spis[i]);
    type = type || Has(transform_types, facts.transform_types[i]);
  }
  return spi && type;
}

bool CheckedFilter::MatchesAddresses(const IpsecFacts& facts) const {
  if (local_addresses.empty() && remote_addresses.empty()) return true;
  if (facts.has_addresses == 0) return false;
  // Where the direction is not known, either end may be the local one.
  const bool either_end = facts.direction == v1::IPSEC_DIRECTION_UNSPECIFIED;
  const auto matches = [&](const std::vector<AddressRange>& ranges, const AddressBytes& address,
                           const AddressBytes& other) {
    return ranges.empty() || AnyContains(ranges, address) ||
           (either_end && AnyContains(ranges, other));
  };
  return matches(local_addresses, facts.local_address, facts.remote_address) &&
         matches(remote_addresses, facts.remote_address, facts.local_address);
}

absl::Status CheckTransformTypes(const v1::IpsecFilter& filter, std::vector<uint8_t>& to) {
  constexpr char kField[] = "query.filter.transform_types";
  for (const int type : filter.transform_types()) {
    if (type == v1::IPSEC_TRANSFORM_TYPE_UNSPECIFIED || !v1::IpsecTransformType_IsValid(type)) {
      return InvalidField(kField, absl::StrCat(kField, ": ", type, " is not a transform type"));
    }
    to.push_back(static_cast<uint8_t>(type));
  }
  return absl::OkStatus();
}

absl::StatusOr<CheckedFilter> CheckFilter(const v1::IpsecFilter& filter) {
  absl::Status status = CheckFilterSize(
      filter.local_addresses_size() + filter.remote_addresses_size() + filter.directions_size() +
      filter.modes_size() + filter.spis_size() + filter.transform_types_size() +
      filter.sa_context_ids_size() + filter.main_mode_sa_ids_size());
  if (!status.ok()) return status;
  CheckedFilter checked;
  status.Update(CheckRanges(filter.local_addresses(), "query.filter.local_addresses",
                            checked.local_addresses));
  status.Update(CheckRanges(filter.remote_addresses(), "query.filter.remote_addresses",
                            checked.remote_addresses));
  status.Update(CheckEnums(filter.directions(), v1::IpsecDirection_IsValid,
                           "query.filter.directions", "a direction", checked.directions));
  status.Update(CheckEnums(filter.modes(), v1::IpsecMode_IsValid, "query.filter.modes", "a mode",
                           checked.modes));
  status.Update(CheckTransformTypes(filter, checked.transform_types));
  if (!status.ok()) return status;
  checked.spis.assign(filter.spis().begin(), filter.spis().end());
  checked.sa_context_ids.assign(filter.sa_context_ids().begin(), filter.sa_context_ids().end());
  checked.main_mode_sa_ids.assign(filter.main_mode_sa_ids().begin(),
                                  filter.main_mode_sa_ids().end());
  return checked;
}

// The groups that are wanted, as parts.
absl::StatusOr<feed::PartMask> GroupParts(const v1::IpsecSelection& selection) {
  if (selection.groups().empty()) {
    if (!v1::View_IsValid(selection.view())) {
      return InvalidField("query.selection.view", "query.selection.view is not a known view");
    }
    const feed::PartMask totals = PartBit(sources::kIpsecTotalsPart);
    if (selection.view() == v1::VIEW_BASIC) return totals;
    return totals | PartBit(sources::kIpsecDosProtectionPart) | PartBit(sources::kIpsecSasPart);
  }
  feed::PartMask parts = 0;
  for (const int group : selection.groups()) {
    if (group == v1::IPSEC_GROUP_UNSPECIFIED || !v1::IpsecGroup_IsValid(group)) {
      return InvalidField("query.selection.groups",
                          absl::StrCat("query.selection.groups: ", group, " is not a group"));
    }
    parts |= PartBit(group);
    if (group == v1::IPSEC_GROUP_DOS_PROTECTION) {
      parts |= PartBit(sources::kIpsecDosProtectionNamedPart);
    }
  }
  return parts;
}

}  // namespace

absl::StatusOr<CompiledQuery> CompileIpsecQuery(const v1::IpsecQuery& query) {
  CompiledQuery compiled;
  compiled.interval = FromProto(query.interval());
  compiled.fingerprint = absl::HashOf(query.SerializeAsString());
  absl::StatusOr<feed::PartMask> parts = GroupParts(query.selection());
  if (!parts.ok()) return parts.status();
  absl::StatusOr<CheckedFilter> filter = CheckFilter(query.filter());
  if (!filter.ok()) return filter.status();
  constexpr feed::PartMask kTotals =
      PartBit(sources::kIpsecTotalsPart) | PartBit(sources::kIpsecDosProtectionPart);
  compiled.demand = PartBit(0) | *parts;
  compiled.selection.parts = compiled.demand;
  compiled.selection.rows = (*parts & PartBit(sources::kIpsecSasPart)) != 0;
  compiled.selection.totals = (*parts & kTotals) != 0;
  if (std::string key = FilterKey(query.filter()); !key.empty()) {
    compiled.selection.filter = std::make_shared<const feed::Filter>(
        std::move(key),
        [checked = *std::move(filter)](absl::string_view facts) { return checked.Matches(facts); });
  }
  return compiled;
}

}  // namespace farstat::families
