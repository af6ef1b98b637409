#include "tests/support/call_faults.h"

#include <algorithm>
#include <map>

namespace farstat::sources::windows {
namespace {

using Codes = std::vector<uint32_t>;

// RPC: the service is gone, does not listen, fails in the middle, is too busy.
constexpr uint32_t kRpcServerUnavailable = 1722;
constexpr uint32_t kRpcCallFailed = 1726;
constexpr uint32_t kRpcNoEndpoint = 1753;
constexpr uint32_t kRpcTooBusy = 1723;
constexpr uint32_t kSessionAborted = 0x80320010;
constexpr uint32_t kLockTimeout = 0x80320012;
constexpr uint32_t kTransactionInProgress = 0x8032000E;
constexpr uint32_t kIkeextNotRunning = 0x80320044;

Codes With(Codes codes, const Codes& more) {
  codes.insert(codes.end(), more.begin(), more.end());
  return codes;
}

}  // namespace

std::vector<uint32_t> DocumentedFailures(absl::string_view function) {
  // What can happen to any of them: no memory, no such handle, and the service behind it.
  static const Codes ras = {6, 8, 632, 635, 711, 834, kRpcServerUnavailable, 0x80070057};
  static const Codes estats = {5, 50, 87, 122, 1168, 1784};
  static const Codes tables = {8, 50, 87, 122};
  static const Codes engine = {5,
                               6,
                               8,
                               kRpcServerUnavailable,
                               kRpcTooBusy,
                               kRpcCallFailed,
                               kRpcNoEndpoint,
                               kSessionAborted,
                               kLockTimeout,
                               kTransactionInProgress};
  static const std::map<absl::string_view, Codes> codes = {
      {"RasEnumConnectionsW", With(ras, {603})},
      {"RasGetConnectStatusW", ras},
      {"RasGetConnectionStatistics", With(ras, {87, 668})},
      {"RasGetLinkStatistics", With(ras, {87, 668})},
      {"RasGetProjectionInfoW", With(ras, {87, 603, 730, 731})},
      {"RasGetProjectionInfoEx", With(ras, {87, 603, 730, 731})},
      {"RasGetSubEntryHandleW", With(ras, {259, 618})},
      {"RasGetErrorStringW", {87, 122}},
      {"GetExtendedTcpTable", tables},
      {"GetTcpTable2", tables},
      {"GetTcp6Table2", tables},
      {"GetOwnerModuleFromTcpEntry", {5, 8, 87, 122, 1168}},
      {"GetOwnerModuleFromTcp6Entry", {5, 8, 87, 122, 1168}},
      {"GetTcpStatisticsEx2", {50, 87}},
      {"GetTcpStatisticsEx", {50, 87}},
      {"GetPerTcpConnectionEStats", estats},
      {"GetPerTcp6ConnectionEStats", estats},
      {"FwpmEngineOpen0", {5, 8, kRpcServerUnavailable, kRpcNoEndpoint, 1764, 0x80320009}},
      {"FwpmEngineClose0", {6, kRpcServerUnavailable}},
      {"IPsecGetStatistics0", engine},
      {"IPsecGetStatistics1", engine},
      {"IPsecDospGetStatistics0", With(engine, {13931})},
      {"IPsecSaContextCreateEnumHandle0", engine},
      {"IPsecSaContextEnum1", engine},
      {"IkeextGetStatistics0", With(engine, {kIkeextNotRunning})},
      {"IkeextGetStatistics1", With(engine, {kIkeextNotRunning})},
      {"IkeextSaCreateEnumHandle0", With(engine, {kIkeextNotRunning})},
      {"IkeextSaEnum1", With(engine, {kIkeextNotRunning})},
      {"IkeextSaEnum2", With(engine, {kIkeextNotRunning})},
      {"process_name", {5, 87}},
      {"service_status", {5, 1060}},
  };
  const auto it = codes.find(function);
  return it == codes.end() ? Codes() : it->second;
}

bool SaysThereIsLess(absl::string_view function, uint32_t code) {
  static const std::map<absl::string_view, Codes> codes = {
      {"RasEnumConnectionsW", {632}},
      {"RasGetConnectStatusW", {6, 632}},
      {"RasGetSubEntryHandleW", {259, 618}},
      {"RasGetLinkStatistics", {6, 668}},
      {"GetExtendedTcpTable", {50}},
      {"GetTcpTable2", {50}},
      {"GetTcp6Table2", {50}},
  };
  const auto it = codes.find(function);
  return it != codes.end() && std::count(it->second.begin(), it->second.end(), code) > 0;
}

}  // namespace farstat::sources::windows
