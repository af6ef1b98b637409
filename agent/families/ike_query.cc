#include "agent/families/ike_query.h"

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "agent/families/filter_checks.h"
#include "agent/sources/ike_rows.h"
#include "common/clock.h"
#include "common/status.h"

namespace farstat::families {
namespace {

using sources::IkeFacts;
using sources::PartBit;

// An IkeFilter whose every field has been checked.
struct CheckedFilter {
  std::vector<AddressRange> local_addresses;
  std::vector<AddressRange> remote_addresses;
  uint32_t key_modules = 0;             // bit n: key module n; 0: any
  uint32_t authentication_methods = 0;  // bit n: method n; 0: any
  std::vector<uint64_t> sa_ids;

  bool Matches(absl::string_view bytes) const;
};

bool CheckedFilter::Matches(absl::string_view bytes) const {
  IkeFacts facts;
  if (bytes.size() < sizeof(facts)) return false;
  std::memcpy(&facts, bytes.data(), sizeof(facts));
  if (!AnyOrHasBit(key_modules, facts.key_module)) return false;
  if (authentication_methods != 0 && (authentication_methods & facts.authentication_methods) == 0) {
    return false;
  }
  if (!sa_ids.empty() && !Has(sa_ids, facts.sa_id)) return false;
  const auto matches = [&](const std::vector<AddressRange>& ranges, const AddressBytes& address) {
    return ranges.empty() || (facts.has_addresses != 0 && AnyContains(ranges, address));
  };
  return matches(local_addresses, facts.local_address) &&
         matches(remote_addresses, facts.remote_address);
}

absl::StatusOr<CheckedFilter> CheckFilter(const v1::IkeFilter& filter) {
  absl::Status status = CheckFilterSize(
      filter.local_addresses_size() + filter.remote_addresses_size() + filter.key_modules_size() +
      filter.authentication_methods_size() + filter.sa_ids_size());
  if (!status.ok()) return status;
  CheckedFilter checked;
  status.Update(CheckRanges(filter.local_addresses(), "query.filter.local_addresses",
                            checked.local_addresses));
  status.Update(CheckRanges(filter.remote_addresses(), "query.filter.remote_addresses",
                            checked.remote_addresses));
  status.Update(CheckEnums(filter.key_modules(), v1::IkeKeyModule_IsValid,
                           "query.filter.key_modules", "a key module", checked.key_modules));
  status.Update(CheckEnums(filter.authentication_methods(), v1::IkeAuthenticationMethod_IsValid,
                           "query.filter.authentication_methods", "an authentication method",
                           checked.authentication_methods));
  if (!status.ok()) return status;
  checked.sa_ids.assign(filter.sa_ids().begin(), filter.sa_ids().end());
  return checked;
}

// The groups that are wanted, as parts.
absl::StatusOr<feed::PartMask> GroupParts(const v1::IkeSelection& selection) {
  if (selection.groups().empty()) {
    if (!v1::View_IsValid(selection.view())) {
      return InvalidField("query.selection.view", "query.selection.view is not a known view");
    }
    const feed::PartMask totals = PartBit(sources::kIkeTotalsPart);
    if (selection.view() == v1::VIEW_BASIC) return totals;
    return totals | PartBit(sources::kIkeSasPart);
  }
  feed::PartMask parts = 0;
  for (const int group : selection.groups()) {
    if (group == v1::IKE_GROUP_UNSPECIFIED || !v1::IkeGroup_IsValid(group)) {
      return InvalidField("query.selection.groups",
                          absl::StrCat("query.selection.groups: ", group, " is not a group"));
    }
    parts |= PartBit(group);
  }
  return parts;
}

}  // namespace

absl::StatusOr<CompiledQuery> CompileIkeQuery(const v1::IkeQuery& query) {
  CompiledQuery compiled;
  compiled.interval = FromProto(query.interval());
  compiled.fingerprint = absl::HashOf(query.SerializeAsString());
  absl::StatusOr<feed::PartMask> parts = GroupParts(query.selection());
  if (!parts.ok()) return parts.status();
  absl::StatusOr<CheckedFilter> filter = CheckFilter(query.filter());
  if (!filter.ok()) return filter.status();
  compiled.demand = PartBit(0) | *parts;
  compiled.selection.parts = compiled.demand;
  compiled.selection.rows = (*parts & PartBit(sources::kIkeSasPart)) != 0;
  compiled.selection.totals = (*parts & PartBit(sources::kIkeTotalsPart)) != 0;
  if (std::string key = FilterKey(query.filter()); !key.empty()) {
    compiled.selection.filter = std::make_shared<const feed::Filter>(
        std::move(key),
        [checked = *std::move(filter)](absl::string_view facts) { return checked.Matches(facts); });
  }
  return compiled;
}

}  // namespace farstat::families
