// What the checks of sizes and offsets (abi_*_check.cc) do not say about the mirrors.

#include "agent/sources/windows/abi.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <type_traits>
#include <vector>

#include "agent/sources/windows/abi_ike.h"
#include "agent/sources/windows/abi_ipsec.h"
#include "agent/sources/windows/abi_ras.h"
#include "agent/sources/windows/abi_tcp.h"

namespace farstat::sources::windows {
namespace {

// Nothing by which the compiler would let a collector reach a secret.
static_assert(!std::is_pointer_v<OpaquePointer>);
static_assert(!std::is_convertible_v<OpaquePointer, uint64_t>);
static_assert(!std::is_constructible_v<const void*, OpaquePointer>);
static_assert(std::is_same_v<decltype(IpsecSa::information), OpaquePointer>);
static_assert(std::is_same_v<decltype(IpsecSaBundle::ipsec_id), OpaquePointer>);
static_assert(std::is_same_v<decltype(IpsecSaBundle::key_module_state), OpaquePointer>);
static_assert(std::is_same_v<decltype(IkeCredential::credential), OpaquePointer>);
static_assert(std::is_same_v<decltype(IkeSaDetails::correlation_key), SecretBlob>);

// All of them are filled and copied as bytes.
static_assert(std::is_trivially_copyable_v<RasConnection>);
static_assert(std::is_trivially_copyable_v<RasProjectionInfo>);
static_assert(std::is_trivially_copyable_v<IpsecSaDetails>);
static_assert(std::is_trivially_copyable_v<IkeSaDetails>);

TEST(AbiTest, HandlesInArraysOfConnectionsAreReadWhereverTheyStand) {
  std::vector<RasConnection> connections(3);
  for (size_t i = 0; i < connections.size(); ++i) {
    connections[i].handle = 0x1122334455667700 + i;
  }
  const auto* bytes = reinterpret_cast<const char*>(connections.data());
  for (size_t i = 0; i < connections.size(); ++i) {
    Handle handle = 0;
    std::memcpy(&handle, bytes + i * 1388 + 4, sizeof(handle));
    EXPECT_EQ(handle, 0x1122334455667700 + i);
  }
}

TEST(AbiTest, RowOfATcp6TableIsNoTcp6Row) {
  EXPECT_EQ(offsetof(Tcp6Row, state), 0u);
  EXPECT_NE(offsetof(Tcp6RowOwnerModule, state), 0u);
}

TEST(AbiTest, ErrorTableHasRoomForEveryCodeOfWindows7AndLater) {
  EXPECT_EQ(std::extent_v<decltype(IkeKeyModuleStatistics::error_frequency_table)>, 97u);
  // With the 84 of Microsoft's reference the times, and all that follows, would be read elsewhere.
  EXPECT_EQ(offsetof(IkeKeyModuleStatistics, main_mode_negotiation_time), 532u);
}

}  // namespace
}  // namespace farstat::sources::windows
