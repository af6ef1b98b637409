// The verb `doctor`: looks for what keeps the agent from serving, or from serving everything, and
// says what to do. Portable: what it looks at is handed in as a table of facts.

#ifndef FARSTAT_AGENT_SERVICE_DOCTOR_H_
#define FARSTAT_AGENT_SERVICE_DOCTOR_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/service/doctor.pb.h"
#include "agent/service/firewall_rules.h"
#include "agent/service/host_paths.h"

namespace farstat::service {

// A right of the account that the doctor runs as.
struct Right {
  std::string name;
  bool held = false;
  // "the owners of sockets of other accounts".
  std::string needed_for;
  std::string how_to_get_it;
};

// A service of the system.
struct SystemService {
  bool is_running = false;
  enum class Start { kAutomatic, kDelayed, kManual, kDisabled } start = Start::kAutomatic;
};

// A service that a family needs.
struct NeededService {
  std::string name;
  std::string needed_for;
  // Windows starts it when somebody wants it: that it does not run is no loss.
  bool starts_on_demand = false;
};

struct DoctorFacts {
  HostPaths paths;
  std::string settings_file;
  // The agent's program, for firewall rules.
  std::string program;
  std::function<absl::Time()> now;
  std::function<std::vector<Right>()> rights;
  // NOT_FOUND: there is none of that name. Null: services are not looked at on this system.
  std::function<absl::StatusOr<SystemService>(const std::string& name)> service;
  std::vector<NeededService> needed_services;
  // Whether a service farstat-agent runs now.
  std::function<bool()> agent_runs;
  // OK: the address could be listened on.
  std::function<absl::Status(const std::string& address)> probe_listen;
  // Null: the firewall is not looked at on this system.
  std::function<absl::StatusOr<Firewall>()> firewall;
  // Empty: only the owner of the file (on Windows, no ordinary account) can read and change it.
  std::function<std::string(const std::string& path)> command_to_close_file;
  // Collects from each family once, for real.
  std::function<std::vector<Finding>()> examine_families;
};

// Those of this host. `settings_file`: empty, or another one than the service's.
DoctorFacts ThisHostsFacts(const std::string& settings_file);

DoctorReport Examine(const DoctorFacts& facts);
DoctorReport ExamineThisHost(const std::string& settings_file);

// For people: aligned, with colours if asked for.
std::string DoctorText(const DoctorReport& report, bool colours);
std::string DoctorJson(const DoctorReport& report);
// 0: all is well; 1: warnings; 2: something fails.
int DoctorExitCode(const DoctorReport& report);

// Findings, by grade.
Finding Fine(absl::string_view subject, absl::string_view found);
Finding Warning(absl::string_view subject, absl::string_view found, absl::string_view advice);
Finding Failure(absl::string_view subject, absl::string_view found, absl::string_view advice);

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_DOCTOR_H_
