// Who owns connections: the name of the process, and of the Windows service inside it.
//
// A process id is used again as soon as its process has ended, so a name that was found once is not
// good for ever. But a connection that existed when the name was asked for, and still has the same
// owner, shows that it is the same process; only for younger connections the name is asked again.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_TCP_OWNERS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_TCP_OWNERS_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/grow.h"
#include "agent/sources/windows/tcp_tables.h"
#include "common/clock.h"

namespace farstat::sources::windows {

// The service that owns a connection. That never changes, so it is kept with the connection.
struct OwningService {
  // There is an answer, or there will be none.
  bool asked = false;
  // Why it is not known.
  uint32_t code = 0;
  // Empty: not known, or none.
  std::string name;
};

class TcpOwners {
 public:
  // Both must outlive it.
  TcpOwners(const Api& api, const Clock& clock);

  // Around each collection.
  void BeginCollection();
  void EndCollection();

  // The name of the process that owns the connection; empty where it is not known. Lives until the
  // next call.
  absl::string_view ProcessOf(const ListedTcp& connection);
  // Finds out which service owns the connection, if that is not known yet. `process` is the name of
  // its process.
  void FindService(const ListedTcp& connection, absl::string_view process, OwningService& service);

  // Of the collection under way. OK, or why owners are missing.
  const absl::Status& status() const { return status_; }
  uint64_t native_calls() const { return native_calls_; }

 private:
  struct Process {
    std::string name;
    // Why the name is not known; 0: it is.
    uint32_t code = 0;
    // When it was asked for: as a FILETIME, and in which collection.
    uint64_t asked_at = 0;
    uint64_t asked_in = 0;
    // The newest collection with a connection of this process.
    uint64_t seen_in = 0;
  };

  void AskProcess(uint32_t pid, Process& process);
  void AskService(const ListedTcp& connection, absl::string_view process, OwningService& service);

  const Api& api_;
  const Clock& clock_;
  uint64_t collection_ = 0;
  absl::flat_hash_map<uint32_t, Process> processes_;
  AlignedBuffer module_info_;
  absl::Status status_;
  uint64_t native_calls_ = 0;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_TCP_OWNERS_H_
