// A program's session with a simulated filter engine, and the enumerations in it.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_FILTER_ENGINE_SESSION_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_FILTER_ENGINE_SESSION_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "agent/sources/simulated/filter_engine_memory.h"
#include "agent/sources/simulated/ipsec_listing.h"
#include "agent/sources/windows/abi.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::simulated {

// FWP_E_NULL_POINTER
inline constexpr uint32_t kFwpNullPointer = 0x8032001C;

// What there was when the enumeration was created, and how far it has been read.
template <typename Entry>
struct FilterEngineEnumeration {
  std::vector<Entry> entries;
  // It ends with the service that has it.
  absl::Duration service_since;
  size_t next = 0;
};

class FilterEngineSession {
 public:
  // The session ends with the filter engine that it was opened with.
  FilterEngineSession(const windows::Guid& key, absl::Duration service_since)
      : key_(key), service_since_(service_since) {}

  const windows::Guid& key() const { return key_; }
  absl::Duration service_since() const { return service_since_; }
  int enumerations() const { return static_cast<int>(enumerations_.size()); }

  template <typename Entry>
  void AddEnumeration(windows::Handle handle, std::vector<Entry> entries,
                      absl::Duration service_since) {
    enumerations_.emplace(handle,
                          FilterEngineEnumeration<Entry>{std::move(entries), service_since});
  }
  // False: there is no such enumeration.
  bool RemoveEnumeration(windows::Handle handle) { return enumerations_.erase(handle) > 0; }

  // The next `wanted` entries in an array of their own. An empty array is one, too, as the callers
  // must be prepared for it.
  template <typename Entry, typename Native>
  uint32_t NextPage(windows::Handle handle, absl::Duration service_since, uint32_t wanted,
                    FilterEngineMemory& memory, Native*** array, uint32_t* returned) {
    if (array == nullptr || returned == nullptr) return kFwpNullPointer;
    const auto found = enumerations_.find(handle);
    if (found == enumerations_.end()) return windows::kErrorInvalidHandle;
    auto* const enumeration = std::get_if<FilterEngineEnumeration<Entry>>(&found->second);
    if (enumeration == nullptr || enumeration->service_since != service_since) {
      return windows::kErrorInvalidHandle;
    }
    const size_t left = enumeration->entries.size() - enumeration->next;
    const size_t count = std::min<size_t>(wanted, left);
    *array = MakeArray(enumeration->entries.data() + enumeration->next, count, memory);
    *returned = static_cast<uint32_t>(count);
    enumeration->next += count;
    return windows::kSuccess;
  }

 private:
  windows::Guid key_;
  absl::Duration service_since_;
  std::map<windows::Handle, std::variant<FilterEngineEnumeration<ListedSaPair>,
                                         FilterEngineEnumeration<ListedIkeSa>>>
      enumerations_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_FILTER_ENGINE_SESSION_H_
