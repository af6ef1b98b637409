// Installing and removing the Windows service: what is asked of Windows, in which order, and what a
// failure of it means. Portable: Windows is behind a table of calls. On Linux the package does it.

#ifndef FARSTAT_AGENT_SERVICE_INSTALLATION_H_
#define FARSTAT_AGENT_SERVICE_INSTALLATION_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/service/host_paths.h"

namespace farstat::service {

// The service as it is to be.
struct ServiceSettings {
  std::string name = kServiceName;
  std::string display_name = kServiceDisplayName;
  std::string description =
      "Serves RAS, TCP, IPsec and IKE statistics of this host over gRPC (mutual TLS on the "
      "network).";
  // Of the program, quoted, with its arguments.
  std::string command_line;
  // After a failure, also one that is told by an exit code: restarts after so long, the last one
  // again and again.
  std::vector<absl::Duration> restart_after = {absl::Seconds(5), absl::Seconds(30),
                                               absl::Minutes(5)};
  // Without a failure for so long, the first one is the first again.
  absl::Duration failures_forgotten_after = absl::Hours(24);
  // All that is left in the service's token.
  std::vector<std::string> privileges = {"SeChangeNotifyPrivilege"};
  // For an orderly end when Windows shuts down.
  absl::Duration preshutdown_timeout = absl::Seconds(20);
};

// What installing asks of Windows; 0 is success, else Windows' code.
struct InstallCalls {
  // Whether this process may change services.
  std::function<bool()> is_elevated;
  std::function<uint32_t(const ServiceSettings&)> create_service;
  // Brings one that is there to the same settings.
  std::function<uint32_t(const ServiceSettings&)> change_service;
  std::function<uint32_t(const ServiceSettings&)> set_description;
  std::function<uint32_t(const ServiceSettings&)> set_delayed_start;
  std::function<uint32_t(const ServiceSettings&)> set_failure_actions;
  std::function<uint32_t(const ServiceSettings&)> set_failure_actions_on_exit_code;
  std::function<uint32_t(const ServiceSettings&)> set_privileges;
  std::function<uint32_t(const ServiceSettings&)> set_service_sid;
  std::function<uint32_t(const ServiceSettings&)> set_preshutdown_timeout;
  // Waits until it runs, or has ended.
  std::function<uint32_t(const std::string& name)> start_service;
  // Waits until it has ended.
  std::function<uint32_t(const std::string& name)> stop_service;
  std::function<uint32_t(const std::string& name)> delete_service;
  // `program` has the texts of the events.
  std::function<uint32_t(const std::string& source, const std::string& program)> add_event_source;
  std::function<uint32_t(const std::string& source)> remove_event_source;
  // Makes a folder that only SYSTEM and administrators can look into, or makes one so that is
  // there.
  std::function<uint32_t(const std::string& path)> make_private_folder;
  // With everything in it.
  std::function<uint32_t(const std::string& path)> remove_folder;
  // Windows' words for a code.
  std::function<std::string(uint32_t code)> error_text;
};

// Codes that mean something here.
inline constexpr uint32_t kErrorFileNotFound = 2;
inline constexpr uint32_t kErrorAccessIsDenied = 5;
inline constexpr uint32_t kErrorInvalidLevel = 124;
inline constexpr uint32_t kErrorServiceAlreadyRunning = 1056;
inline constexpr uint32_t kErrorServiceDoesNotExist = 1060;
inline constexpr uint32_t kErrorServiceNotActive = 1062;
inline constexpr uint32_t kErrorServiceMarkedForDelete = 1072;
inline constexpr uint32_t kErrorServiceExists = 1073;
inline constexpr uint32_t kErrorInvalidOwner = 1307;

struct InstallOptions {
  // The agent's .exe.
  std::string program;
  HostPaths paths;
  // Also start it.
  bool start = false;
};

// Installs the service, or brings one that is there up to date. The lines say what was done.
absl::StatusOr<std::vector<std::string>> Install(const InstallCalls& calls,
                                                 const InstallOptions& options);

// Stops and removes it, with its logs and state. Settings stay. What is not there any more is fine.
absl::StatusOr<std::vector<std::string>> Uninstall(const InstallCalls& calls,
                                                   const HostPaths& paths);

// The verbs on this host. The error says what to do instead.
absl::StatusOr<std::vector<std::string>> InstallHere(bool start);
absl::StatusOr<std::vector<std::string>> UninstallHere();

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_INSTALLATION_H_
