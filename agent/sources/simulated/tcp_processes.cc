#include "agent/sources/simulated/tcp_processes.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "agent/sources/windows/abi_tcp.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::simulated {
namespace {

// The process of the kernel, which may not be opened; farstat knows its name. 0 is no process.
constexpr uint32_t kSystemPid = 4;
constexpr char kSystemName[] = "System";

// Copies a text to `at`, which it moves behind the text.
const char16_t* PutText(const std::string& text, char16_t*& at) {
  char16_t* const begin = at;
  at = std::copy(text.begin(), text.end(), at);
  *at++ = u'\0';
  return begin;
}

}  // namespace

TcpProcesses::TcpProcesses(const TcpScenario& scenario, TcpChance chance) {
  uint64_t next_tag = 0;
  uint32_t next_pid = kSystemPid;
  entries_.reserve(scenario.processes_size());
  for (const TcpProcess& process : scenario.processes()) {
    // Process ids of Windows are multiples of 4.
    next_pid += 4 * static_cast<uint32_t>(1 + chance.Index(150));
    entries_.push_back({process.id().empty() ? process.name() : process.id(), process.name(),
                        process.service(), process.pid() != 0 ? process.pid() : next_pid,
                        process.locked(), process.service().empty() ? 0 : ++next_tag});
  }
  for (const TcpProcessEntry& entry : entries_) by_pid_[entry.pid] = &entry;
}

const TcpProcessEntry* TcpProcesses::Find(absl::string_view id) const {
  const auto it = std::find_if(entries_.begin(), entries_.end(),
                               [&](const TcpProcessEntry& entry) { return entry.id == id; });
  return it == entries_.end() ? nullptr : &*it;
}

uint32_t TcpProcesses::Open(uint32_t pid, bool administrator,
                            const TcpProcessEntry** process) const {
  const auto it = by_pid_.find(pid);
  if (it == by_pid_.end()) return windows::kErrorInvalidParameter;
  *process = it->second;
  const bool of_system = !it->second->service.empty();
  return it->second->locked || (of_system && !administrator) ? windows::kErrorAccessDenied
                                                             : windows::kSuccess;
}

uint32_t TcpProcesses::NameOf(uint32_t pid, bool administrator, std::string* name) const {
  if (pid == kSystemPid) {
    *name = kSystemName;
    return windows::kSuccess;
  }
  const TcpProcessEntry* process = nullptr;
  const uint32_t code = Open(pid, administrator, &process);
  if (code == windows::kSuccess) *name = process->name;
  return code;
}

// Of a service it tells the service's name and library, of another process the program's. For
// sockets that nobody owns any more, and those of the kernel, there is nothing to tell.
uint32_t TcpProcesses::OwnerModule(uint32_t pid, uint64_t service_tag, bool administrator,
                                   uint32_t info_class, void* info, uint32_t* bytes) const {
  if (bytes == nullptr || info_class != windows::kOwnerModuleInfoBasic) {
    return windows::kErrorInvalidParameter;
  }
  if (pid == 0 || pid == kSystemPid) return windows::kErrorNotFound;
  const TcpProcessEntry* process = nullptr;
  if (const uint32_t code = Open(pid, administrator, &process); code != windows::kSuccess) {
    return code == windows::kErrorInvalidParameter ? windows::kErrorNotFound : code;
  }
  const bool service = service_tag != 0 && service_tag == process->service_tag;
  const std::string& module = service ? process->service : process->name;
  const std::string path = service
                               ? absl::StrCat("C:\\Windows\\System32\\", process->service, ".dll")
                               : absl::StrCat("C:\\Program Files\\", process->name);
  const uint32_t needed = static_cast<uint32_t>(
      sizeof(windows::OwnerModuleBasicInfo) + (module.size() + path.size() + 2) * sizeof(char16_t));
  const uint32_t given = *bytes;
  *bytes = needed;
  if (info == nullptr || given < needed) return windows::kErrorInsufficientBuffer;
  auto* const basic = static_cast<windows::OwnerModuleBasicInfo*>(info);
  auto* texts = reinterpret_cast<char16_t*>(basic + 1);
  basic->module_name = PutText(module, texts);
  basic->module_path = PutText(path, texts);
  return windows::kSuccess;
}

}  // namespace farstat::sources::simulated
