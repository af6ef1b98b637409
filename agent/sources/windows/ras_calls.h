// The calls of RAS that read, as the collector wants them: with the sizes of structures that this
// Windows knows, into buffers that are kept, and with answers that can be relied upon.
//
// Every success is checked: a function that says so but leaves its output untouched (Wine has such)
// counts as not delivered. The argument error is 87 in both of its spellings. A connection that
// has ended gives code 6; other codes of NOT_FOUND are about its ports and links, and it may still
// be listed. A service that is stopped gives IsRasStopped.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_RAS_CALLS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_RAS_CALLS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/grow.h"
#include "common/mutex.h"

namespace farstat::sources::windows {

// The service does not run: no call of the family can succeed.
bool IsRasStopped(const absl::Status& status);

// The protocol was not negotiated, or not yet: nothing is wrong.
bool IsNotNegotiated(const absl::Status& status);

// Calls an entry of RAS in `api` while nobody else calls one. Every call of RAS goes through here.
template <typename Entry, typename... Args>
uint32_t CallRas(const Api& api, const Entry& entry, Args... args) {
  MutexLock lock(*api.ras_mutex);
  return entry(args...);
}

// A code of RAS, with one spelling for the argument error.
uint32_t RasCode(uint32_t code);

// The status for what the function named `api` of RAS returned.
absl::Status RasCallStatus(absl::string_view api, uint32_t code);

// The function named `api` said that it succeeded and delivered nothing.
absl::Status NotDelivered(absl::string_view api);

class RasCalls {
 public:
  explicit RasCalls(const Api& api) : api_(api) {}

  // Lists the connections; they can be had until the next List.
  absl::Status List();
  size_t count() const { return count_; }
  // A copy, because rows lie at the distance that this Windows has. Its first `size` bytes are
  // good, the others 0.
  RasConnection At(size_t index);

  // Of a connection, or of a link by its own handle. The first `size` bytes of `status` are good.
  absl::Status GetStatus(Handle handle, RasConnectionStatus& status);
  absl::Status GetConnectionStatistics(Handle connection, RasStats& stats);
  // `link` counts from 1, and `connection` is the handle of the connection.
  absl::Status GetLinkStatistics(Handle connection, uint32_t link, RasStats& stats);
  // 618: the link is down; 259: there are no more links.
  absl::Status GetLinkHandle(Handle connection, uint32_t link, Handle& handle);

  uint64_t native_calls() const { return native_calls_; }

 private:
  absl::Status ListWithSize(uint32_t size);
  absl::Status GetStatusWithSize(Handle handle, uint32_t size, RasConnectionStatus& status);

  const Api& api_;
  uint64_t native_calls_ = 0;

  // Which of the sizes this Windows knows: found by trying, newest first.
  size_t connection_size_index_ = 0;
  size_t status_size_index_ = 0;

  AlignedBuffer list_{16 * sizeof(RasConnection)};
  uint32_t count_ = 0;
  uint32_t stride_ = sizeof(RasConnection);
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_RAS_CALLS_H_
