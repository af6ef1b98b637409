#include <windows.h>
#include <psapi.h>
#include <tlhelp32.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/hosts/this_host.h"
#include "agent/hosts/windows_host.h"
#include "agent/sources/windows/api_windows.h"
#include "common/clock.h"
#include "common/utf16.h"

namespace farstat::hosts {
namespace {

constexpr wchar_t kVersionKey[] = L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";

std::wstring RegistryText(const wchar_t* value) {
  wchar_t text[256] = L"";
  DWORD bytes = sizeof(text);
  if (RegGetValueW(HKEY_LOCAL_MACHINE, kVersionKey, value, RRF_RT_REG_SZ, nullptr, text, &bytes) !=
      ERROR_SUCCESS) {
    return L"";
  }
  return text;
}

DWORD RegistryNumber(const wchar_t* value) {
  DWORD number = 0;
  DWORD bytes = sizeof(number);
  RegGetValueW(HKEY_LOCAL_MACHINE, kVersionKey, value, RRF_RT_REG_DWORD, nullptr, &number, &bytes);
  return number;
}

// The version as it is; GetVersionEx answers with the newest that the manifest names.
OSVERSIONINFOW TrueVersion() {
  OSVERSIONINFOW version = {};
  version.dwOSVersionInfoSize = sizeof(version);
  using RtlGetVersion = LONG(WINAPI*)(OSVERSIONINFOW*);
  const auto address =
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlGetVersion"));
  if (address != nullptr) reinterpret_cast<RtlGetVersion>(address)(&version);
  return version;
}

std::string Architecture() {
  SYSTEM_INFO info = {};
  GetNativeSystemInfo(&info);
  switch (info.wProcessorArchitecture) {
    case PROCESSOR_ARCHITECTURE_AMD64:
      return "x86_64";
    case PROCESSOR_ARCHITECTURE_ARM64:
      return "aarch64";
    default:
      return "";
  }
}

absl::Duration DurationOf(const FILETIME& time) {
  const auto ticks =
      static_cast<int64_t>(uint64_t{time.dwHighDateTime} << 32 | uint64_t{time.dwLowDateTime});
  return absl::Nanoseconds(100) * ticks;
}

uint32_t CountThreads() {
  const HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  if (snapshot == INVALID_HANDLE_VALUE) return 0;
  uint32_t threads = 0;
  PROCESSENTRY32W entry = {};
  entry.dwSize = sizeof(entry);
  for (BOOL more = Process32FirstW(snapshot, &entry); more != 0;
       more = Process32NextW(snapshot, &entry)) {
    if (entry.th32ProcessID != GetCurrentProcessId()) continue;
    threads = entry.cntThreads;
    break;
  }
  CloseHandle(snapshot);
  return threads;
}

std::string HostName() {
  wchar_t name[256] = L"";
  DWORD size = sizeof(name) / sizeof(name[0]);
  if (GetComputerNameExW(ComputerNamePhysicalDnsHostname, name, &size) == 0) return "";
  return Utf8(name);
}

v1::GetAgentInfoResponse Identity() {
  v1::GetAgentInfoResponse identity;
  identity.set_host_name(HostName());
  v1::OperatingSystem& system = *identity.mutable_operating_system();
  system.set_name("Windows");
  const OSVERSIONINFOW version = TrueVersion();
  system.set_version(absl::StrCat(version.dwMajorVersion, ".", version.dwMinorVersion, ".",
                                  version.dwBuildNumber, ".", RegistryNumber(L"UBR")));
  // "Windows 10 Pro" on Windows 11 as well; the build number is what tells them apart.
  const std::string release = Utf8(RegistryText(L"DisplayVersion"));
  system.set_description(
      absl::StrCat(Utf8(RegistryText(L"ProductName")), release.empty() ? "" : " ", release));
  system.set_architecture(Architecture());
  return identity;
}

}  // namespace

Host ThisHost(const std::string& state_directory) {
  // Until the process ends, as the DLLs behind it.
  static const sources::windows::Api& api = *new sources::windows::Api(sources::windows::LoadApi());
  Host host = WindowsHost(api, SystemClock(), state_directory);
  host.identity = Identity();
  return host;
}

v1::ProcessStatus DescribeProcess() {
  v1::ProcessStatus process;
  FILETIME created = {};
  FILETIME ended = {};
  FILETIME kernel = {};
  FILETIME user = {};
  if (GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user) != 0) {
    *process.mutable_cpu_time() = ToProto(DurationOf(kernel) + DurationOf(user));
  }
  PROCESS_MEMORY_COUNTERS memory = {};
  if (GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof(memory)) != 0) {
    process.set_resident_bytes(memory.WorkingSetSize);
  }
  if (const uint32_t threads = CountThreads(); threads > 0) process.set_threads(threads);
  DWORD handles = 0;
  if (GetProcessHandleCount(GetCurrentProcess(), &handles) != 0) process.set_open_files(handles);
  return process;
}

}  // namespace farstat::hosts
