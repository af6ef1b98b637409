#include <windows.h>
#include <userenv.h>

#include "agent/service/host_paths.h"
#include "common/utf16.h"

namespace farstat::service {
namespace {

// %ProgramData% as Windows knows it; the environment variable is the caller's to change.
std::string ProgramData() {
  wchar_t path[MAX_PATH] = L"";
  DWORD size = MAX_PATH;
  if (GetAllUsersProfileDirectoryW(path, &size) == 0) return "C:\\ProgramData";
  return Utf8(path);
}

}  // namespace

HostPaths ThisHostsPaths() {
  const std::string folder = ProgramData() + "\\farstat";
  return {folder, folder + "\\agent.textproto", folder + "\\state", folder + "\\logs"};
}

}  // namespace farstat::service
