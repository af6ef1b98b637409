#include <windows.h>
#include <aclapi.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "common/file_facts.h"
#include "common/utf16.h"

namespace farstat {
namespace {

int64_t Ticks(const FILETIME& time) {
  return static_cast<int64_t>(uint64_t{time.dwHighDateTime} << 32 | uint64_t{time.dwLowDateTime});
}

// Groups that everybody belongs to who can log on, or who can reach the host at all.
constexpr WELL_KNOWN_SID_TYPE kEverybody[] = {WinWorldSid, WinAuthenticatedUserSid,
                                              WinBuiltinUsersSid, WinBuiltinGuestsSid,
                                              WinInteractiveSid};

bool MeansEverybody(PSID account) {
  for (const WELL_KNOWN_SID_TYPE group : kEverybody) {
    if (IsWellKnownSid(account, group) != 0) return true;
  }
  return false;
}

// Whether an entry lets everybody read or change the file itself.
bool LetsEverybodyIn(const ACE_HEADER* header) {
  constexpr DWORD kAccess = FILE_READ_DATA | FILE_WRITE_DATA | FILE_APPEND_DATA | WRITE_DAC |
                            WRITE_OWNER | GENERIC_READ | GENERIC_WRITE | GENERIC_ALL;
  if (header->AceType != ACCESS_ALLOWED_ACE_TYPE || (header->AceFlags & INHERIT_ONLY_ACE) != 0) {
    return false;
  }
  const auto* entry = reinterpret_cast<const ACCESS_ALLOWED_ACE*>(header);
  PSID account = const_cast<DWORD*>(&entry->SidStart);
  return (entry->Mask & kAccess) != 0 && MeansEverybody(account);
}

bool IsOpenToEverybody(const std::wstring& path) {
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  PACL list = nullptr;
  if (GetNamedSecurityInfoW(path.c_str(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, nullptr,
                            nullptr, &list, nullptr, &descriptor) != ERROR_SUCCESS) {
    return false;
  }
  const absl::Cleanup free = [descriptor] { LocalFree(descriptor); };
  // No list at all is no protection at all.
  if (list == nullptr) return true;
  for (DWORD i = 0; i < list->AceCount; ++i) {
    void* entry = nullptr;
    if (GetAce(list, i, &entry) != 0 && LetsEverybodyIn(static_cast<ACE_HEADER*>(entry))) {
      return true;
    }
  }
  return false;
}

}  // namespace

FileStamp StampOf(const std::string& path) {
  WIN32_FILE_ATTRIBUTE_DATA data = {};
  if (GetFileAttributesExW(Utf16(path).c_str(), GetFileExInfoStandard, &data) == 0) return {};
  return {Ticks(data.ftLastWriteTime), Ticks(data.ftCreationTime),
          uint64_t{data.nFileSizeHigh} << 32 | uint64_t{data.nFileSizeLow}, 0};
}

std::string CommandToCloseFile(const std::string& path) {
  if (!IsOpenToEverybody(Utf16(path))) return "";
  // By their numbers: the names of these groups depend on the language of Windows.
  return absl::StrCat("icacls \"", path,
                      "\" /inheritance:r /grant:r *S-1-5-18:F *S-1-5-32-544:F (access for SYSTEM "
                      "and administrators alone)");
}

}  // namespace farstat
