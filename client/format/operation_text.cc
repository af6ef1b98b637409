#include "client/format/operation_text.h"

#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/format/columns.h"
#include "client/format/text.h"
#include "farstat/v1/ras.pb.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::client {
namespace {

using EstatsAnswer = v1::SetTcpEstatsCollectionResponse;
using ClearAnswer = v1::ClearRasStatisticsResponse;
using google::protobuf::DynamicCastToGenerated;

// Those that failed in the same way.
struct Alike {
  uint64_t count = 0;
  std::string example;
};
using Failures = std::map<std::string, Alike>;

void Note(const std::string& how, const std::string& what, Failures& failures) {
  Alike& alike = failures[how];
  if (++alike.count == 1) alike.example = what;
}

// "87 ERROR_INVALID_PARAMETER", or the reason where it was no code.
std::string CauseText(uint32_t code, const v1::ErrorInfo& error) {
  const auto symbol = error.metadata().find("win32_symbol");
  if (code == 0) return Printable(error.reason());
  return symbol == error.metadata().end() ? absl::StrCat("code ", code)
                                          : absl::StrCat(code, " ", Printable(symbol->second));
}

std::string EndPoint(const std::string& address, uint32_t port) {
  const bool ipv6 = absl::StrContains(address, ':');
  return absl::StrCat(ipv6 ? "[" : "", Printable(address), ipv6 ? "]:" : ":", port);
}

Failures FailuresOf(const EstatsAnswer& answer) {
  Failures failures;
  for (const v1::TcpEstatsResult& failure : answer.failures()) {
    const auto* group = v1::TcpGroup_descriptor()->FindValueByNumber(failure.group());
    const v1::TcpConnectionKey& key = failure.connection();
    Note(absl::StrCat(group == nullptr ? "group" : absl::AsciiStrToLower(EnumText(group)), ": ",
                      CauseText(failure.win32_code(), failure.error())),
         absl::StrCat(EndPoint(key.local_address(), key.local_port()), " to ",
                      EndPoint(key.remote_address(), key.remote_port())),
         failures);
  }
  return failures;
}

Failures FailuresOf(const ClearAnswer& answer) {
  Failures failures;
  for (const v1::RasClearResult& result : answer.results()) {
    if (!result.has_error()) continue;
    Note(CauseText(result.win32_code(), result.error()),
         absl::StrCat(Printable(result.entry_name()),
                      result.link() == 0 ? "" : absl::StrCat(", link ", result.link())),
         failures);
  }
  return failures;
}

}  // namespace

std::vector<TableColumn> OperationColumns(const Message& answer, bool with_host) {
  std::vector<TableColumn> columns;
  if (with_host) columns.push_back({"HOST", false, TableColumn::Shrink::kText});
  columns.push_back({"CONNECTIONS", true});
  if (DynamicCastToGenerated<const ClearAnswer>(&answer) != nullptr) {
    columns.push_back({"CLEARED", true});
    columns.push_back({"FAILED", true});
    return columns;
  }
  columns.push_back({"SWITCHED", true});
  columns.push_back({"BEFORE", true});
  columns.push_back({"FAILED", true});
  columns.push_back({"GONE", true});
  columns.push_back({"LEASE"});
  return columns;
}

TableLayout::Cells OperationCells(const Message& answer, bool with_host, const std::string& host) {
  TableLayout::Cells cells;
  if (with_host) cells.push_back(Printable(host));
  if (const auto* cleared = DynamicCastToGenerated<const ClearAnswer>(&answer)) {
    cells.push_back(absl::StrCat(cleared->matched_connections()));
    cells.push_back(absl::StrCat(cleared->succeeded()));
    cells.push_back(absl::StrCat(cleared->failed()));
    return cells;
  }
  const auto& switched = *DynamicCastToGenerated<const EstatsAnswer>(&answer);
  cells.push_back(absl::StrCat(switched.matched_connections()));
  cells.push_back(absl::StrCat(switched.succeeded() - switched.already()));
  cells.push_back(absl::StrCat(switched.already()));
  cells.push_back(absl::StrCat(switched.failed()));
  cells.push_back(absl::StrCat(switched.vanished_connections()));
  cells.push_back(switched.lease_id().empty() ? "-" : Printable(switched.lease_id()));
  return cells;
}

std::string OperationFailures(const Message& answer) {
  const auto* cleared = DynamicCastToGenerated<const ClearAnswer>(&answer);
  const Failures failures = cleared != nullptr
                                ? FailuresOf(*cleared)
                                : FailuresOf(*DynamicCastToGenerated<const EstatsAnswer>(&answer));
  std::string text;
  for (const auto& [how, alike] : failures) {
    absl::StrAppend(&text, "  ", how, ": ", alike.count,
                    alike.count == 1 ? ", which is " : ", one is ", alike.example, "\n");
  }
  return text;
}

}  // namespace farstat::client
