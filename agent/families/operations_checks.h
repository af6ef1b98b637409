// What the requests of all calls that change a host have in common.

#ifndef FARSTAT_AGENT_FAMILIES_OPERATIONS_CHECKS_H_
#define FARSTAT_AGENT_FAMILIES_OPERATIONS_CHECKS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status.h"

namespace farstat::families {

// Logs keep it.
inline constexpr size_t kMaxReasonBytes = 1000;

inline absl::Status CheckReason(absl::string_view field, const std::string& reason) {
  if (reason.size() <= kMaxReasonBytes) return absl::OkStatus();
  return InvalidField(field, absl::StrCat(field, " has ", reason.size(), " bytes; at most ",
                                          kMaxReasonBytes, " are allowed"));
}

// That it is not all connections of a host by mistake: who means that says so by an empty filter.
inline absl::Status CheckFilterOrConnection(absl::string_view path, bool has_filter,
                                            bool has_connection) {
  if (has_filter != has_connection) return absl::OkStatus();
  return InvalidField(absl::StrCat(path, "filter"),
                      has_filter
                          ? absl::StrCat(path, "filter and ", path, "connection cannot both be set")
                          : absl::StrCat("one of ", path, "filter and ", path,
                                         "connection must be set; an empty filter means "
                                         "all connections"));
}

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_OPERATIONS_CHECKS_H_
