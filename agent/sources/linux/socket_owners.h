// Which process owns which socket: found by looking through the open files of every process.

#ifndef FARSTAT_AGENT_SOURCES_LINUX_SOCKET_OWNERS_H_
#define FARSTAT_AGENT_SOURCES_LINUX_SOCKET_OWNERS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace farstat::sources {

struct SocketOwner {
  uint32_t pid;
  std::string process;  // valid UTF-8; empty if the process vanished
};

class SocketOwners {
 public:
  // Tests look through a /proc of their own.
  explicit SocketOwners(std::string proc = "/proc") : proc_(std::move(proc)) {}

  // Looks through /proc, replacing what was known. Processes that vanish meanwhile are no error,
  // and those that may not be looked at are counted.
  absl::Status Scan(uint64_t& native_calls);

  // The owner of the socket with this inode; of several the one with the lowest pid. Null: none
  // that could be seen. Valid until the next Scan.
  const SocketOwner* Find(uint32_t inode) const;

  // Processes whose files may not be looked at.
  size_t denied_processes() const { return denied_processes_; }

 private:
  void ScanProcess(uint32_t pid, uint64_t& native_calls);
  std::string ReadName(uint32_t pid, uint64_t& native_calls);

  const std::string proc_;
  std::string buffer_;
  std::vector<uint32_t> pids_;
  std::vector<SocketOwner> owners_;
  // Inode of a socket to the position of its owner.
  absl::flat_hash_map<uint32_t, uint32_t> owner_of_;
  size_t denied_processes_ = 0;
};

// `text` with every byte that is not part of a UTF-8 sequence replaced by '?'. Process names are
// cut after 15 bytes, in the middle of a character if need be.
std::string ToUtf8(absl::string_view text);

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_LINUX_SOCKET_OWNERS_H_
