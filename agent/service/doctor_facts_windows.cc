// What doctor looks at on Windows.

#include <windows.h>

#include <memory>
#include <type_traits>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "agent/hosts/this_host.h"
#include "agent/rpc/listen_probe.h"
#include "agent/service/doctor.h"
#include "agent/service/family_examination.h"
#include "common/file_facts.h"
#include "common/utf16.h"

namespace farstat::service {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr wchar_t kPolicy[] =
    L"SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy";
// Rules that come by group policy.
constexpr wchar_t kGroupPolicyRules[] =
    L"SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\FirewallRules";

struct CloseServiceHandles {
  void operator()(SC_HANDLE handle) const { CloseServiceHandle(handle); }
};
using ScHandle = std::unique_ptr<std::remove_pointer_t<SC_HANDLE>, CloseServiceHandles>;

bool IsAdministrator() {
  BYTE sid[SECURITY_MAX_SID_SIZE];
  DWORD size = sizeof(sid);
  BOOL is_member = FALSE;
  return CreateWellKnownSid(WinBuiltinAdministratorsSid, nullptr, sid, &size) != 0 &&
         CheckTokenMembership(nullptr, sid, &is_member) != 0 && is_member != 0;
}

std::vector<Right> Rights() {
  return {{"administrator", IsAdministrator(),
           "extended TCP statistics, and statistics of IPsec and IKE",
           "run doctor in a terminal started with \"Run as administrator\"; the service has it"}};
}

bool IsDelayed(SC_HANDLE service) {
  SERVICE_DELAYED_AUTO_START_INFO info = {};
  DWORD needed = 0;
  return QueryServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO,
                              reinterpret_cast<BYTE*>(&info), sizeof(info), &needed) != 0 &&
         info.fDelayedAutostart != 0;
}

SystemService::Start StartOf(SC_HANDLE service) {
  // What it says is at most that large.
  alignas(QUERY_SERVICE_CONFIGW) BYTE config[8192];
  DWORD needed = 0;
  auto* const query = reinterpret_cast<QUERY_SERVICE_CONFIGW*>(config);
  if (QueryServiceConfigW(service, query, sizeof(config), &needed) == 0) {
    return SystemService::Start::kManual;
  }
  switch (query->dwStartType) {
    case SERVICE_DISABLED:
      return SystemService::Start::kDisabled;
    case SERVICE_DEMAND_START:
      return SystemService::Start::kManual;
    default:
      return IsDelayed(service) ? SystemService::Start::kDelayed : SystemService::Start::kAutomatic;
  }
}

absl::StatusOr<SystemService> Service(const std::string& name) {
  const ScHandle scm(OpenSCManagerW(nullptr, nullptr, SC_MANAGER_CONNECT));
  const ScHandle service(scm == nullptr
                             ? nullptr
                             : OpenServiceW(scm.get(), Utf16(name).c_str(),
                                            SERVICE_QUERY_STATUS | SERVICE_QUERY_CONFIG));
  if (service == nullptr) {
    const DWORD code = GetLastError();
    return code == ERROR_SERVICE_DOES_NOT_EXIST
               ? absl::NotFoundError("not installed")
               : absl::UnavailableError(absl::StrCat("cannot be asked about: error ", code));
  }
  SERVICE_STATUS status = {};
  QueryServiceStatus(service.get(), &status);
  return SystemService{status.dwCurrentState == SERVICE_RUNNING, StartOf(service.get())};
}

std::string Expanded(const std::wstring& text) {
  std::wstring expanded(ExpandEnvironmentStringsW(text.c_str(), nullptr, 0), L'\0');
  ExpandEnvironmentStringsW(text.c_str(), expanded.data(), static_cast<DWORD>(expanded.size()));
  if (!expanded.empty()) expanded.pop_back();
  return Utf8(expanded);
}

// The texts of the rules in a key; none if there is no such key.
LSTATUS AddRules(const std::wstring& path, std::vector<std::string>& rules) {
  HKEY key = nullptr;
  const LSTATUS opened = RegOpenKeyExW(HKEY_LOCAL_MACHINE, path.c_str(), 0, KEY_QUERY_VALUE, &key);
  if (opened != ERROR_SUCCESS) return opened;
  const absl::Cleanup close = [key] { RegCloseKey(key); };
  std::wstring value(32768, L'\0');
  for (DWORD i = 0;; ++i) {
    wchar_t name[512] = L"";
    DWORD name_size = 512;
    DWORD type = 0;
    auto bytes = static_cast<DWORD>((value.size() - 1) * sizeof(wchar_t));
    const LSTATUS code = RegEnumValueW(key, i, name, &name_size, nullptr, &type,
                                       reinterpret_cast<BYTE*>(value.data()), &bytes);
    if (code == ERROR_NO_MORE_ITEMS) return ERROR_SUCCESS;
    if (code != ERROR_SUCCESS || type != REG_SZ) continue;
    value[bytes / sizeof(wchar_t)] = L'\0';
    rules.push_back(Expanded(value.c_str()));
  }
}

bool IsOff(const std::wstring& profile) {
  DWORD enabled = 1;
  DWORD bytes = sizeof(enabled);
  RegGetValueW(HKEY_LOCAL_MACHINE, (kPolicy + (L"\\" + profile)).c_str(), L"EnableFirewall",
               RRF_RT_REG_DWORD, nullptr, &enabled, &bytes);
  return enabled == 0;
}

absl::StatusOr<Firewall> TheFirewall() {
  Firewall firewall;
  const LSTATUS code = AddRules(std::wstring(kPolicy) + L"\\FirewallRules", firewall.rules);
  if (code != ERROR_SUCCESS) {
    return absl::UnavailableError(absl::StrCat("its rules cannot be read: error ", code));
  }
  AddRules(kGroupPolicyRules, firewall.rules);
  if (IsOff(L"DomainProfile")) firewall.profiles_off.emplace_back("domain");
  if (IsOff(L"StandardProfile")) firewall.profiles_off.emplace_back("private");
  if (IsOff(L"PublicProfile")) firewall.profiles_off.emplace_back("public");
  return firewall;
}

std::string OwnProgram() {
  std::wstring path(32768, L'\0');
  path.resize(GetModuleFileNameW(nullptr, path.data(), static_cast<DWORD>(path.size())));
  return Utf8(path);
}

}  // namespace

DoctorFacts ThisHostsFacts(const std::string& settings_file) {
  DoctorFacts facts;
  facts.paths = ThisHostsPaths();
  facts.settings_file = settings_file.empty() ? facts.paths.settings_file : settings_file;
  facts.program = OwnProgram();
  facts.now = &absl::Now;
  facts.rights = &Rights;
  facts.service = &Service;
  facts.needed_services = {{"RasMan", "RAS statistics", true},
                           {"BFE", "IPsec and IKE statistics", false},
                           {"IKEEXT", "IKE statistics", true},
                           {"PolicyAgent", "IPsec security associations", true}};
  facts.agent_runs = [] {
    const auto service = Service(kServiceName);
    return service.ok() && service->is_running;
  };
  facts.probe_listen = &rpc::ProbeListen;
  facts.firewall = &TheFirewall;
  facts.command_to_close_file = &CommandToCloseFile;
  facts.examine_families = [] {
    return ExamineFamilies(std::make_unique<hosts::Host>(hosts::ThisHost("")), kPatience);
  };
  return facts;
}

}  // namespace farstat::service
