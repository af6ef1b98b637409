// What the mirrors of Windows' structures have in common.
//
// abi_ras.h, abi_tcp.h, abi_ipsec.h and abi_ike.h declare each structure that farstat reads or
// writes with types of fixed width, so that the collectors and their tests compile on any system.
// A structure says which one of Windows it mirrors; its members are Windows' own names in our
// style, in Windows' order (dwBytesXmited is bytes_xmited), so that Microsoft's reference can be
// read beside them. Enumerations are plain numbers in structures, because Windows may deliver
// values that no header knows yet; the names of known values stand beside the structure. The
// abi_*_check.cc files hold every size and offset to the numbers of the Windows SDK for x64.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_ABI_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_ABI_H_

#include <cstdint>

namespace farstat::sources::windows {

static_assert(sizeof(void*) == 8, "the mirrors are those of 64-bit Windows");

// HANDLE and HRASCONN: a value that is passed back and compared, nothing that can be looked into.
using Handle = uint64_t;
// INVALID_HANDLE_VALUE. For RasConnectionNotificationW: every connection.
inline constexpr Handle kInvalidHandle = ~Handle{0};

// A pointer that is not followed: there are keys and other secrets behind it, or nothing that is
// needed. It has no type to dereference it by.
enum class OpaquePointer : uint64_t {};

// GUID
struct Guid {
  uint32_t data1;
  uint16_t data2;
  uint16_t data3;
  uint8_t data4[8];
};

// LUID
struct Luid {
  uint32_t low_part;
  int32_t high_part;
};

// FWP_BYTE_BLOB, where what it points to is secret.
struct SecretBlob {
  uint32_t size;
  OpaquePointer data;
};

// FWP_IP_VERSION
enum IpVersion : uint32_t { kIpVersion4 = 0, kIpVersion6 = 1, kIpVersionNone = 2 };

// AF_INET and AF_INET6 as Windows numbers them.
enum AddressFamily : uint32_t { kAddressFamilyInet = 2, kAddressFamilyInet6 = 23 };

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_ABI_H_
