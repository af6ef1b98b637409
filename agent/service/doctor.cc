#include "agent/service/doctor.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/config.h"
#include "agent/rpc/server.h"
#include "agent/service/serve.h"
#include "common/certificates.h"
#include "common/version.h"

namespace farstat::service {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);
constexpr absl::Duration kRenewalNotice = absl::Hours(30 * 24);

Finding Make(absl::string_view grade, absl::string_view subject, absl::string_view found,
             absl::string_view advice) {
  Finding finding;
  finding.set_grade(std::string(grade));
  finding.set_subject(std::string(subject));
  finding.set_found(std::string(found));
  finding.set_advice(std::string(advice));
  return finding;
}

std::string Day(absl::Time time) { return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone()); }

std::string Days(absl::Duration duration) {
  const int64_t days = duration / kDay;
  return absl::StrCat(days, days == 1 ? " day" : " days");
}

// Its address and port, from "HOST:PORT".
std::pair<std::string, int> Split(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port)) port = 0;
  return {address.substr(0, colon), port};
}

bool ServesTheNetwork(const std::string& address) {
  std::string host = Split(address).first;
  if (host.size() > 1 && host.front() == '[') host = host.substr(1, host.size() - 2);
  return !rpc::IsLoopback(host);
}

// Looks at one thing after the other.
class Doctor {
 public:
  explicit Doctor(const DoctorFacts& facts) : facts_(facts) {
    report_.set_agent_version(kVersion);
    report_.set_settings_file(facts.settings_file);
  }

  DoctorReport Examine() {
    LookAtSettings();
    LookAtCertificates();
    LookAtFolder();
    LookAtRights();
    LookAtServices();
    LookAtAddresses();
    LookAtFirewall();
    for (Finding& finding : facts_.examine_families()) Add(std::move(finding));
    report_.set_grade(Worst());
    return std::move(report_);
  }

 private:
  void Add(Finding finding) { *report_.add_findings() = std::move(finding); }

  std::string Worst() const {
    std::string worst = "OK";
    for (const Finding& finding : report_.findings()) {
      if (finding.grade() == "FAIL") return "FAIL";
      if (finding.grade() == "WARN") worst = "WARN";
    }
    return worst;
  }

  void LookAtSettings() {
    AgentFlags flags;
    flags.config_file = facts_.settings_file;
    std::error_code error;
    if (!std::filesystem::exists(std::filesystem::u8path(flags.config_file), error) && !error) {
      Add(Warning("settings", "there is no file: the service serves programs of this host alone",
                  "farstat-agent configure --help"));
      settings_ = ReadSettings({}, problems_);
      return;
    }
    settings_ = ReadSettings(flags, problems_);
    for (const std::string& problem : problems_) {
      Add(Failure("settings", problem, "farstat-agent configure, or change the file"));
    }
    for (const std::string& address : settings_.listen()) {
      const absl::Status status = rpc::CheckListenAddress(address, settings_.has_tls());
      if (!status.ok()) Add(Failure("settings", status.message(), "farstat-agent configure"));
    }
    if (problems_.empty()) Add(Fine("settings", "the file can be used"));
  }

  void LookAtCertificates() {
    if (!settings_.has_tls()) {
      Add(Fine("certificates", "none: programs of this host are served, the network is not"));
      return;
    }
    for (const std::string& problem : CheckSettingsFiles(settings_)) {
      Add(Failure("certificates", problem, "the agent does not start until this is right"));
    }
    LookAtCertificate("certificate", settings_.tls().certificate());
    LookAtCertificate("CA", settings_.tls().ca());
  }

  void LookAtCertificate(absl::string_view subject, const std::string& path) {
    const auto certificates = DescribeCertificates(path);
    // That it cannot be read has been told.
    if (!certificates.ok()) return;
    const absl::Time now = facts_.now();
    for (const CertificateFacts& certificate : *certificates) {
      const std::string who = absl::StrCat(
          certificate.common_name, certificate.names.empty() ? "" : " (",
          absl::StrJoin(certificate.names, ", "), certificate.names.empty() ? "" : ")");
      const absl::Duration left = certificate.not_after - now;
      if (left <= absl::ZeroDuration()) {
        Add(Warning(subject, absl::StrCat(who, " expired on ", Day(certificate.not_after)),
                    "have it renewed, or take it out of the file"));
      } else if (left < kRenewalNotice) {
        Add(Warning(
            subject,
            absl::StrCat(who, " expires in ", Days(left), ", on ", Day(certificate.not_after)),
            "have it renewed; the agent takes a new file by itself"));
      } else {
        Add(Fine(subject, absl::StrCat(who, ", valid until ", Day(certificate.not_after), " (",
                                       Days(left), ")")));
      }
      if (subject == "certificate" && &certificate == &certificates->front() &&
          certificate.names.empty()) {
        Add(Warning(subject, "it has no DNS name or address in it, by which clients know a server",
                    "have it issued with a subjectAltName"));
      }
    }
  }

  void LookAtFolder() {
    std::error_code error;
    const std::string& folder = facts_.paths.state_directory;
    if (!std::filesystem::is_directory(std::filesystem::u8path(folder), error)) {
      Add(Warning("folders", absl::StrCat("there is no ", folder),
                  facts_.service != nullptr ? "farstat-agent install makes it"
                                            : "the package, or systemd, makes it"));
      return;
    }
    const std::string close = facts_.command_to_close_file(facts_.settings_file);
    if (facts_.service != nullptr && !close.empty()) {
      Add(Failure("folders", "ordinary accounts can read or change the settings",
                  "farstat-agent install closes the folder, or: " + close));
      return;
    }
    Add(Fine("folders", absl::StrCat("state in ", folder)));
  }

  void LookAtRights() {
    for (const Right& right : facts_.rights()) {
      const std::string subject = "right";
      if (right.held) {
        Add(Fine(subject, right.name));
      } else {
        Add(Warning(
            subject,
            absl::StrCat(right.name, " is missing here; it is needed for ", right.needed_for),
            right.how_to_get_it));
      }
    }
  }

  void LookAtServices() {
    if (facts_.service == nullptr) return;
    LookAtOwnService();
    for (const NeededService& needed : facts_.needed_services) LookAtService(needed);
  }

  void LookAtOwnService() {
    const std::string subject = absl::StrCat("service ", kServiceName);
    const auto service = facts_.service(kServiceName);
    if (!service.ok()) {
      Add(Warning(subject, std::string(service.status().message()), "farstat-agent install"));
    } else if (service->start == SystemService::Start::kDisabled) {
      Add(Warning(subject, "disabled", "sc config farstat-agent start= delayed-auto"));
    } else if (!service->is_running) {
      Add(Warning(subject, "installed, and does not run",
                  "net start farstat-agent; the event log (Application, source farstat-agent) says "
                  "why it ended"));
    } else {
      Add(Fine(subject, "runs"));
    }
  }

  void LookAtService(const NeededService& needed) {
    const std::string subject = absl::StrCat("service ", needed.name);
    const auto service = facts_.service(needed.name);
    if (!service.ok()) {
      Add(Warning(subject, service.status().message(),
                  absl::StrCat("without it there are no ", needed.needed_for)));
    } else if (service->start == SystemService::Start::kDisabled) {
      Add(Warning(subject,
                  absl::StrCat("disabled", service->is_running ? ", though it still runs" : "",
                               ": there are no ", needed.needed_for),
                  absl::StrCat("sc config ", needed.name,
                               " start= ", needed.starts_on_demand ? "demand" : "auto")));
    } else if (service->is_running) {
      Add(Fine(subject, "runs"));
    } else if (needed.starts_on_demand && service->start == SystemService::Start::kManual) {
      Add(Fine(subject, "does not run; Windows starts it when it is wanted"));
    } else {
      Add(Warning(subject, absl::StrCat("does not run: there are no ", needed.needed_for),
                  absl::StrCat("net start ", needed.name)));
    }
  }

  void LookAtAddresses() {
    const bool runs = facts_.agent_runs();
    for (const std::string& address : settings_.listen()) {
      const std::string subject = absl::StrCat("address ", address);
      if (!rpc::CheckListenAddress(address, settings_.has_tls()).ok()) continue;
      const absl::Status status = facts_.probe_listen(address);
      if (!status.ok() && !runs) {
        Add(Failure(subject, status.message(), "netstat -ano tells who has it"));
      } else if (!status.ok()) {
        Add(Fine(subject, "taken, and the agent runs"));
      } else if (runs && Split(address).second != 0) {
        Add(Warning(subject, "the agent runs, and does not listen here",
                    "it takes changed settings when it is started again"));
      } else {
        Add(Fine(subject, "free for the agent"));
      }
    }
  }

  void LookAtFirewall() {
    if (facts_.firewall == nullptr) return;
    for (const std::string& address : settings_.listen()) {
      if (!ServesTheNetwork(address)) continue;
      const auto firewall = facts_.firewall();
      if (!firewall.ok()) {
        Add(Warning("firewall", firewall.status().message(), "look at it by wf.msc"));
        return;
      }
      JudgeFirewall(*firewall, Split(address).second);
    }
  }

  void JudgeFirewall(const Firewall& firewall, int port) {
    const FirewallVerdict verdict =
        JudgeInbound(firewall, static_cast<uint16_t>(port), facts_.program);
    if (!firewall.profiles_off.empty()) {
      Add(Warning(
          "firewall",
          absl::StrCat("it is off for the profile ", absl::StrJoin(firewall.profiles_off, ", ")),
          "Set-NetFirewallProfile -All -Enabled True, unless another product guards this "
          "host"));
    }
    if (verdict.blocked) {
      Add(Failure("firewall",
                  absl::StrCat("the rule \"", verdict.rule_name, "\" blocks TCP port ", port),
                  "disable that rule, or serve another port"));
    } else if (!verdict.allowed) {
      Add(Warning(
          "firewall", absl::StrCat("no rule lets TCP port ", port, " in"),
          absl::StrCat("New-NetFirewallRule -DisplayName farstat -Direction Inbound -Action "
                       "Allow -Protocol TCP -LocalPort ",
                       port, " -Program \"", facts_.program,
                       "\" -RemoteAddress <addresses of clients>")));
    } else {
      const std::string from = verdict.remote_addresses.empty()
                                   ? "anywhere"
                                   : absl::StrJoin(verdict.remote_addresses, ", ");
      Add(Fine("firewall", absl::StrCat("the rule \"", verdict.rule_name, "\" lets TCP port ", port,
                                        " in from ", from)));
    }
  }

  const DoctorFacts& facts_;
  DoctorReport report_;
  agent::AgentSettings settings_;
  std::vector<std::string> problems_;
};

}  // namespace

Finding Fine(absl::string_view subject, absl::string_view found) {
  return Make("OK", subject, found, "");
}
Finding Warning(absl::string_view subject, absl::string_view found, absl::string_view advice) {
  return Make("WARN", subject, found, advice);
}
Finding Failure(absl::string_view subject, absl::string_view found, absl::string_view advice) {
  return Make("FAIL", subject, found, advice);
}

DoctorReport Examine(const DoctorFacts& facts) { return Doctor(facts).Examine(); }

DoctorReport ExamineThisHost(const std::string& settings_file) {
  return Examine(ThisHostsFacts(settings_file));
}

}  // namespace farstat::service
