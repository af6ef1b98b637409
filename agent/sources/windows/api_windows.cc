// The only file of the collectors that knows Windows' headers, besides the checks of the mirrors.

#include "agent/sources/windows/api_windows.h"

#include <windows.h>

#include <cstring>
#include <functional>
#include <map>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/cleanup/cleanup.h"
#include "agent/sources/windows/win32_status.h"
#include "common/utf16.h"

namespace farstat::sources::windows {
namespace {

// What the DLLs that come with Wine export only to raise an exception that nobody catches.
constexpr absl::string_view kRaisingStubs[] = {
    "RasClearConnectionStatistics",
    "RasGetSubEntryHandleW",
    "IPsecGetStatistics0",
    "IPsecSaContextCreateEnumHandle0",
    "IPsecSaContextDestroyEnumHandle0",
    "IkeextGetStatistics0",
    "IkeextSaCreateEnumHandle0",
    "IkeextSaDestroyEnumHandle0",
};

// Wine marks its own DLLs behind the DOS header. One that somebody has put in its place counts as
// it would on Windows.
bool IsPartOfWine(HMODULE library) {
  constexpr absl::string_view kMark = "Wine builtin DLL";
  const char* const after_header =
      reinterpret_cast<const char*>(library) + sizeof(IMAGE_DOS_HEADER);
  return std::memcmp(after_header, kMark.data(), kMark.size()) == 0;
}

// Finds exported functions. Never in the program's own folder or on the PATH, where somebody may
// have left a DLL of that name.
class Exports {
 public:
  void* Find(absl::string_view library, absl::string_view function) {
    const auto [found, is_new] = libraries_.try_emplace(std::string(library), nullptr);
    if (is_new) {
      found->second = LoadLibraryExW(Utf16(library).c_str(), nullptr, LOAD_LIBRARY_SEARCH_SYSTEM32);
    }
    const HMODULE module = found->second;
    if (module == nullptr) return nullptr;
    if (IsPartOfWine(module) && absl::c_linear_search(kRaisingStubs, function)) return nullptr;
    return reinterpret_cast<void*>(GetProcAddress(module, std::string(function).c_str()));
  }

 private:
  std::map<std::string, HMODULE> libraries_;
};

// On x64 there is one calling convention, and the mirrors have the layout of Windows' structures:
// an exported function can be called by the type of its entry.
template <typename Result, typename... Arguments>
void Assign(void* address, std::function<Result(Arguments...)>& entry) {
  if (address != nullptr) entry = reinterpret_cast<Result (*)(Arguments...)>(address);
}

HANDLE Native(Handle handle) {
  HANDLE native = nullptr;
  static_assert(sizeof(native) == sizeof(handle));
  std::memcpy(&native, &handle, sizeof(native));
  return native;
}

Handle FromNative(HANDLE native) {
  Handle handle = 0;
  std::memcpy(&handle, &native, sizeof(handle));
  return handle;
}

uint32_t ProcessName(uint32_t pid, std::string* name) {
  // The kernel's, which owns connections of SMB and HTTP.sys, has no file.
  constexpr uint32_t kSystemProcess = 4;
  if (pid == kSystemProcess) {
    *name = "System";
    return kSuccess;
  }
  const HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
  if (process == nullptr) return GetLastError();
  const absl::Cleanup close = [process] { CloseHandle(process); };
  std::wstring path(32768, L'\0');
  auto size = static_cast<DWORD>(path.size());
  if (QueryFullProcessImageNameW(process, 0, path.data(), &size) == 0) return GetLastError();
  path.resize(size);
  *name = Utf8(path.substr(path.rfind(L'\\') + 1));
  return kSuccess;
}

// 0 when the process does not let itself be seen.
uint64_t ProcessStart(DWORD pid) {
  const HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
  if (process == nullptr) return 0;
  const absl::Cleanup close = [process] { CloseHandle(process); };
  FILETIME created = {};
  FILETIME ended = {};
  FILETIME kernel = {};
  FILETIME user = {};
  if (GetProcessTimes(process, &created, &ended, &kernel, &user) == 0) return 0;
  return uint64_t{created.dwHighDateTime} << 32 | uint64_t{created.dwLowDateTime};
}

uint32_t QueryService(const char* name, ServiceStatus* status) {
  const SC_HANDLE services = OpenSCManagerW(nullptr, nullptr, SC_MANAGER_CONNECT);
  if (services == nullptr) return GetLastError();
  const absl::Cleanup close_services = [services] { CloseServiceHandle(services); };
  const SC_HANDLE service = OpenServiceW(services, Utf16(name).c_str(), SERVICE_QUERY_STATUS);
  if (service == nullptr) return GetLastError();
  const absl::Cleanup close_service = [service] { CloseServiceHandle(service); };
  SERVICE_STATUS_PROCESS process = {};
  DWORD needed = 0;
  if (QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, reinterpret_cast<BYTE*>(&process),
                           sizeof(process), &needed) == 0) {
    return GetLastError();
  }
  *status = {process.dwCurrentState, process.dwProcessId, 0};
  if (process.dwProcessId != 0) status->process_start = ProcessStart(process.dwProcessId);
  return kSuccess;
}

uint32_t NewEvent(Handle* event) {
  const HANDLE created = CreateEventW(nullptr, /*bManualReset=*/FALSE, FALSE, nullptr);
  if (created == nullptr) return GetLastError();
  *event = FromNative(created);
  return kSuccess;
}

uint32_t WaitForAny(const Handle* events, uint32_t count, uint32_t milliseconds,
                    uint32_t* signalled) {
  static_assert(sizeof(Handle) == sizeof(HANDLE));
  const DWORD result = WaitForMultipleObjects(count, reinterpret_cast<const HANDLE*>(events),
                                              /*bWaitAll=*/FALSE, milliseconds);
  if (result == WAIT_FAILED) return GetLastError();
  if (result == WAIT_TIMEOUT) return kWaitTimeout;
  *signalled = result - WAIT_OBJECT_0;
  return kSuccess;
}

uint32_t CodeOf(BOOL succeeded) { return succeeded != 0 ? kSuccess : GetLastError(); }

static_assert(kWaitTimeout == WAIT_TIMEOUT && kServiceRunning == SERVICE_RUNNING &&
              kServiceStopped == SERVICE_STOPPED && kServicePaused == SERVICE_PAUSED);

}  // namespace

Api LoadApi() {
  Api api;
  Exports exports;
  VisitEntries(api, [&](absl::string_view library, absl::string_view function, auto& entry) {
    if (!library.empty()) Assign(exports.Find(library, function), entry);
  });
  api.process_name = &ProcessName;
  api.service_status = &QueryService;
  api.create_event = &NewEvent;
  api.set_event = [](Handle event) { return CodeOf(SetEvent(Native(event))); };
  api.wait_for_events = &WaitForAny;
  api.close_event = [](Handle event) { return CodeOf(CloseHandle(Native(event))); };
  return api;
}

}  // namespace farstat::sources::windows
