// ClearRasStatistics, between its messages and sources/ras_clearing.h.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/families/operations.h"
#include "agent/families/operations_checks.h"
#include "agent/families/ras_query.h"
#include "common/status.h"

namespace farstat::families {
namespace {

constexpr size_t kMaxResults = 1000;

bool IsRefused(const sources::RasClearResult& result) {
  return ErrorInfoOf(result.status).reason() == kAgentLacksPrivilege;
}

void AddResult(const sources::RasClearResult& result, v1::ClearRasStatisticsResponse& response) {
  if (static_cast<size_t>(response.results_size()) >= kMaxResults) return;
  v1::RasClearResult& told = *response.add_results();
  told.mutable_connection()->set_entry_guid(result.connection.entry_guid);
  told.mutable_connection()->set_handle(result.connection.handle);
  told.set_entry_name(result.entry_name);
  told.set_link(result.link);
  told.set_win32_code(result.win32_code);
  if (!result.status.ok()) *told.mutable_error() = ErrorInfoOf(result.status);
}

}  // namespace

absl::Status CheckRasClearingAvailable(const Operations& operations) {
  if (operations.clear_ras != nullptr) return absl::OkStatus();
  if (!operations.ras_clearing_unavailable.ok()) return operations.ras_clearing_unavailable;
  return ErrorStatus(absl::StatusCode::kUnimplemented, kNotSupportedHere,
                     "counters of RAS connections cannot be cleared on this host",
                     {{"family", "ras"}});
}

absl::StatusOr<sources::RasClearRequest> CompileRasClearRequest(
    const v1::ClearRasStatisticsRequest& request) {
  absl::Status status = CheckFilterOrConnection("", request.has_filter(), request.has_connection());
  status.Update(CheckReason("reason", request.reason()));
  if (!status.ok()) return status;
  if (request.link() != 0 && !request.has_connection()) {
    return InvalidField("link", "link: goes with connection only");
  }
  if (request.link() != 0 && request.all_links()) {
    return InvalidField("all_links", "all_links: does not go with link");
  }
  sources::RasClearRequest compiled;
  compiled.link = request.link();
  compiled.all_links = request.all_links();
  if (request.has_connection()) {
    compiled.connection = {request.connection().entry_guid(), request.connection().handle()};
    return compiled;
  }
  absl::StatusOr<CompiledRasFilter> filter = CompileRasFilter(request.filter(), "filter");
  if (!filter.ok()) return filter.status();
  compiled.parts = filter->parts;
  compiled.matches = [filter = filter->filter](absl::string_view facts) {
    return (*filter)(facts);
  };
  return compiled;
}

absl::StatusOr<v1::ClearRasStatisticsResponse> ToProto(const sources::RasClearReport& report) {
  const auto& results = report.results;
  // What is refused for one is refused for all, and is the agent's matter, not the connections'.
  if (!results.empty() && std::all_of(results.begin(), results.end(), IsRefused)) {
    return results.front().status;
  }
  v1::ClearRasStatisticsResponse response;
  response.set_matched_connections(report.matched_connections);
  for (const bool failures : {true, false}) {
    for (const sources::RasClearResult& result : results) {
      if (result.status.ok() == failures) continue;
      AddResult(result, response);
      if (failures) {
        response.set_failed(response.failed() + 1);
      } else {
        response.set_succeeded(response.succeeded() + 1);
      }
    }
  }
  return response;
}

}  // namespace farstat::families
