#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "common/file_facts.h"

namespace farstat {
namespace {

constexpr mode_t kGroupAndOthers = 077;

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileStamp StampOf(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) return {};
  return {Nanoseconds(status.st_mtim), Nanoseconds(status.st_ctim),
          static_cast<uint64_t>(status.st_size), static_cast<uint64_t>(status.st_ino)};
}

std::string CommandToCloseFile(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0 || (status.st_mode & kGroupAndOthers) == 0) return "";
  return absl::StrCat("chmod 600 ", path);
}

}  // namespace farstat
