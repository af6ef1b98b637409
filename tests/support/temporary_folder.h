// A folder of the test's own, removed with all that is in it.

#ifndef FARSTAT_TESTS_SUPPORT_TEMPORARY_FOLDER_H_
#define FARSTAT_TESTS_SUPPORT_TEMPORARY_FOLDER_H_

#include <filesystem>
#include <random>
#include <string>
#include <system_error>

namespace farstat::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::random_device random;
    std::filesystem::path path;
    do {
      path = std::filesystem::temp_directory_path() / ("farstat-" + std::to_string(random()));
    } while (!std::filesystem::create_directory(path));
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    path_ = path.generic_u8string();
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(std::filesystem::u8path(path_), ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  // UTF-8, with "/" on every system.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_TEMPORARY_FOLDER_H_
