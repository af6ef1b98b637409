#include "agent/sources/windows/api_windows.h"

#include <windows.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::windows {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;

bool IsWine() {
  return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
}

// Names of absent functions, with their DLL.
std::map<std::string, std::string> Absent(const Api& api) {
  std::map<std::string, std::string> absent;
  VisitEntries(api, [&](absl::string_view library, absl::string_view function, const auto& entry) {
    if (!entry) absent.emplace(function, library);
  });
  return absent;
}

// Pitfall 21, 35.
TEST(LoadApiTest, WindowsHasEverythingAndWineLacksWhatItDoesNotImplement) {
  const std::map<std::string, std::string> absent = Absent(LoadApi());
  if (!IsWine()) {
    EXPECT_THAT(absent, IsEmpty());
    return;
  }
  // Exported, but calling it would end the process.
  EXPECT_THAT(absent, Contains(Key("RasClearConnectionStatistics")));
  EXPECT_THAT(absent, Contains(Key("IPsecGetStatistics0")));
  EXPECT_THAT(absent, Contains(Key("IkeextSaCreateEnumHandle0")));
  // Not exported at all.
  EXPECT_THAT(absent, Contains(Key("RasGetProjectionInfoEx")));
  EXPECT_THAT(absent, Contains(Key("GetPerTcpConnectionEStats")));
  EXPECT_THAT(absent, Contains(Key("IkeextSaEnum1")));
  // What it has.
  for (const char* const present : {"RasEnumConnectionsW", "GetExtendedTcpTable", "FwpmEngineOpen0",
                                    "FwpmFreeMemory0", "SetPerTcpConnectionEStats"}) {
    EXPECT_THAT(absent, Not(Contains(Key(present))));
  }
}

TEST(LoadApiTest, CompositionsAreAlwaysThere) {
  for (const auto& [function, library] : Absent(LoadApi())) {
    EXPECT_NE(library, "") << function;
  }
}

// What is present can be called through the mirrors: a calling convention or type that did not fit
// would show here.
TEST(LoadApiTest, TcpTableOfThisHostIsDelivered) {
  const Api api = LoadApi();
  constexpr uint32_t kOwnerPidAll = 5;
  uint32_t bytes = 0;
  uint32_t code =
      api.get_extended_tcp_table(nullptr, &bytes, 0, kAddressFamilyInet, kOwnerPidAll, 0);
  EXPECT_EQ(code, kErrorInsufficientBuffer);
  std::vector<uint64_t> table(bytes / 8 + 512);
  bytes = static_cast<uint32_t>(table.size() * 8);
  code = api.get_extended_tcp_table(table.data(), &bytes, 0, kAddressFamilyInet, kOwnerPidAll, 0);
  EXPECT_EQ(code, kSuccess);
  EXPECT_LE(bytes, table.size() * 8);
}

TEST(LoadApiTest, RasAnswers) {
  const Api api = LoadApi();
  std::vector<RasConnection> connections(16);
  connections[0].size = sizeof(RasConnection);
  auto bytes = static_cast<uint32_t>(connections.size() * sizeof(RasConnection));
  uint32_t count = 99;
  const uint32_t code = api.ras_enum_connections(connections.data(), &bytes, &count);
  if (IsWine()) {
    EXPECT_EQ(code, kSuccess);
  }
  if (code == kSuccess) {
    EXPECT_LE(count, connections.size());
  }
}

TEST(CompositionTest, NamesThisProcess) {
  const Api api = LoadApi();
  std::string name;
  ASSERT_EQ(api.process_name(GetCurrentProcessId(), &name), kSuccess);
  EXPECT_THAT(name, EndsWith("_tests.exe"));
  // Ids are multiples of 4.
  EXPECT_EQ(api.process_name(0x7ffffff1, &name), kErrorInvalidParameter);
}

TEST(CompositionTest, TellsServicesAndTheirProcesses) {
  const Api api = LoadApi();
  ServiceStatus status = {};
  EXPECT_EQ(api.service_status("farstat-no-such-service", &status), 1060u);
  // The service that starts services: there is no Windows, and no Wine, without it.
  ASSERT_EQ(api.service_status(IsWine() ? "PlugPlay" : "RpcSs", &status), kSuccess);
  if (status.state != kServiceRunning) return;
  EXPECT_NE(status.process_id, 0u);
  FILETIME now = {};
  GetSystemTimeAsFileTime(&now);
  EXPECT_LE(status.process_start, uint64_t{now.dwHighDateTime} << 32 | uint64_t{now.dwLowDateTime});
}

TEST(CompositionTest, EventsFallBackWhenAWaiterHasSeenThem) {
  const Api api = LoadApi();
  Handle events[2] = {};
  ASSERT_EQ(api.create_event(&events[0]), kSuccess);
  ASSERT_EQ(api.create_event(&events[1]), kSuccess);
  uint32_t signalled = 99;
  EXPECT_EQ(api.wait_for_events(events, 2, 0, &signalled), kWaitTimeout);
  EXPECT_EQ(api.set_event(events[1]), kSuccess);
  EXPECT_EQ(api.wait_for_events(events, 2, 60'000, &signalled), kSuccess);
  EXPECT_EQ(signalled, 1u);
  EXPECT_EQ(api.wait_for_events(events, 2, 0, &signalled), kWaitTimeout);
  EXPECT_EQ(api.close_event(events[0]), kSuccess);
  EXPECT_EQ(api.close_event(events[1]), kSuccess);
  EXPECT_EQ(api.wait_for_events(events, 2, 0, &signalled), kErrorInvalidHandle);
}

TEST(CompositionTest, AnEventWakesAnotherThread) {
  const Api api = LoadApi();
  Handle event = 0;
  ASSERT_EQ(api.create_event(&event), kSuccess);
  std::thread setter([&api, event] { EXPECT_EQ(api.set_event(event), kSuccess); });
  uint32_t signalled = 99;
  EXPECT_EQ(api.wait_for_events(&event, 1, 60'000, &signalled), kSuccess);
  setter.join();
  EXPECT_EQ(signalled, 0u);
  api.close_event(event);
}

}  // namespace
}  // namespace farstat::sources::windows
