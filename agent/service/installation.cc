#include "agent/service/installation.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace farstat::service {
namespace {

absl::Status NotElevated(absl::string_view verb) {
  return absl::PermissionDeniedError(
      absl::StrCat("farstat-agent ", verb,
                   " changes services of Windows: run it as administrator (a terminal started with "
                   "\"Run as administrator\", or a deployment that runs as SYSTEM)"));
}

// What to do about a code, where there is something to say beyond Windows' words.
absl::string_view Advice(uint32_t code) {
  switch (code) {
    case kErrorAccessIsDenied:
      return ". Run it as administrator";
    case kErrorServiceMarkedForDelete:
      return ". The old service is still being removed: close programs that look at services (such "
             "as services.msc), and run it again";
    case kErrorInvalidOwner:
      return ". The folder belongs to somebody who is not an administrator, who could put files of "
             "their own there: look at it, delete it, and run it again";
    default:
      return "";
  }
}

class Steps {
 public:
  Steps(const InstallCalls& calls, absl::string_view verb) : calls_(calls), verb_(verb) {}

  // A step that must work. `done` is told if it has.
  bool Must(absl::string_view what, uint32_t code, absl::string_view done = "") {
    if (code == 0) {
      if (!done.empty()) lines_.emplace_back(done);
      return true;
    }
    status_ = absl::UnavailableError(absl::StrCat("farstat-agent ", verb_, ": ", what,
                                                  " failed: ", calls_.error_text(code), " (", code,
                                                  ")", Advice(code)));
    return false;
  }

  // One that this Windows may not know; it then goes on without.
  bool IfKnown(absl::string_view what, uint32_t code) {
    if (code != kErrorInvalidLevel) return Must(what, code);
    lines_.push_back(absl::StrCat("note: this Windows does not know ", what, "; going on without"));
    return true;
  }

  void Say(std::string line) { lines_.push_back(std::move(line)); }

  absl::StatusOr<std::vector<std::string>> Result() {
    if (!status_.ok()) return status_;
    return std::move(lines_);
  }

 private:
  const InstallCalls& calls_;
  const absl::string_view verb_;
  std::vector<std::string> lines_;
  absl::Status status_;
};

bool MakeFolders(const InstallCalls& calls, const HostPaths& paths, Steps& steps) {
  for (const std::string& folder : {paths.folder, paths.state_directory, paths.log_directory}) {
    if (!steps.Must(absl::StrCat("making the folder ", folder),
                    calls.make_private_folder(folder))) {
      return false;
    }
  }
  steps.Say(absl::StrCat("folder ", paths.folder, ": for SYSTEM and administrators alone"));
  return true;
}

bool Register(const InstallCalls& calls, const ServiceSettings& service, Steps& steps) {
  uint32_t code = calls.create_service(service);
  const bool is_new = code != kErrorServiceExists;
  if (!is_new) code = calls.change_service(service);
  const std::string done =
      absl::StrCat("service ", service.name,
                   is_new ? " created: " : " brought up to date: ", service.command_line,
                   ", starts by itself (delayed)");
  return steps.Must("registering the service", code, done);
}

// Everything that CreateService does not take.
bool Configure(const InstallCalls& calls, const ServiceSettings& service, Steps& steps) {
  return steps.IfKnown("descriptions of services", calls.set_description(service)) &&
         steps.IfKnown("delayed start", calls.set_delayed_start(service)) &&
         steps.IfKnown("restarts after failures", calls.set_failure_actions(service)) &&
         steps.IfKnown("restarts after an exit code",
                       calls.set_failure_actions_on_exit_code(service)) &&
         steps.IfKnown("trimmed privileges", calls.set_privileges(service)) &&
         steps.IfKnown("service SIDs", calls.set_service_sid(service)) &&
         steps.IfKnown("time for an orderly end at shutdown",
                       calls.set_preshutdown_timeout(service));
}

bool Start(const InstallCalls& calls, const ServiceSettings& service, Steps& steps) {
  const uint32_t code = calls.start_service(service.name);
  if (code == kErrorServiceAlreadyRunning) {
    steps.Say(absl::StrCat("service ", service.name,
                           " runs already; new settings take effect when it is restarted"));
    return true;
  }
  return steps.Must("starting the service (the event log says why, source farstat-agent)", code,
                    absl::StrCat("service ", service.name, " started"));
}

// What is gone already counts as done.
bool Gone(uint32_t code) {
  return code == kErrorServiceDoesNotExist || code == kErrorServiceNotActive ||
         code == kErrorFileNotFound;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Install(const InstallCalls& calls,
                                                 const InstallOptions& options) {
  if (!calls.is_elevated()) return NotElevated("install");
  ServiceSettings service;
  service.command_line = absl::StrCat("\"", options.program, "\" service");
  Steps steps(calls, "install");
  const bool done = MakeFolders(calls, options.paths, steps) && Register(calls, service, steps) &&
                    Configure(calls, service, steps) &&
                    steps.Must("registering the event source",
                               calls.add_event_source(service.name, options.program),
                               absl::StrCat("event source ", service.name, " registered")) &&
                    (!options.start || Start(calls, service, steps));
  if (done && !options.start) {
    steps.Say(absl::StrCat("next: farstat-agent configure, then net start ", service.name));
  }
  return steps.Result();
}

absl::StatusOr<std::vector<std::string>> Uninstall(const InstallCalls& calls,
                                                   const HostPaths& paths) {
  if (!calls.is_elevated()) return NotElevated("uninstall");
  Steps steps(calls, "uninstall");
  const auto must = [&](absl::string_view what, uint32_t code, absl::string_view done) {
    if (!Gone(code)) return steps.Must(what, code, done);
    return true;
  };
  const std::string name = kServiceName;
  const bool done =
      must("stopping the service", calls.stop_service(name), "service stopped") &&
      must("removing the service", calls.delete_service(name), "service removed") &&
      must("removing the event source", calls.remove_event_source(name), "event source removed") &&
      must("removing logs", calls.remove_folder(paths.log_directory), "logs removed") &&
      must("removing state", calls.remove_folder(paths.state_directory), "state removed");
  if (done) steps.Say(absl::StrCat("settings and certificates are left in ", paths.folder));
  return steps.Result();
}

}  // namespace farstat::service
