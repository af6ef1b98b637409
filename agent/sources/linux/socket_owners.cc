#include "agent/sources/linux/socket_owners.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/sources/linux/proc_file.h"
#include "common/status.h"

namespace farstat::sources {
namespace {

// A directory of /proc, open for reading.
class Directory {
 public:
  Directory(const std::string& path, uint64_t& native_calls)
      : native_calls_(native_calls),
        fd_(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
        open_error_(fd_ < 0 ? errno : 0) {
    ++native_calls_;
  }
  ~Directory() {
    if (fd_ < 0) return;
    ++native_calls_;
    close(fd_);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  int fd() const { return fd_; }
  int open_error() const { return open_error_; }

  // Visits the names of the entries; a directory that vanishes ends. getdents64 rather than
  // readdir: fewer calls, and they can be counted.
  void ForEach(absl::FunctionRef<void(const char* name)> visit) const {
    alignas(dirent64) std::array<char, size_t{32} << 10> entries;
    for (;;) {
      ++native_calls_;
      const ssize_t size = getdents64(fd_, entries.data(), entries.size());
      if (size <= 0) return;
      for (ssize_t at = 0; at < size;) {
        const auto* entry = reinterpret_cast<const dirent64*>(entries.data() + at);
        visit(entry->d_name);
        at += entry->d_reclen;
      }
    }
  }

 private:
  uint64_t& native_calls_;
  const int fd_;
  const int open_error_;
};

bool IsDenied(int error) { return error == EACCES || error == EPERM; }

// Reads the link of an open file; true if it is a socket.
bool ReadSocketInode(absl::string_view link, uint32_t& inode) {
  return absl::ConsumePrefix(&link, "socket:[") && absl::ConsumeSuffix(&link, "]") &&
         absl::SimpleAtoi(link, &inode);
}

// Bytes of the UTF-8 sequence that `text` begins with; 0 if it begins with none (RFC 3629).
size_t Utf8SequenceSize(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) > 0x9f;
  const bool beyond = first == 0xf4 && byte(1) > 0x8f;
  return overlong || surrogate || beyond ? 0 : size;
}

}  // namespace

absl::Status SocketOwners::Scan(uint64_t& native_calls) {
  pids_.clear();
  owners_.clear();
  owner_of_.clear();
  denied_processes_ = 0;
  {
    const Directory processes(proc_, native_calls);
    if (processes.open_error() != 0) {
      return ErrorStatus(absl::StatusCode::kUnavailable, kNotSupportedHere,
                         absl::StrCat("The owners of connections are not known: cannot open ",
                                      proc_, ": ", ErrnoText(processes.open_error()), "."),
                         {{"api", proc_}, {"errno", absl::StrCat(processes.open_error())}});
    }
    processes.ForEach([this](const char* name) {
      uint32_t pid;
      if (absl::SimpleAtoi(name, &pid)) pids_.push_back(pid);
    });
  }
  // The first process that is found to have a socket keeps it.
  std::sort(pids_.begin(), pids_.end());
  for (const uint32_t pid : pids_) ScanProcess(pid, native_calls);
  return absl::OkStatus();
}

void SocketOwners::ScanProcess(uint32_t pid, uint64_t& native_calls) {
  const Directory files(absl::StrCat(proc_, "/", pid, "/fd"), native_calls);
  if (files.open_error() != 0) {
    if (IsDenied(files.open_error())) ++denied_processes_;
    return;
  }
  const auto owner = static_cast<uint32_t>(owners_.size());
  bool owns_sockets = false;
  bool denied = false;
  files.ForEach([&](const char* name) {
    // Longer links are no sockets.
    std::array<char, 32> link;
    ++native_calls;
    const ssize_t size = readlinkat(files.fd(), name, link.data(), link.size());
    uint32_t inode;
    if (size < 0) {
      denied |= IsDenied(errno);
    } else if (ReadSocketInode({link.data(), static_cast<size_t>(size)}, inode)) {
      owns_sockets |= owner_of_.try_emplace(inode, owner).second;
    }
  });
  if (denied) ++denied_processes_;
  if (owns_sockets) owners_.push_back({pid, ReadName(pid, native_calls)});
}

std::string SocketOwners::ReadName(uint32_t pid, uint64_t& native_calls) {
  const absl::Status status =
      ReadProcFile(absl::StrCat(proc_, "/", pid, "/comm"), buffer_, native_calls);
  if (!status.ok()) return "";
  return ToUtf8(absl::StripSuffix(buffer_, "\n"));
}

const SocketOwner* SocketOwners::Find(uint32_t inode) const {
  const auto owner = owner_of_.find(inode);
  return owner == owner_of_.end() ? nullptr : &owners_[owner->second];
}

std::string ToUtf8(absl::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const size_t size = Utf8SequenceSize(text);
    if (size == 0) {
      valid += '?';
    } else {
      valid.append(text.data(), size);
    }
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return valid;
}

}  // namespace farstat::sources
