// What the system says of a file that it cannot say of its contents. Paths are UTF-8.

#ifndef FARSTAT_COMMON_FILE_FACTS_H_
#define FARSTAT_COMMON_FILE_FACTS_H_

#include <cstdint>
#include <string>
#include <tuple>

namespace farstat {

// Tells a file's contents from later ones without reading them.
struct FileStamp {
  // In the system's own unit and epoch.
  int64_t modified = 0;
  int64_t changed = 0;
  uint64_t size = 0;
  uint64_t inode = 0;

  bool operator==(const FileStamp& other) const {
    return std::tie(modified, changed, size, inode) ==
           std::tie(other.modified, other.changed, other.size, other.inode);
  }
};

// All zeros for a file that is not there.
FileStamp StampOf(const std::string& path);

// If others than the file's owner, or on Windows everybody who can log on, may read or change it:
// the command that ends that. Empty otherwise, and for a file that is not there.
std::string CommandToCloseFile(const std::string& path);

}  // namespace farstat

#endif  // FARSTAT_COMMON_FILE_FACTS_H_
