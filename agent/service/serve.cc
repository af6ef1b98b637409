#include "agent/service/serve.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "agent/agent.h"
#include "agent/hosts/this_host.h"
#include "agent/rpc/listen_probe.h"
#include "agent/rpc/server.h"
#include "agent/sources/durable_file.h"
#include "common/certificates.h"
#include "common/version.h"
#include "spdlog/spdlog.h"

namespace farstat::service {
namespace {

constexpr absl::Duration kDrainGrace = absl::Seconds(2);
constexpr absl::Duration kRenewalNotice = absl::Hours(14 * 24);
constexpr char kLockName[] = "agent.lock";

// A change of state: a line of the log, and an event.
class Announcer {
 public:
  explicit Announcer(EventSink events) : events_(std::move(events)) {}

  void operator()(Event event, const std::string& text) const {
    const auto level =
        SeverityOf(event) == Severity::kInformation ? spdlog::level::info : spdlog::level::warn;
    spdlog::log(level, "{}", text);
    if (events_ != nullptr) events_(event, text);
  }

 private:
  const EventSink events_;
};

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::u8path(path), error) || error;
}

// A run as far as it has come.
class Run {
 public:
  Run(const ServeOptions& options, Supervisor& supervisor)
      : options_(options), supervisor_(supervisor), announce_(options.events) {}

  Outcome Go() {
    ReadAll();
    StartLog();
    if (problems_.empty()) {
      if (absl::Status locked = Lock(); !locked.ok()) return RefuseLock(locked);
    }
    const bool settings_are_fine = problems_.empty();
    Add(CheckAddresses(settings_));
    if (!settings_are_fine) return Refuse(ExitCode::kSettings, Event::kSettingsRefused);
    if (!problems_.empty()) return Refuse(ExitCode::kAddress, Event::kCannotServe);
    return ServeNow();
  }

 private:
  void ReadAll() {
    AgentFlags flags = options_.flags;
    if (options_.settings_are_optional && !IsThere(flags.config_file)) {
      notices_.push_back(absl::StrCat("there is no settings file ", flags.config_file,
                                      ": serving programs of this host alone. farstat-agent "
                                      "configure makes one"));
      flags.config_file.clear();
    }
    settings_ = ReadSettings(flags, problems_);
    Add(CheckSettingsFiles(settings_));
    if (settings_.state_directory().empty()) {
      settings_.set_state_directory(options_.state_directory);
    }
    NoticeExpiry();
  }

  void Add(const std::vector<std::string>& problems) {
    problems_.insert(problems_.end(), problems.begin(), problems.end());
  }

  void NoticeExpiry() {
    if (settings_.tls().certificate().empty()) return;
    const auto end = CertificateNotAfter(settings_.tls().certificate());
    const absl::Time now = absl::Now();
    if (!end.ok() || *end < now || *end > now + kRenewalNotice) return;
    notices_.push_back(absl::StrCat("the certificate in ", settings_.tls().certificate(),
                                    " expires in ", absl::ToInt64Hours(*end - now) / 24,
                                    " days: have it renewed; the agent takes a new one by "
                                    "itself"));
  }

  void StartLog() {
    LogOptions log;
    log.target = options_.log_target;
    log.folder = options_.log_directory;
    log.events = options_.events;
    // A level that is none has been found by then.
    if (problems_.empty()) log.level = settings_.log_level();
    if (absl::Status status = SetUpLog(log); !status.ok()) {
      notices_.emplace_back(status.message());
    }
    const std::string& file = options_.flags.config_file;
    announce_(Event::kStarting, absl::StrCat("farstat-agent ", kVersion, " starts with settings ",
                                             file.empty() ? "of the command line" : file));
    for (const std::string& notice : notices_) announce_(Event::kAttention, notice);
  }

  // OK if there is nothing to lock. UNAVAILABLE: another agent has it.
  absl::Status Lock() {
    const std::string& folder = settings_.state_directory();
    if (folder.empty()) return absl::OkStatus();
    return lock_.Take((std::filesystem::u8path(folder) / kLockName).u8string());
  }

  Outcome RefuseLock(const absl::Status& locked) {
    const std::string why(locked.message());
    if (!absl::IsUnavailable(locked)) {
      problems_.push_back(absl::StrCat("state_directory: ", why));
      return Refuse(ExitCode::kSettings, Event::kSettingsRefused);
    }
    problems_.push_back(absl::StrCat("another farstat-agent runs on this host: ", why,
                                     ". Stop it, or give this one a state_directory of its own"));
    return Refuse(ExitCode::kAlreadyRunning, Event::kAlreadyRunning);
  }

  Outcome Refuse(ExitCode code, Event event) {
    // At a terminal whoever called tells it.
    if (options_.log_target != LogTarget::kTerminal) {
      for (const std::string& problem : problems_) spdlog::critical("{}", problem);
      spdlog::critical("farstat-agent does not start");
    }
    if (options_.events != nullptr) {
      options_.events(event, absl::StrCat("farstat-agent does not start:\n\n",
                                          absl::StrJoin(problems_, "\n\n")));
    }
    return {code, std::move(problems_)};
  }

  Outcome ServeNow() {
    Agent agent(settings_, hosts::ThisHost(settings_.state_directory()));
    if (absl::Status status = agent.Start(); !status.ok()) {
      problems_.emplace_back(status.message());
      return Refuse(ExitCode::kFailed, Event::kCannotServe);
    }
    const std::string where = TellWhere(agent);
    supervisor_.Serving(where);
    const std::string why = supervisor_.WaitForStop();
    supervisor_.Stopping();
    announce_(Event::kStopping, absl::StrCat(why, ": stopping"));
    agent.Stop(kDrainGrace);
    announce_(Event::kStopped, "stopped");
    return {};
  }

  // A line of the log for each address, one event for all.
  std::string TellWhere(const Agent& agent) const {
    const std::string how = settings_.has_tls() ? " with mutual TLS" : "";
    for (const std::string& address : agent.addresses()) {
      spdlog::info("serving on {}{}", address, how);
    }
    std::string where = absl::StrCat("serving on ", absl::StrJoin(agent.addresses(), ", "), how);
    if (options_.events != nullptr) options_.events(Event::kServing, where);
    return where;
  }

  const ServeOptions& options_;
  Supervisor& supervisor_;
  const Announcer announce_;
  agent::AgentSettings settings_;
  // Why it cannot start.
  std::vector<std::string> problems_;
  // For the log, once there is one.
  std::vector<std::string> notices_;
  sources::FileLock lock_;
};

}  // namespace

std::vector<std::string> CheckSettingsFiles(const agent::AgentSettings& settings) {
  const agent::TlsSettings& tls = settings.tls();
  // One that is not named is told by ReadSettings.
  if (tls.ca().empty() || tls.certificate().empty() || tls.key().empty()) return {};
  return CheckTlsFiles({tls.ca(), tls.certificate(), tls.key()}, absl::Now());
}

std::vector<std::string> CheckAddresses(const agent::AgentSettings& settings) {
  std::vector<std::string> problems;
  for (const std::string& address : settings.listen()) {
    absl::Status status = rpc::CheckListenAddress(address, settings.has_tls());
    if (status.ok()) status = rpc::ProbeListen(address);
    if (!status.ok()) problems.emplace_back(status.message());
  }
  return problems;
}

Outcome Serve(const ServeOptions& options, Supervisor& supervisor) {
  return Run(options, supervisor).Go();
}

}  // namespace farstat::service
