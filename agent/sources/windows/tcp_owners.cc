#include "agent/sources/windows/tcp_owners.h"

#include <cstring>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::windows {
namespace {

// The kernel's own process, which has no program and does not let itself be opened.
constexpr uint32_t kSystemPid = 4;
constexpr char kSystemName[] = "System";

absl::string_view ServiceCallName(const ListedTcp& connection) {
  return connection.ipv6 ? "GetOwnerModuleFromTcp6Entry" : "GetOwnerModuleFromTcpEntry";
}

// Enough for two names and a path.
constexpr uint32_t kModuleInfoSize = 2048;

uint64_t FileTimeOf(absl::Time time) {
  constexpr int64_t kSecondsFrom1601To1970 = 11'644'473'600;
  return static_cast<uint64_t>(absl::ToUnixMicros(time) + kSecondsFrom1601To1970 * 1'000'000) * 10;
}

// The text that begins at `text`, which must be among the `bytes` that a call wrote. Names of
// services are ASCII; whatever else it is, is none.
std::string AsciiTextIn(AlignedBuffer& buffer, uint32_t bytes, const char16_t* text) {
  const auto start = reinterpret_cast<uintptr_t>(buffer.data());
  const auto at = reinterpret_cast<uintptr_t>(text);
  std::string ascii;
  for (uintptr_t next = at; next >= start && next - start + sizeof(char16_t) <= bytes;
       next += sizeof(char16_t)) {
    char16_t unit;
    std::memcpy(&unit, static_cast<const char*>(buffer.data()) + (next - start), sizeof(unit));
    if (unit == 0) return ascii;
    if (unit >= 0x80 || !absl::ascii_isprint(static_cast<unsigned char>(unit))) return {};
    ascii.push_back(static_cast<char>(unit));
  }
  return {};
}

// Other codes say that the connection or its process has gone, or that Windows has no answer: no
// fault of anybody.
bool IsFailure(uint32_t code) {
  constexpr uint32_t kErrorPartialCopy = 299;
  return code != kSuccess && code != kErrorNotFound && code != kErrorInvalidParameter &&
         code != kErrorNotSupported && code != kErrorPartialCopy;
}

}  // namespace

TcpOwners::TcpOwners(const Api& api, const Clock& clock)
    : api_(api), clock_(clock), module_info_(kModuleInfoSize) {}

void TcpOwners::BeginCollection() {
  ++collection_;
  status_ = absl::OkStatus();
  native_calls_ = 0;
}

void TcpOwners::EndCollection() {
  absl::erase_if(processes_,
                 [this](const auto& entry) { return entry.second.seen_in != collection_; });
}

absl::string_view TcpOwners::ProcessOf(const ListedTcp& connection) {
  const uint32_t pid = connection.facts.pid;
  if (pid == 0) return {};
  if (pid == kSystemPid) return kSystemName;
  Process& process = processes_[pid];
  process.seen_in = collection_;
  const bool was_there = connection.created != 0 && connection.created < process.asked_at;
  if (process.asked_in != collection_ && !was_there) AskProcess(pid, process);
  // A process that has ended in the meantime has no name, and that is no fault.
  if (process.code != kSuccess && process.code != kErrorInvalidParameter && status_.ok()) {
    status_ = Win32Status("QueryFullProcessImageNameW", process.code);
  }
  return process.name;
}

void TcpOwners::AskProcess(uint32_t pid, Process& process) {
  process.asked_in = collection_;
  process.asked_at = FileTimeOf(clock_.Wall());
  process.name.clear();
  if (!api_.process_name) {
    if (status_.ok()) status_ = AbsentEntry("QueryFullProcessImageNameW");
    return;
  }
  ++native_calls_;
  process.code = api_.process_name(pid, &process.name);
  if (process.code != kSuccess) process.name.clear();
}

void TcpOwners::FindService(const ListedTcp& connection, absl::string_view process,
                            OwningService& service) {
  if (!service.asked) AskService(connection, process, service);
  // Protected processes are refused to everybody; more rights would not help where those that the
  // agent has were enough for the process's name.
  const bool is_protected = service.code == kErrorAccessDenied && !process.empty();
  if (IsFailure(service.code) && !is_protected && status_.ok()) {
    status_ = Win32Status(ServiceCallName(connection), service.code);
  }
}

void TcpOwners::AskService(const ListedTcp& connection, absl::string_view process,
                           OwningService& service) {
  const bool present = connection.ipv6 ? static_cast<bool>(api_.get_owner_module_from_tcp6_entry)
                                       : static_cast<bool>(api_.get_owner_module_from_tcp_entry);
  const uint32_t pid = connection.facts.pid;
  service.asked = connection.owner_row == nullptr || pid == 0 || pid == kSystemPid || !present;
  if (service.asked) return;
  const absl::StatusOr<uint32_t> bytes = FetchGrowing(
      ServiceCallName(connection), kErrorInsufficientBuffer, module_info_,
      [&](void* info, uint32_t* size) {
        ++native_calls_;
        return connection.ipv6 ? api_.get_owner_module_from_tcp6_entry(
                                     static_cast<Tcp6RowOwnerModule*>(connection.owner_row),
                                     kOwnerModuleInfoBasic, info, size)
                               : api_.get_owner_module_from_tcp_entry(
                                     static_cast<TcpRowOwnerModule*>(connection.owner_row),
                                     kOwnerModuleInfoBasic, info, size);
      });
  service.code = Win32CodeOf(bytes.status());
  // What fails for another reason than missing rights may succeed next time.
  service.asked = !IsFailure(service.code) || service.code == kErrorAccessDenied;
  if (!bytes.ok()) return;
  OwnerModuleBasicInfo info;
  std::memcpy(&info, module_info_.data(), sizeof(info));
  std::string module = AsciiTextIn(module_info_, *bytes, info.module_name);
  // Where no service owns it, the module is the program itself.
  if (!absl::EqualsIgnoreCase(module, process)) service.name = std::move(module);
}

}  // namespace farstat::sources::windows
