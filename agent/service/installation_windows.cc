#include <windows.h>
#include <aclapi.h>
#include <sddl.h>

#include <filesystem>
#include <memory>
#include <system_error>
#include <type_traits>

#include "absl/cleanup/cleanup.h"
#include "agent/service/installation.h"
#include "common/utf16.h"

namespace farstat::service {
namespace {

static_assert(kErrorFileNotFound == ERROR_FILE_NOT_FOUND &&
              kErrorAccessIsDenied == ERROR_ACCESS_DENIED &&
              kErrorInvalidLevel == ERROR_INVALID_LEVEL &&
              kErrorServiceAlreadyRunning == ERROR_SERVICE_ALREADY_RUNNING &&
              kErrorServiceDoesNotExist == ERROR_SERVICE_DOES_NOT_EXIST &&
              kErrorServiceNotActive == ERROR_SERVICE_NOT_ACTIVE &&
              kErrorServiceMarkedForDelete == ERROR_SERVICE_MARKED_FOR_DELETE &&
              kErrorServiceExists == ERROR_SERVICE_EXISTS &&
              kErrorInvalidOwner == ERROR_INVALID_OWNER);

constexpr wchar_t kEventLogKey[] = L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\";
// SYSTEM and administrators, for the folder and all that is in it; nothing from the folder above.
constexpr wchar_t kPrivate[] = L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

struct CloseServiceHandles {
  void operator()(SC_HANDLE handle) const { CloseServiceHandle(handle); }
};
using ScHandle = std::unique_ptr<std::remove_pointer_t<SC_HANDLE>, CloseServiceHandles>;

// GetLastError where a call has failed.
uint32_t CodeOf(BOOL succeeded) { return succeeded != 0 ? 0 : GetLastError(); }

// Opens the service for `use`, which returns a code.
template <typename Use>
uint32_t WithService(const std::string& name, DWORD access, Use&& use) {
  const ScHandle scm(OpenSCManagerW(nullptr, nullptr, SC_MANAGER_CONNECT));
  if (scm == nullptr) return GetLastError();
  const ScHandle service(OpenServiceW(scm.get(), Utf16(name).c_str(), access));
  if (service == nullptr) return GetLastError();
  return use(service.get());
}

uint32_t ChangeConfig2(const ServiceSettings& settings, DWORD level, void* info) {
  // Restarting needs the right to start.
  return WithService(settings.name, SERVICE_CHANGE_CONFIG | SERVICE_START, [&](SC_HANDLE service) {
    return CodeOf(ChangeServiceConfig2W(service, level, info));
  });
}

DWORD Milliseconds(absl::Duration duration) {
  return static_cast<DWORD>(absl::ToInt64Milliseconds(duration));
}

uint32_t CreateIt(const ServiceSettings& settings) {
  const ScHandle scm(OpenSCManagerW(nullptr, nullptr, SC_MANAGER_CREATE_SERVICE));
  if (scm == nullptr) return GetLastError();
  const ScHandle service(CreateServiceW(
      scm.get(), Utf16(settings.name).c_str(), Utf16(settings.display_name).c_str(),
      SERVICE_CHANGE_CONFIG, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START, SERVICE_ERROR_NORMAL,
      Utf16(settings.command_line).c_str(), nullptr, nullptr, nullptr, nullptr, nullptr));
  return service != nullptr ? 0 : GetLastError();
}

uint32_t ChangeIt(const ServiceSettings& settings) {
  return WithService(settings.name, SERVICE_CHANGE_CONFIG, [&](SC_HANDLE service) {
    // An empty list of dependencies takes those away that there were.
    return CodeOf(ChangeServiceConfigW(service, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
                                       SERVICE_ERROR_NORMAL, Utf16(settings.command_line).c_str(),
                                       nullptr, nullptr, L"\0", L"LocalSystem", nullptr,
                                       Utf16(settings.display_name).c_str()));
  });
}

uint32_t SetDescription(const ServiceSettings& settings) {
  std::wstring text = Utf16(settings.description);
  SERVICE_DESCRIPTIONW info = {text.data()};
  return ChangeConfig2(settings, SERVICE_CONFIG_DESCRIPTION, &info);
}

uint32_t SetDelayedStart(const ServiceSettings& settings) {
  SERVICE_DELAYED_AUTO_START_INFO info = {TRUE};
  return ChangeConfig2(settings, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &info);
}

uint32_t SetFailureActions(const ServiceSettings& settings) {
  std::vector<SC_ACTION> actions;
  for (const absl::Duration delay : settings.restart_after) {
    actions.push_back({SC_ACTION_RESTART, Milliseconds(delay)});
  }
  SERVICE_FAILURE_ACTIONSW info = {};
  info.dwResetPeriod = static_cast<DWORD>(absl::ToInt64Seconds(settings.failures_forgotten_after));
  info.cActions = static_cast<DWORD>(actions.size());
  info.lpsaActions = actions.data();
  return ChangeConfig2(settings, SERVICE_CONFIG_FAILURE_ACTIONS, &info);
}

uint32_t SetFailureActionsOnExitCode(const ServiceSettings& settings) {
  SERVICE_FAILURE_ACTIONS_FLAG info = {TRUE};
  return ChangeConfig2(settings, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &info);
}

uint32_t SetPrivileges(const ServiceSettings& settings) {
  // Each ends with a zero, and so does the list.
  std::wstring list;
  for (const std::string& privilege : settings.privileges) {
    list += Utf16(privilege);
    list += L'\0';
  }
  list += L'\0';
  SERVICE_REQUIRED_PRIVILEGES_INFOW info = {list.data()};
  return ChangeConfig2(settings, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &info);
}

uint32_t SetServiceSid(const ServiceSettings& settings) {
  SERVICE_SID_INFO info = {SERVICE_SID_TYPE_UNRESTRICTED};
  return ChangeConfig2(settings, SERVICE_CONFIG_SERVICE_SID_INFO, &info);
}

uint32_t SetPreshutdownTimeout(const ServiceSettings& settings) {
  SERVICE_PRESHUTDOWN_INFO info = {Milliseconds(settings.preshutdown_timeout)};
  return ChangeConfig2(settings, SERVICE_CONFIG_PRESHUTDOWN_INFO, &info);
}

// Waits while the service is in `passing`; then how it is.
uint32_t WaitWhile(SC_HANDLE service, DWORD passing, SERVICE_STATUS& status) {
  constexpr int kTries = 300;
  constexpr DWORD kBetween = 200;
  for (int i = 0; i < kTries; ++i) {
    if (QueryServiceStatus(service, &status) == 0) return GetLastError();
    if (status.dwCurrentState != passing) return 0;
    Sleep(kBetween);
  }
  return ERROR_SERVICE_REQUEST_TIMEOUT;
}

uint32_t StartIt(const std::string& name) {
  return WithService(name, SERVICE_START | SERVICE_QUERY_STATUS, [](SC_HANDLE service) -> uint32_t {
    if (StartServiceW(service, 0, nullptr) == 0) return GetLastError();
    SERVICE_STATUS status = {};
    if (const uint32_t code = WaitWhile(service, SERVICE_START_PENDING, status); code != 0) {
      return code;
    }
    if (status.dwCurrentState == SERVICE_RUNNING) return 0;
    return status.dwWin32ExitCode != 0 ? status.dwWin32ExitCode : ERROR_SERVICE_NOT_ACTIVE;
  });
}

uint32_t StopIt(const std::string& name) {
  return WithService(name, SERVICE_STOP | SERVICE_QUERY_STATUS, [](SC_HANDLE service) -> uint32_t {
    SERVICE_STATUS status = {};
    if (ControlService(service, SERVICE_CONTROL_STOP, &status) == 0) return GetLastError();
    return WaitWhile(service, SERVICE_STOP_PENDING, status);
  });
}

uint32_t DeleteIt(const std::string& name) {
  return WithService(name, DELETE,
                     [](SC_HANDLE service) { return CodeOf(DeleteService(service)); });
}

uint32_t AddEventSource(const std::string& source, const std::string& program) {
  HKEY key = nullptr;
  LSTATUS code = RegCreateKeyExW(HKEY_LOCAL_MACHINE, (kEventLogKey + Utf16(source)).c_str(), 0,
                                 nullptr, 0, KEY_SET_VALUE, nullptr, &key, nullptr);
  if (code != ERROR_SUCCESS) return static_cast<uint32_t>(code);
  const absl::Cleanup close = [key] { RegCloseKey(key); };
  const std::wstring file = Utf16(program);
  const auto bytes = static_cast<DWORD>((file.size() + 1) * sizeof(wchar_t));
  code = RegSetValueExW(key, L"EventMessageFile", 0, REG_EXPAND_SZ,
                        reinterpret_cast<const BYTE*>(file.c_str()), bytes);
  constexpr DWORD kTypes = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
  if (code == ERROR_SUCCESS) {
    code = RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD,
                          reinterpret_cast<const BYTE*>(&kTypes), sizeof(kTypes));
  }
  return static_cast<uint32_t>(code);
}

uint32_t RemoveEventSource(const std::string& source) {
  return static_cast<uint32_t>(
      RegDeleteKeyW(HKEY_LOCAL_MACHINE, (kEventLogKey + Utf16(source)).c_str()));
}

// Whom this process runs as.
bool IsOwnAccount(PSID account) {
  HANDLE token = nullptr;
  if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) == 0) return false;
  const absl::Cleanup close = [token] { CloseHandle(token); };
  alignas(TOKEN_USER) BYTE user[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  DWORD size = 0;
  return GetTokenInformation(token, TokenUser, user, sizeof(user), &size) != 0 &&
         EqualSid(reinterpret_cast<const TOKEN_USER*>(user)->User.Sid, account) != 0;
}

// Everybody can make folders in ProgramData, and keeps the say over those.
uint32_t CheckOwner(const std::wstring& path) {
  PSID owner = nullptr;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  const DWORD code = GetNamedSecurityInfoW(path.c_str(), SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION,
                                           &owner, nullptr, nullptr, nullptr, &descriptor);
  if (code != ERROR_SUCCESS) return code;
  const absl::Cleanup free = [descriptor] { LocalFree(descriptor); };
  const bool is_trusted = IsWellKnownSid(owner, WinLocalSystemSid) != 0 ||
                          IsWellKnownSid(owner, WinBuiltinAdministratorsSid) != 0 ||
                          IsOwnAccount(owner);
  return is_trusted ? 0 : ERROR_INVALID_OWNER;
}

uint32_t MakePrivateFolder(const std::string& path) {
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (ConvertStringSecurityDescriptorToSecurityDescriptorW(kPrivate, SDDL_REVISION_1, &descriptor,
                                                           nullptr) == 0) {
    return GetLastError();
  }
  const absl::Cleanup free = [descriptor] { LocalFree(descriptor); };
  std::wstring folder = Utf16(path);
  SECURITY_ATTRIBUTES attributes = {sizeof(attributes), descriptor, FALSE};
  if (CreateDirectoryW(folder.c_str(), &attributes) != 0) return 0;
  if (GetLastError() != ERROR_ALREADY_EXISTS) return GetLastError();
  if (const uint32_t code = CheckOwner(folder); code != 0) return code;
  BOOL present = FALSE;
  BOOL defaulted = FALSE;
  PACL list = nullptr;
  GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted);
  return SetNamedSecurityInfoW(folder.data(), SE_FILE_OBJECT,
                               DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
                               nullptr, nullptr, list, nullptr);
}

uint32_t RemoveFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(std::filesystem::u8path(path), error);
  return static_cast<uint32_t>(error.value());
}

bool IsElevated() {
  BYTE sid[SECURITY_MAX_SID_SIZE];
  DWORD size = sizeof(sid);
  BOOL is_member = FALSE;
  return CreateWellKnownSid(WinBuiltinAdministratorsSid, nullptr, sid, &size) != 0 &&
         CheckTokenMembership(nullptr, sid, &is_member) != 0 && is_member != 0;
}

std::string ErrorText(uint32_t code) {
  wchar_t text[512] = L"";
  FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr, code, 0, text,
                 512, nullptr);
  std::string line = Utf8(text);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n' || line.back() == '.')) {
    line.pop_back();
  }
  return line.empty() ? "error" : line;
}

InstallCalls WindowsCalls() {
  return {&IsElevated,
          &CreateIt,
          &ChangeIt,
          &SetDescription,
          &SetDelayedStart,
          &SetFailureActions,
          &SetFailureActionsOnExitCode,
          &SetPrivileges,
          &SetServiceSid,
          &SetPreshutdownTimeout,
          &StartIt,
          &StopIt,
          &DeleteIt,
          &AddEventSource,
          &RemoveEventSource,
          &MakePrivateFolder,
          &RemoveFolder,
          &ErrorText};
}

std::string OwnProgram() {
  std::wstring path(32768, L'\0');
  path.resize(GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size())));
  return Utf8(path);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> InstallHere(bool start) {
  return Install(WindowsCalls(), {OwnProgram(), ThisHostsPaths(), start});
}

absl::StatusOr<std::vector<std::string>> UninstallHere() {
  return Uninstall(WindowsCalls(), ThisHostsPaths());
}

}  // namespace farstat::service
