#include "agent/sources/windows/tcp_owners.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "agent/sources/windows/win32_status.h"
#include "common/status.h"
#include "tests/support/manual_clock.h"
#include "tests/support/windows_tcp_fake.h"

namespace farstat::sources::windows {
namespace {

using testing::FakeTcp;
using testing::FakeTcpWindows;
using testing::ManualClock;

class WindowsTcpOwnersTest : public ::testing::Test {
 protected:
  WindowsTcpOwnersTest() { windows_.process_names[100] = "first.exe"; }

  // A collection of all connections. Returns the names of their processes.
  std::string Processes() {
    clock_.Advance(absl::Seconds(1));
    EXPECT_TRUE(tables_.List().ok());
    owners_.BeginCollection();
    std::string names;
    for (const ListedTcp& listed : tables_.connections()) {
      names += std::string(owners_.ProcessOf(listed)) + " ";
    }
    owners_.EndCollection();
    return names;
  }
  // The same of services, each asked for anew, in processes of this name.
  std::string Services(absl::string_view process = "svchost.exe") {
    EXPECT_TRUE(tables_.List().ok());
    owners_.BeginCollection();
    std::string names;
    for (const ListedTcp& listed : tables_.connections()) {
      OwningService service;
      owners_.FindService(listed, process, service);
      names += service.name + " ";
    }
    owners_.EndCollection();
    return names;
  }
  // The time as Windows would stamp a connection with it.
  int64_t Now() const {
    return (absl::ToUnixMicros(clock_.Wall()) + int64_t{11'644'473'600} * 1'000'000) * 10;
  }

  FakeTcpWindows windows_;
  ManualClock clock_;
  TcpTables tables_{windows_.api};
  TcpOwners owners_{windows_.api, clock_};
};

TEST_F(WindowsTcpOwnersTest, AsksForEachProcessOnce) {
  for (uint16_t port : {1, 2, 3}) windows_.AddIpv4(port, Now());
  windows_.AddIpv6(4, Now());
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(Processes(), "first.exe first.exe first.exe first.exe ");
  }
  EXPECT_EQ(windows_.calls["process_name"], 1);
}

TEST_F(WindowsTcpOwnersTest, NoticesThatAProcessIdIsUsedAgain) {
  windows_.AddIpv4(1, Now());
  Processes();
  windows_.connections.clear();
  windows_.process_names[100] = "second.exe";
  windows_.AddIpv4(2, Now());
  EXPECT_EQ(Processes(), "second.exe ");
}

TEST_F(WindowsTcpOwnersTest, ForgetsProcessesWithoutConnections) {
  FakeTcp& connection = windows_.AddIpv4(1, 1);
  Processes();
  const FakeTcp copy = connection;
  windows_.connections.clear();
  Processes();
  windows_.connections.push_back(copy);
  Processes();
  EXPECT_EQ(windows_.calls["process_name"], 2);
}

TEST_F(WindowsTcpOwnersTest, WithoutCreationTimesEachCollectionAsks) {
  windows_.AddIpv4(1, 0);
  windows_.AddIpv4(2, 0);
  Processes();
  Processes();
  EXPECT_EQ(windows_.calls["process_name"], 2);
}

TEST_F(WindowsTcpOwnersTest, DeniedIsToldInEveryCollectionAndAskedOnce) {
  windows_.AddIpv4(1, 1);
  windows_.process_name_code = kErrorAccessDenied;
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Processes(), " ");
    EXPECT_EQ(ErrorInfoOf(owners_.status()).reason(), kAgentLacksPrivilege);
  }
  EXPECT_EQ(windows_.calls["process_name"], 1);
}

TEST_F(WindowsTcpOwnersTest, ProcessesThatAreGoneAreNoFault) {
  windows_.AddIpv4(1, 1);
  windows_.process_name_code = kErrorInvalidParameter;
  EXPECT_EQ(Processes(), " ");
  EXPECT_TRUE(owners_.status().ok());
}

TEST_F(WindowsTcpOwnersTest, TheSystemIsNamedWithoutAsking) {
  windows_.AddIpv4(445, 1).row.owning_pid = 4;
  windows_.process_name_code = kErrorAccessDenied;
  EXPECT_EQ(Processes(), "System ");
  EXPECT_TRUE(owners_.status().ok());
}

TEST_F(WindowsTcpOwnersTest, WithoutTheFunctionNamesAreMissing) {
  windows_.AddIpv4(1, 1);
  windows_.api.process_name = nullptr;
  EXPECT_EQ(Processes(), " ");
  EXPECT_EQ(owners_.status().code(), absl::StatusCode::kUnimplemented);
}

TEST_F(WindowsTcpOwnersTest, FindsServices) {
  windows_.AddIpv4(1, 1).module = u"RpcSs";
  windows_.AddIpv6(2, 1).module = std::u16string(2000, u'x');
  windows_.AddIpv4(3, 1).module = u"SVCHOST.EXE";
  windows_.AddIpv4(4, 1);
  EXPECT_EQ(Services(), "RpcSs   " + std::string(2000, 'x') + " ")
      << "a program is no service, and 1168 is no answer";
  EXPECT_TRUE(owners_.status().ok());
  windows_.api.get_owner_module_from_tcp_entry = nullptr;
  windows_.api.get_owner_module_from_tcp6_entry = nullptr;
  EXPECT_EQ(Services(), "    ");
  EXPECT_TRUE(owners_.status().ok()) << "they are told where they are known";
}

TEST_F(WindowsTcpOwnersTest, DeniedServicesAreToldWhereTheProcessIsUnknownToo) {
  windows_.AddIpv4(1, 1).module = u"RpcSs";
  windows_.module_code = kErrorAccessDenied;
  EXPECT_EQ(Services(""), " ");
  EXPECT_EQ(ErrorInfoOf(owners_.status()).reason(), kAgentLacksPrivilege);
}

// Windows refuses protected processes to everybody.
TEST_F(WindowsTcpOwnersTest, ProtectedProcessesTellNoService) {
  windows_.AddIpv4(1, 1);
  windows_.module_code = kErrorAccessDenied;
  EXPECT_EQ(Services(), " ");
  EXPECT_TRUE(owners_.status().ok()) << owners_.status();
}

TEST_F(WindowsTcpOwnersTest, TheSystemIsNotAskedForServices) {
  windows_.AddIpv4(445, 1).row.owning_pid = 4;
  windows_.api.get_owner_module_from_tcp_entry = [](TcpRowOwnerModule*, uint32_t, void*,
                                                    uint32_t*) -> uint32_t {
    ADD_FAILURE() << "nobody may look into it";
    return kErrorAccessDenied;
  };
  EXPECT_EQ(Services("System"), " ");
  EXPECT_TRUE(owners_.status().ok());
}

TEST_F(WindowsTcpOwnersTest, PassingFailureIsAskedAgain) {
  windows_.AddIpv4(1, 1).module = u"RpcSs";
  ASSERT_TRUE(tables_.List().ok());
  const ListedTcp listed = tables_.connections()[0];
  for (const uint32_t code : {8u, 1722u}) {
    OwningService service;
    windows_.module_code = code;
    for (int round = 0; round < 2; ++round) {
      owners_.BeginCollection();
      owners_.FindService(listed, "svchost.exe", service);
      EXPECT_EQ(Win32CodeOf(owners_.status()), code);
      EXPECT_EQ(owners_.native_calls(), 1u);
      owners_.EndCollection();
    }
    windows_.module_code = kSuccess;
    for (const uint64_t calls : {1u, 0u}) {
      owners_.BeginCollection();
      owners_.FindService(listed, "svchost.exe", service);
      EXPECT_EQ(service.name, "RpcSs");
      EXPECT_TRUE(owners_.status().ok());
      EXPECT_EQ(owners_.native_calls(), calls);
      owners_.EndCollection();
    }
  }
}

TEST_F(WindowsTcpOwnersTest, DoesNotFollowPointersOutOfTheBuffer) {
  windows_.AddIpv4(1, 1);
  static const char16_t elsewhere[] = u"elsewhere";
  for (const OwnerModuleBasicInfo info :
       {OwnerModuleBasicInfo{nullptr, nullptr}, OwnerModuleBasicInfo{elsewhere, elsewhere}}) {
    windows_.api.get_owner_module_from_tcp_entry = [info](TcpRowOwnerModule*, uint32_t, void* to,
                                                          uint32_t* bytes) {
      std::memcpy(to, &info, sizeof(info));
      *bytes = sizeof(info);
      return kSuccess;
    };
    EXPECT_EQ(Services(), " ");
  }
  // A text that does not end in the buffer.
  windows_.api.get_owner_module_from_tcp_entry = [](TcpRowOwnerModule*, uint32_t, void* to,
                                                    uint32_t* bytes) {
    std::memset(to, 'x', *bytes);
    const OwnerModuleBasicInfo info = {reinterpret_cast<char16_t*>(to) + 8, nullptr};
    std::memcpy(to, &info, sizeof(info));
    return kSuccess;
  };
  EXPECT_EQ(Services(), " ");
}

}  // namespace
}  // namespace farstat::sources::windows
