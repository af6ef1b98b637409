#include "agent/service/host_paths.h"

namespace farstat::service {

HostPaths ThisHostsPaths() {
  return {"/etc/farstat", "/etc/farstat/agent.textproto", "/var/lib/farstat", ""};
}

}  // namespace farstat::service
